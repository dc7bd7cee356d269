"""Packages: saved whole or not at all, and refused when anything about them is off."""

import hashlib
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest

from core import atomic
from core.errors import PackageError
from core.registry import package as package_module
from core.registry.archive import check_model, inspect_archive
from core.registry.card import Card
from core.registry.package import (
    Package,
    load_model,
    load_package,
    read_card,
    save_package,
    verify,
)

FRAME = pd.DataFrame({"epoch": [1]})


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    """A package to damage."""
    return Path(shutil.copytree(saved, tmp_path / "tiny"))


@pytest.fixture
def rebuild(folder: Path) -> Callable[[Callable[[dict[str, Any]], None]], Package]:
    """Change the network's description and make the card vouch for the result."""

    def change(edit: Callable[[dict[str, Any]], None]) -> Package:
        path = folder / "model.keras"
        with zipfile.ZipFile(path) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        config = json.loads(parts["config.json"])
        edit(config)
        parts["config.json"] = json.dumps(config).encode()
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in parts.items():
                archive.writestr(name, content)
        return revouch(folder)

    return change


def revouch(folder: Path) -> Package:
    path = folder / "card.json"
    card = json.loads(path.read_text())
    card["files"]["model.keras"] = hashlib.sha256((folder / "model.keras").read_bytes()).hexdigest()
    path.write_text(json.dumps(card))
    return Package(folder, read_card(folder))


def layer(config: dict[str, Any], class_name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(
        part for part in config["config"]["layers"] if part["class_name"] == class_name
    )
    return found


def test_saved_package_answers_as_the_model_did(package: Package) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3)).astype("float32")
    verify(package.path)
    first, second = load_model(package), load_model(package)
    np.testing.assert_array_equal(first(pixels), second(pixels))
    expected = hashlib.sha256(package.model_path.read_bytes()).hexdigest()
    assert package.model_sha256 == expected
    assert set(package.card.files) == {"model.keras", "predictions.csv", "history.csv"}


@pytest.mark.parametrize("name", ["model.keras", "predictions.csv", "history.csv"])
def test_a_changed_byte_is_named(folder: Path, name: str) -> None:
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    for check in (verify, load_package):
        with pytest.raises(PackageError, match=f"{name} is changed") as error:
            check(folder)
        assert str(error.value).count(" is changed") == 1


def test_missing_and_extra_files_are_all_named(folder: Path) -> None:
    (folder / "model.keras").unlink()
    (folder / "history.csv").unlink()
    (folder / "history.csv").symlink_to(folder / "predictions.csv")
    (folder / "notes.txt").write_text("hello")
    (folder / ".DS_Store").write_text("a file manager was here")
    with pytest.raises(PackageError) as error:
        load_package(folder)
    for part in (
        "model.keras is missing",
        "history.csv is a link",
        "notes.txt is not on the card",
    ):
        assert part in str(error.value)
    assert ".DS_Store" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "cannot be read"),
        ("[1, 2]", "schema version None"),
        ('{"schema_version": 2}', "schema version 2; this Lobule reads version 1"),
        ('{"schema_version": 1}', "name: Field required"),
        ("[" * 100_000, "cannot be read"),
    ],
)
def test_a_damaged_card_is_refused(folder: Path, text: str, complaint: str) -> None:
    (folder / "card.json").write_text(text)
    with pytest.raises(PackageError, match=complaint):
        load_package(folder)


