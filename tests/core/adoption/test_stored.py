"""Files that are no network, or a hostile one: refused in words, and nothing of them is run."""

import hashlib
import io
import json
import pickle
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import core.adoption.hdf5
import core.adoption.unpack
from core.adoption.foreign import read_foreign
from core.adoption.unpack import unpack
from core.errors import PackageError
from tests.core.adoption.habits import SIDE, small

pytestmark = pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")


@pytest.fixture(scope="module")
def keras_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound `.keras` file; copy it before changing it."""
    path = tmp_path_factory.mktemp("sound") / "sound.keras"
    small().save(path)
    return path


@pytest.fixture(scope="module")
def h5_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound `.h5` file; copy it before changing it."""
    path = tmp_path_factory.mktemp("sound") / "sound.h5"
    small().save(path)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(PackageError) as caught:
        read_foreign(path)
    words = str(caught.value)
    assert "Traceback" not in words
    assert "lobule-" not in words, "no folder of the program's own"
    return words


def rezipped(path: Path, target: Path, change: Callable[[dict[str, bytes]], Any]) -> Path:
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return target


def with_layer(
    config: dict[str, Any], name: str, inner: dict[str, Any], module: str | None = "keras.layers"
) -> dict[str, Any]:
    """The description of a Sequential with one more layer behind its input."""
    layer = {"class_name": name, "config": {"name": "extra", "trainable": True, **inner}}
    if module:
        layer |= {"module": module, "registered_name": None}
    config["config"]["layers"].insert(1, layer)
    return config


RAN: list[str] = []


class Bomb:
    """Unpickling one runs code."""

    def __reduce__(self) -> tuple[Any, ...]:
        return RAN.append, ("ran",)


UNSAFE = [
    ("Lambda", {"function": "x", "arguments": {}}, "keras.layers", "the layer Lambda"),
    ("TFSMLayer", {"filepath": "/tmp"}, "keras.layers", "the layer TFSMLayer"),  # noqa: S108
    ("Theirs", {}, "their_code", "the custom object Theirs of their_code"),
    ("Dense", {"units": 2}, "keras_theirs", "the custom object Dense of keras_theirs"),
    (
        "Dense",
        {"units": 2, "activation": {"class_name": "__lambda__", "config": {"value": "x"}}},
        "keras.layers",
        "the layer __lambda__",
    ),
    (
        "Activation",
        {
            "activation": {
                "module": "builtins",
                "class_name": "function",
                "config": "eval",
                "registered_name": "function",
            }
        },
        "keras.layers",
        "the custom object function of builtins",
    ),
]


@pytest.mark.parametrize(("name", "inner", "module", "words"), UNSAFE)
def test_layers_that_run_code_are_refused(
    keras_file: Path,
    h5_file: Path,
    tmp_path: Path,
    name: str,
    inner: dict[str, Any],
    module: str,
    words: str,
) -> None:
    def change(parts: dict[str, bytes]) -> None:
        config = with_layer(json.loads(parts["config.json"]), name, inner, module)
        parts["config.json"] = json.dumps(config).encode()

    assert words in refusal(rezipped(keras_file, tmp_path / "unsafe.keras", change))
    copy = tmp_path / "unsafe.h5"
    copy.write_bytes(h5_file.read_bytes())
    with h5py.File(copy, "r+") as file:
        config = with_layer(json.loads(file.attrs["model_config"]), name, inner, module)
        file.attrs["model_config"] = json.dumps(config)
    assert words in refusal(copy)


def test_a_lambda_that_keras_itself_saved_is_refused(tmp_path: Path) -> None:
    import keras  # noqa: PLC0415

    model = small()
    nested = keras.Sequential(
        [keras.Input((SIDE, SIDE, 3)), keras.layers.Lambda(lambda x: x / 255), model]
    )
    for suffix in (".keras", ".h5"):
        nested.save(tmp_path / f"lambda{suffix}")
        assert "the layer Lambda" in refusal(tmp_path / f"lambda{suffix}")


def test_an_operation_that_is_no_layer_is_named(tmp_path: Path) -> None:
    import keras  # noqa: PLC0415

    inputs = keras.Input((SIDE, SIDE, 3))
    x = keras.ops.flip(inputs, axis=1)
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(3, 3)(x))
    keras.Model(inputs, keras.layers.Dense(2)(x)).save(tmp_path / "flip.keras")
    assert "the operation Flip" in refusal(tmp_path / "flip.keras")


def test_what_is_no_network_is_named(tmp_path: Path) -> None:
    others: dict[str, tuple[bytes, str]] = {
        "renamed.h5": (pickle.dumps(Bomb(), protocol=4), "a Python pickle"),
        "empty.keras": (b"", "it is empty"),
        "text.h5": (b"no network", "not a network that Lobule can read"),
        "mobile.h5": (b"\x1c\x00\x00\x00TFL3" + bytes(50), "TensorFlow Lite"),
        "onnx.h5": (b"\x08\x07\x12\x04", "ONNX"),
        "cut.zip": (b"PK\x03\x04" + bytes(20), "damaged or cut off"),
    }
    for name, (content, words) in others.items():
        path = tmp_path / name
        path.write_bytes(content)
        said = refusal(path)
        assert words in said
        assert "Copy it again" in said or 'model.save("model.keras")' in said
    assert RAN == []
    assert "cannot be read" in refusal(tmp_path / "nowhere.keras")


