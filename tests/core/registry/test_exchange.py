"""Models as zip files: out and back the same, and nothing unsafe or wrong gets in."""

import hashlib
import io
import json
import shutil
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

import core.registry.exchange
from core.errors import PackageError
from core.registry.exchange import export_package, import_package
from core.registry.package import Package, load_package
from core.registry.shelf import find, shelf

Change = Callable[[dict[str, bytes]], None]


@pytest.fixture
def empty(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty shelf; the folder of own models, which is not there yet."""
    monkeypatch.setenv("LOBULE_SHIPPED_MODELS", str(home / "none"))
    return home / "models"


def zipped(package: Package) -> bytes:
    written = io.BytesIO()
    export_package(package, written)
    return written.getvalue()


def packed(files: dict[str, bytes], *, kind: int = stat.S_IFREG) -> io.BytesIO:
    """A zip file of these files; the last one is of that kind."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, (name, content) in enumerate(files.items()):
            member = zipfile.ZipInfo(name)
            member.compress_type = zipfile.ZIP_DEFLATED
            last = number == len(files) - 1
            member.external_attr = ((kind if last else stat.S_IFREG) | 0o644) << 16
            archive.writestr(member, content)
    written.seek(0)
    return written


def files_of(package: Package) -> dict[str, bytes]:
    return {f"tiny/{path.name}": path.read_bytes() for path in package.path.iterdir()}


def nothing_came(models: Path) -> bool:
    return not models.exists() or not list(models.iterdir())


def test_what_is_exported_and_imported_is_the_same(package: Package, empty: Path) -> None:
    imported = import_package(io.BytesIO(zipped(package)))
    assert imported.path == empty / "tiny"
    for path in package.path.iterdir():
        assert (imported.path / path.name).read_bytes() == path.read_bytes()
    assert find("tiny").card == package.card
    assert [path.name for path in empty.iterdir()] == ["tiny"]
    assert zipped(imported) == zipped(package)


def test_it_can_be_given_another_name(package: Package, empty: Path, tmp_path: Path) -> None:
    file = tmp_path / "tiny.zip"
    export_package(package, file)
    assert import_package(file, "other").card.name == "other"
    assert load_package(empty / "other").model_sha256 == package.model_sha256
    assert import_package(file).card.name == "tiny"
    assert [entry.name for entry in shelf()] == ["other", "tiny"]


def test_nothing_is_overwritten(package: Package, empty: Path) -> None:
    content = zipped(package)
    import_package(io.BytesIO(content))
    before = (empty / "tiny" / "card.json").stat()
    with pytest.raises(PackageError, match="already a model called 'tiny'"):
        import_package(io.BytesIO(content))
    with pytest.raises(PackageError, match="cannot be called"):
        import_package(io.BytesIO(content), "../up")
    assert (empty / "tiny" / "card.json").stat() == before
    assert [path.name for path in empty.iterdir()] == ["tiny"]


@pytest.mark.parametrize(
    "name",
    [
        *("../evil.txt", "tiny/../evil.txt", "/etc/evil", "tiny/a/evil", "..\\evil", "C:evil"),
        *("./evil", "//evil", "tiny/.hidden", "other/card.json", "tiny/CARD.JSON"),
    ],
)
def test_places_outside_one_folder_are_refused(package: Package, empty: Path, name: str) -> None:
    with pytest.raises(PackageError, match="refused"):
        import_package(packed({**files_of(package), name: b"evil"}))
    assert nothing_came(empty)
    assert not list(empty.parent.rglob("evil*"))


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_devices_are_refused(package: Package, empty: Path, kind: int) -> None:
    with pytest.raises(PackageError, match="is a link"):
        import_package(packed({**files_of(package), "tiny/link": b"/etc/passwd"}, kind=kind))
    assert nothing_came(empty)


def drop(name: str) -> Change:
    return lambda files: files.pop(f"tiny/{name}") and None


def put(name: str, content: bytes) -> Change:
    return lambda files: files.update({f"tiny/{name}": content})


def lie(files: dict[str, bytes]) -> None:
    """A card that speaks of another input than the network has."""
    card = json.loads(files["tiny/card.json"])
    card["classes"] = ["a", "b", "c"]
    card["task"], card["operating_point"] = "subtype", None
    files["tiny/card.json"] = json.dumps(card).encode()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (drop("card.json"), "no card.json"),
        (drop("model.keras"), "model.keras is missing"),
        (drop("history.csv"), "history.csv is missing"),
        (put("run.py", b"print()"), "run.py is not on the card"),
        (put("history.csv", b"epoch"), "history.csv is changed"),
        (put("model.keras", b"PK"), "model.keras is changed"),
        (put("card.json", b"{}"), "schema version"),
        (put("card.json", b"not json"), "cannot be read"),
        (lie, "does not fit its card"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_comes(
    package: Package, empty: Path, change: Change, words: str
) -> None:
    files = files_of(package)
    change(files)
    with pytest.raises(PackageError, match=words) as caught:
        import_package(packed(files))
    assert ".saving-" not in str(caught.value)
    assert nothing_came(empty)


def test_layers_that_run_code_are_refused(package: Package, empty: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(package.path, tmp_path / "tiny"))
    with zipfile.ZipFile(package.model_path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["config.json"] = parts["config.json"].replace(b'"Rescaling"', b'"Lambda"')
    with zipfile.ZipFile(folder / "model.keras", "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)

    card = json.loads((folder / "card.json").read_text())
    sha256 = hashlib.sha256((folder / "model.keras").read_bytes()).hexdigest()
    card["files"]["model.keras"] = sha256
    files = {f"tiny/{path.name}": path.read_bytes() for path in folder.iterdir()}
    files["tiny/card.json"] = json.dumps(card).encode()
    with pytest.raises(PackageError, match="the layer Lambda"):
        import_package(packed(files))
    assert nothing_came(empty)


def test_bombs_are_refused_before_they_are_unpacked(package: Package, empty: Path) -> None:
    bomb = {**files_of(package), "tiny/predictions.csv": b"0" * 5_000_000}
    with pytest.raises(PackageError, match="more than 100 times its size"):
        import_package(packed(bomb))
    many = {f"tiny/{number}": b"" for number in range(33)}
    with pytest.raises(PackageError, match="33 files"):
        import_package(packed(many))
    with pytest.raises(PackageError, match="0 files"):
        import_package(packed({}))
    assert nothing_came(empty)


def test_too_large_or_no_room_is_said(
    package: Package, empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = zipped(package)
    with monkeypatch.context() as patch:
        patch.setattr(core.registry.exchange, "MOST_BYTES", 1000)
        with pytest.raises(PackageError, match="too large"):
            import_package(io.BytesIO(content))
    usage = shutil.disk_usage(empty.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=10))
    with pytest.raises(PackageError, match="Not enough disk space"):
        import_package(io.BytesIO(content))
    assert nothing_came(empty)


@pytest.mark.parametrize("cut", [0, 10, 200, -1])
def test_damaged_files_are_refused(package: Package, empty: Path, cut: int) -> None:
    content = zipped(package)
    with pytest.raises(PackageError, match="not a valid zip file"):
        import_package(io.BytesIO(content[:cut]))
    flipped = bytearray(content)
    flipped[len(content) // 2] ^= 0xFF
    with pytest.raises(PackageError):
        import_package(io.BytesIO(bytes(flipped)))
    assert nothing_came(empty)


def test_a_changed_package_is_not_exported(package: Package, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(package.path, tmp_path / "tiny"))
    changed = Package(folder, package.card)
    (folder / "history.csv").write_text("epoch\n9\n")
    with pytest.raises(PackageError, match=r"history\.csv is changed"):
        export_package(changed, io.BytesIO())