def test_a_card_in_another_encoding_is_refused(folder: Path) -> None:
    (folder / "card.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PackageError, match="cannot be read"):
        load_package(folder)


def test_nan_on_a_card_is_refused(folder: Path) -> None:
    path = folder / "card.json"
    path.write_text(path.read_text().replace('"temperature": 1.7', '"temperature": NaN'))
    with pytest.raises(PackageError, match=r"temperature: .*finite"):
        load_package(folder)


def test_a_folder_without_card_and_one_renamed_are_refused(folder: Path, tmp_path: Path) -> None:
    renamed = folder.rename(tmp_path / "other")
    with pytest.raises(PackageError, match="rename the folder"):
        load_package(renamed)
    (renamed / "card.json").unlink()
    with pytest.raises(PackageError, match=r"no card\.json"):
        load_package(renamed)
    with pytest.raises(PackageError, match=r"no card\.json"):
        load_package(tmp_path / "nothing")


def make_lambda(config: dict[str, Any]) -> None:
    layer(config, "Rescaling")["class_name"] = "Lambda"


def make_custom(config: dict[str, Any]) -> None:
    layer(config, "Conv2D")["registered_name"] = "evil>Conv2D"


def make_foreign(config: dict[str, Any]) -> None:
    layer(config, "Conv2D").update(module="os", class_name="system")


def make_lookup(config: dict[str, Any]) -> None:
    layer(config, "Conv2D")["class_name"] = "StringLookup"


def make_initializer(config: dict[str, Any]) -> None:
    layer(config, "Conv2D")["config"]["kernel_initializer"] = {
        "module": "builtins",
        "class_name": "function",
        "config": "eval",
        "registered_name": "function",
    }


def make_sequential(config: dict[str, Any]) -> None:
    config["class_name"] = "Sequential"


@pytest.mark.parametrize(
    ("edit", "complaint"),
    [
        (make_lambda, "the layer Lambda"),
        (make_custom, "custom object Conv2D"),
        (make_foreign, "custom object system of os"),
        (make_lookup, "the layer StringLookup"),
        (make_initializer, "custom object function of builtins"),
        (make_sequential, "no functional network"),
    ],
)
def test_foreign_parts_are_refused_before_keras_sees_them(
    rebuild: Callable[[Callable[[dict[str, Any]], None]], Package],
    monkeypatch: pytest.MonkeyPatch,
    edit: Callable[[dict[str, Any]], None],
    complaint: str,
) -> None:
    changed = rebuild(edit)
    monkeypatch.setattr(keras.models, "load_model", lambda *_, **__: pytest.fail("Keras saw it"))
    for refuse in (load_package, verify):
        with pytest.raises(PackageError, match=complaint):
            refuse(changed.path)
    with pytest.raises(PackageError, match=complaint):
        load_model(changed)


def test_real_lambda_and_nested_models_are_refused(tmp_path: Path) -> None:
    inputs = keras.Input((8, 8, 3))
    keras.Model(inputs, keras.layers.Lambda(lambda x: x * 2)(inputs)).save(tmp_path / "a.keras")
    with pytest.raises(PackageError, match="Lambda"):
        inspect_archive(tmp_path / "a.keras")
    inner = keras.Model(inputs, keras.layers.Flatten()(inputs))
    outer = keras.Input((8, 8, 3))
    keras.Model(outer, inner(outer)).save(tmp_path / "b.keras")
    with pytest.raises(PackageError, match="nested"):
        inspect_archive(tmp_path / "b.keras")


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04" + b"\0" * 50])
def test_a_file_that_is_no_archive_is_refused(folder: Path, content: bytes) -> None:
    (folder / "model.keras").write_bytes(content)
    with pytest.raises(PackageError, match="damaged"):
        load_model(revouch(folder))


def test_an_archive_with_more_in_it_is_refused(folder: Path) -> None:
    with zipfile.ZipFile(folder / "model.keras", "a") as archive:
        archive.writestr("../escape.py", "print()")
    with pytest.raises(PackageError, match="not a Keras 3 model"):
        load_model(revouch(folder))


def test_an_archive_made_to_fill_memory_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.registry.archive.MAX_BYTES", 1000)
    with pytest.raises(PackageError, match="too large to be real"):
        inspect_archive(folder / "model.keras")


def test_weights_that_do_not_fit_are_refused(
    rebuild: Callable[[Callable[[dict[str, Any]], None]], Package],
) -> None:
    def widen(config: dict[str, Any]) -> None:
        layer(config, "Conv2D")["config"]["filters"] = 5

    with pytest.raises(PackageError, match="Keras cannot load"):
        load_model(rebuild(widen))


def test_a_model_swapped_after_the_check_is_refused(folder: Path) -> None:
    checked = load_package(folder)
    with zipfile.ZipFile(folder / "model.keras", "a") as archive:
        archive.comment = b"changed"
    with pytest.raises(PackageError, match="changed since"):
        load_model(checked)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"input": {"height": 64}}, "its inputs are"),
        ({"head": "sigmoid"}, "its outputs are"),
        ({"task": "subtype", "classes": ("a", "b", "c"), "operating_point": None}, "its outputs"),
        ({"heatmap_layer": "logits"}, "heatmap layer"),
        ({"heatmap_layer": "nowhere"}, "heatmap layer"),
    ],
)
def test_a_model_that_is_not_what_the_card_says_is_refused(
    package: Package, changes: dict[str, Any], complaint: str
) -> None:
    content = package.card.model_dump()
    changes = changes | (
        {"input": content["input"] | changes["input"]} if "input" in changes else {}
    )
    with pytest.raises(PackageError, match=complaint):
        check_model(load_model(package), Card.model_validate(content | changes))