def zipped(tmp_path: Path, files: dict[str, bytes], *, kind: int = stat.S_IFREG) -> Path:
    path = tmp_path / "given.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            member = zipfile.ZipInfo(name)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = (kind | 0o644) << 16
            archive.writestr(member, content)
    return path


def test_other_zip_files_are_named(tmp_path: Path) -> None:
    pytorch = zipped(tmp_path, {"archive/data.pkl": pickle.dumps(Bomb())})
    assert "PyTorch" in refusal(pytorch)
    assert "models import" in refusal(zipped(tmp_path, {"idc/card.json": b"{}"}))
    assert "no networks" in refusal(zipped(tmp_path, {"a.txt": b"a"}))
    exported = zipped(tmp_path, {"m/saved_model.pb": b"", "m/variables/variables.index": b""})
    said = refusal(exported)
    assert "Such a graph may read and write files" in said
    assert 'model.save("model.keras")' in said
    assert RAN == []


@pytest.mark.parametrize(
    "name",
    [
        *("../evil.h5", "model/../../evil.h5", "/etc/evil.h5", "..\\evil.h5", "C:evil.h5"),
        *("model/\nevil.h5",),
    ],
)
def test_places_outside_the_folder_are_refused(tmp_path: Path, name: str) -> None:
    path = zipped(tmp_path, {"model/saved_model.pb": b"", name: b"evil"})
    assert "refused" in refusal(path)
    inside = tmp_path / "inside"
    inside.mkdir()
    with pytest.raises(PackageError):
        unpack(path, inside)
    assert not list(tmp_path.rglob("*evil*"))


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO])
def test_links_are_refused(tmp_path: Path, kind: int) -> None:
    path = zipped(tmp_path, {"model.h5": b"/etc/passwd"}, kind=kind)
    assert "is a link" in refusal(path)


def test_bombs_are_refused_before_they_are_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = zipped(tmp_path, {"model.h5": bytes(50_000_000)})
    assert "more than 100 times its size" in refusal(path)
    many = zipped(tmp_path, {f"{number}.txt": b"" for number in range(501)})
    assert "more than 500 files" in refusal(many)
    monkeypatch.setattr(core.adoption.unpack, "MOST_BYTES", 1000)
    assert "too large" in refusal(zipped(tmp_path, {"a.h5": bytes(range(256)) * 5}))


@pytest.mark.parametrize("share", [0.01, 0.3, 0.9, 0.999])
def test_truncated_files_are_refused(
    keras_file: Path, h5_file: Path, tmp_path: Path, share: float
) -> None:
    for path in (keras_file, h5_file):
        content = path.read_bytes()
        cut = tmp_path / f"cut{path.suffix}"
        cut.write_bytes(content[: int(share * len(content))])
        refusal(cut)


def test_a_keras_file_with_more_in_it_is_refused(keras_file: Path, tmp_path: Path) -> None:
    path = rezipped(keras_file, tmp_path / "more.keras", lambda parts: parts.update({"x.py": b""}))
    assert "x.py" in refusal(path)
    path = rezipped(
        keras_file, tmp_path / "no.keras", lambda parts: parts.update({"config.json": b"{"})
    )
    assert "damaged" in refusal(path)


def test_weights_that_lie_in_other_files_are_refused(h5_file: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.bin"
    secret.write_bytes(np.arange(100, dtype="float32").tobytes())
    for number, reach in enumerate(
        (
            lambda group: group.create_dataset(
                "x", (100,), "float32", external=[(str(secret), 0, 400)]
            ),
            lambda group: group.__setitem__("x", h5py.ExternalLink("secret.h5", "/x")),
            lambda group: group.__setitem__("x", h5py.SoftLink("/elsewhere")),
        )
    ):
        copy = tmp_path / f"{number}.h5"
        copy.write_bytes(h5_file.read_bytes())
        with h5py.File(copy, "r+") as file:
            reach(file["model_weights"])
        assert "links outside the file" in refusal(copy)


def test_weights_that_claim_more_than_fits_are_refused(h5_file: Path, tmp_path: Path) -> None:
    copy = tmp_path / "huge.h5"
    copy.write_bytes(h5_file.read_bytes())
    with h5py.File(copy, "r+") as file:
        file["model_weights"].create_dataset("x", (10**6, 10**6), "float32", chunks=(100, 100))
    assert copy.stat().st_size < 10**6
    assert "too large" in refusal(copy)


def test_weights_alone_say_what_to_save(tmp_path: Path) -> None:
    small().save_weights(tmp_path / "only.weights.h5")
    assert "holds only weights" in refusal(tmp_path / "only.weights.h5")


def test_a_network_alone_in_a_zip_file_is_found(h5_file: Path, tmp_path: Path) -> None:
    path = zipped(tmp_path, {"folder/model.h5": h5_file.read_bytes(), "__MACOSX/._model.h5": b""})
    assert read_foreign(path).outputs == 1
    assert read_foreign(path, "their.zip").name == "their.zip"


def test_a_zip_file_in_a_zip_file_is_not_opened(h5_file: Path, tmp_path: Path) -> None:
    inner = zipped(tmp_path, {"model.h5": h5_file.read_bytes()}).read_bytes()
    assert "a zip file in a zip file" in refusal(zipped(tmp_path, {"model.keras": inner}))


def test_its_hash_is_of_the_file_that_was_given(keras_file: Path) -> None:
    given = hashlib.sha256(io.BytesIO(keras_file.read_bytes()).getvalue()).hexdigest()
    assert read_foreign(keras_file).sha256 == given
