import gzip
import io
import os
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from core.datasets.extract import ArchiveError, clear_remains, extract

FILES = {"set/a/1.png": b"one", "set/b/2.png": os.urandom(3_000_000), "set/empty.txt": b""}


def packed_zip(folder: Path, files: dict[str, bytes]) -> Path:
    path = folder / "data.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("set")
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return path


def packed_tar(folder: Path, files: dict[str, bytes]) -> Path:
    path = folder / "data.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        top = tarfile.TarInfo("./set")
        top.type = tarfile.DIRTYPE
        archive.addfile(top)
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def unpack(archive: Path, max_files: int = 100, max_bytes: int = 10_000_000) -> Path:
    folder = archive.parent / "out" / "images"
    folder.parent.mkdir(exist_ok=True)
    extract(archive, folder, max_files=max_files, max_bytes=max_bytes, progress=lambda *_: None)
    return folder


def refuses(archive: Path, match: str, **limits: int) -> None:
    """The archive is refused, and nothing is left inside or outside the folder."""
    before = set(archive.parent.parent.rglob("*"))
    with pytest.raises(ArchiveError, match=match):
        unpack(archive, **limits)
    assert set(archive.parent.parent.rglob("*")) - before == {archive.parent / "out"}
    assert not list((archive.parent / "out").iterdir())


pack = pytest.mark.parametrize("pack", [packed_zip, packed_tar])
Pack = Callable[[Path, dict[str, bytes]], Path]


@pack
def test_files_come_out_as_they_went_in(tmp_path: Path, pack: Pack) -> None:
    archive = pack(tmp_path, FILES)
    folder = unpack(archive)
    found = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.*")}
    assert found == FILES
    assert [path.name for path in folder.parent.iterdir()] == ["images"]


@pack
def test_progress_grows_to_the_whole(tmp_path: Path, pack: Pack) -> None:
    told = []
    folder = tmp_path / "images"
    extract(
        pack(tmp_path, FILES),
        folder,
        max_files=100,
        max_bytes=10_000_000,
        progress=lambda _stage, done, total: told.append(done / (total or 0)),
    )
    assert told == sorted(told)
    assert 0.9 < told[-1] <= 1


@pack
@pytest.mark.parametrize(
    "name",
    [
        *("../out.png", "set/../../out.png", "/etc/out.png", "C:/out.png", "set\\..\\out.png"),
        *(
            "a\nb",
            "..\\out.png",
            "\\out.png",
            "\\\\host\\out.png",
            "C:\\out.png",
            "set\\C:\\out.png",
        ),
        *("set/..\\../out.png", ".hidden\\..\\..\\out.png", "__MACOSX/../../out.png"),
    ],
)
def test_names_that_lead_outside_are_refused(tmp_path: Path, pack: Pack, name: str) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    refuses(pack(folder, {"set/good.png": b"x", name: b"evil"}), "could lead outside")


@pack
def test_archives_packed_on_windows_get_their_folders(tmp_path: Path, pack: Pack) -> None:
    names = {name.replace("/", "\\"): content for name, content in FILES.items()}
    folder = unpack(pack(tmp_path, {"set\\c\\": b"", **names} if pack is packed_zip else names))
    found = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.*")}
    assert found == FILES
    assert (folder / "set/c").is_dir() == (pack is packed_zip)


@pack
def test_what_systems_put_beside_the_files_is_left_out(tmp_path: Path, pack: Pack) -> None:
    beside = ("set/.DS_Store", "__MACOSX/set/a/._1.png", "set\\b\\.DS_Store", "__MACOSX\\._set")
    beside += ("set/Icon\r",)
    folder = unpack(pack(tmp_path, FILES | dict.fromkeys(beside, b"Mac")))
    assert {p.relative_to(folder).as_posix() for p in folder.rglob("*.*")} == FILES.keys()


@pack
def test_what_is_left_out_counts_as_bytes(tmp_path: Path, pack: Pack) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    bomb = {f"__MACOSX/{number}": bytes(1_000_000) for number in range(5)}
    refuses(pack(folder, bomb), "unpacks to more than", max_bytes=4_000_000)