def test_head_and_ending_are_checked(package: Package) -> None:
    inputs = keras.Input((32, 32, 3))
    x = keras.layers.Dense(2, name="logits")(keras.layers.Flatten()(inputs))
    with pytest.raises(PackageError, match="ends with 'logits'"):
        check_model(keras.Model(inputs, x), package.card)
    wrong = keras.layers.Activation("sigmoid", name="probabilities")(x)
    with pytest.raises(PackageError, match="its head"):
        check_model(keras.Model(inputs, wrong), package.card)


@pytest.mark.parametrize("moment", ["sha256_of", "put_in_place", "flush"])
def test_a_crash_while_saving_leaves_nothing(
    package: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    model = load_model(package)

    def crash(*_: Any) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr(package_module, moment, crash)
    with pytest.raises(RuntimeError, match="power cut"):
        save_package(tmp_path / "tiny", package.card, model, predictions=FRAME, history=FRAME)
    assert list(tmp_path.iterdir()) == []


def test_a_package_is_replaced_only_when_asked(folder: Path) -> None:
    before = load_package(folder)
    model = load_model(before)
    card = before.card.model_copy(update={"title": "Second"})
    with pytest.raises(PackageError, match="already a package"):
        save_package(folder, card, model, predictions=FRAME, history=FRAME)
    after = save_package(folder, card, model, predictions=FRAME, history=FRAME, replace=True)
    assert load_package(folder) == after
    assert after.card.title == "Second"
    assert [path.name for path in folder.parent.iterdir()] == ["tiny"]


def test_a_failed_replacement_keeps_the_old_package(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = load_package(folder)
    model = load_model(before)
    rename = Path.rename

    def fail_for_new(self: Path, target: Path) -> Path:
        if ".saving-" in self.name:
            raise OSError("disk full")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail_for_new)
    with pytest.raises(OSError, match="disk full"):
        save_package(folder, before.card, model, predictions=FRAME, history=FRAME, replace=True)
    assert load_package(folder) == before


def test_what_crashed_saves_left_is_tidied(
    package: Package, saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".other.saving-x1").mkdir()
    shutil.copytree(saved, tmp_path / ".old.replaced-x2" / "old")
    model = load_model(package)
    first = {"predictions": FRAME, "history": FRAME}
    save_package(tmp_path / "tiny", package.card, model, **first)
    assert (tmp_path / ".other.saving-x1").exists(), "another process may still be saving"
    monkeypatch.setattr(atomic, "ABANDONED_SECONDS", -1)
    save_package(tmp_path / "tiny", package.card, model, **first, replace=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["old", "tiny"]