@pack
@pytest.mark.parametrize("twice", [("a.png", "./a.png"), ("a", "a/b"), ("a/b", "a")])
def test_a_name_given_twice_is_refused(tmp_path: Path, pack: Pack, twice: tuple[str, str]) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    refuses(pack(folder, dict.fromkeys(twice, b"x")), "same name twice")


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        (tarfile.SYMTYPE, "/etc"),
        (tarfile.SYMTYPE, "../../.."),
        (tarfile.SYMTYPE, "good.png"),
        (tarfile.LNKTYPE, "/etc/passwd"),
        (tarfile.LNKTYPE, "../secret"),
        (tarfile.CHRTYPE, ""),
        (tarfile.BLKTYPE, ""),
        (tarfile.FIFOTYPE, ""),
        (b"Z", ""),
    ],
)
def test_links_and_devices_in_a_tar_are_refused(tmp_path: Path, kind: bytes, target: str) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "secret").write_text("mine")
    path = folder / "data.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        archive.addfile(tarfile.TarInfo("good.png"))
        member = tarfile.TarInfo("door")
        member.type, member.linkname = kind, target
        archive.addfile(member)
        through = tarfile.TarInfo("door/through.png")
        archive.addfile(through)
    refuses(path, "'door' is a link or device")


@pytest.mark.parametrize("kind", [0o120777, 0o020666, 0o010666])
def test_links_and_devices_in_a_zip_are_refused(tmp_path: Path, kind: int) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    path = folder / "data.zip"
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo("door")
        info.external_attr = kind << 16
        archive.writestr(info, "/etc")
    refuses(path, "'door' is a link or device")


@pack
def test_too_many_files_are_refused(tmp_path: Path, pack: Pack) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    refuses(pack(folder, FILES), "more than 3", max_files=3)


@pack
def test_too_many_bytes_are_refused(tmp_path: Path, pack: Pack) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    bomb = {"bomb.png": bytes(5_000_000)}
    archive = pack(folder, bomb)
    assert archive.stat().st_size < 20_000
    refuses(archive, "unpacks to more than 4,000,000 bytes", max_bytes=4_000_000)


def test_zip_that_lies_about_a_size_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    path = packed_zip(folder, {"bomb.png": bytes(5_000_000)})
    path.write_bytes(path.read_bytes().replace(struct.pack("<I", 5_000_000), struct.pack("<I", 9)))
    refuses(path, "damaged", max_bytes=4_000_000)


@pytest.mark.parametrize("stated", [8_000_000_000, -512])
@pytest.mark.parametrize("kind", [tarfile.REGTYPE, tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME])
def test_impossible_sizes_in_a_tar_are_refused(tmp_path: Path, kind: bytes, stated: int) -> None:
    """A believed size would fill the memory, or have the same header read for ever."""
    folder = tmp_path / "in"
    folder.mkdir()
    member = tarfile.TarInfo("x")
    member.type, member.size = kind, stated
    header = bytearray(member.tobuf(tarfile.GNU_FORMAT))
    path = folder / "data.tar.gz"
    path.write_bytes(gzip.compress(bytes(header) + bytes(1024)))
    refuses(path, "unpacks to more|impossible size|damaged")


@pack
@pytest.mark.parametrize("cut", [0, 1, 100, 1_500_000, -5])
def test_incomplete_archives_are_refused(tmp_path: Path, pack: Pack, cut: int) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    archive = pack(folder, FILES)
    archive.write_bytes(archive.read_bytes()[:cut])
    refuses(archive, "damaged or incomplete")


@pack
def test_altered_archives_are_refused(tmp_path: Path, pack: Pack) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    archive = pack(folder, FILES)
    content = bytearray(archive.read_bytes())
    content[1_500_000] ^= 1
    archive.write_bytes(content)
    refuses(archive, "damaged or incomplete")


def test_archives_with_a_password_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    archive = packed_zip(folder, {"a.png": b"x"})
    content = bytearray(archive.read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.rindex(signature) + flags] |= 1
    archive.write_bytes(content)
    refuses(archive, "damaged.*(password|encrypted)")


@pack
def test_full_disk_leaves_nothing(
    tmp_path: Path, pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    archive = pack(tmp_path, FILES)
    monkeypatch.setattr("core.datasets.extract.shutil.copyfileobj", fail)
    with pytest.raises(OSError, match="No space"):
        unpack(archive)
    assert not list((tmp_path / "out").iterdir())


def test_remains_of_a_killed_run_are_cleared(tmp_path: Path) -> None:
    (tmp_path / ".unpacking-x" / "images").mkdir(parents=True)
    (tmp_path / "images").mkdir()
    clear_remains(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["images"]
