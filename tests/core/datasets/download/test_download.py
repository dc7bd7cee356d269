import errno
import fcntl
import hashlib
import io
import json
import re
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from core.datasets.download import download
from core.datasets.sources import ARCHIVES, Archive
from core.errors import DatasetError

NAME = "patches.zip"


def packed(seed: int = 0) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("set/1.png", np.random.default_rng(seed).bytes(2_000_000))
    return stream.getvalue()


@pytest.fixture
def archive(site: Any) -> Archive:
    site.body = packed()
    return Archive(
        title="Patches",
        address=site.address,
        page="https://authors.invalid/",
        file_name=NAME,
        archive_bytes=2_000_000,
        image_bytes=2_000_000,
        max_files=10,
        max_bytes=5_000_000,
        licence="CC0",
        citations=("Someone, 2020.",),
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "patches"


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.name != ".lock"}


WHOLE = {NAME, f"{NAME}.sha256.json", "images"}


def test_images_archive_and_record_are_kept(site: Any, archive: Archive, folder: Path) -> None:
    stages = []
    images = download(archive, folder, lambda stage, _done, _total: stages.append(stage))
    assert (images / "set" / "1.png").stat().st_size == 2_000_000
    assert names(folder) == WHOLE
    record = json.loads((folder / f"{NAME}.sha256.json").read_text())
    assert record["sha256"] == hashlib.sha256(site.body).hexdigest()
    assert record["bytes"] == len(site.body)
    assert record["address"] == site.address
    assert record["date"].startswith("20")
    assert list(dict.fromkeys(stages)) == ["Downloading", "Checking", "Unpacking"]


def test_what_is_there_is_not_done_again(site: Any, archive: Archive, folder: Path) -> None:
    assert download(archive, folder) == download(archive, folder)
    assert len(site.asked) == 1


def test_archive_put_there_by_hand_is_used(site: Any, archive: Archive, folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / NAME).write_bytes(site.body)
    assert (download(archive, folder) / "set" / "1.png").exists()
    assert not site.asked
    assert names(folder) == WHOLE
    assert json.loads((folder / f"{NAME}.sha256.json").read_text())["address"] is None


def forget_all_but_the_record(folder: Path) -> None:
    (folder / NAME).unlink()
    (folder / "images").rename(folder.parent / "elsewhere")


def test_the_same_file_is_taken_again(site: Any, archive: Archive, folder: Path) -> None:
    download(archive, folder)
    forget_all_but_the_record(folder)
    download(archive, folder)
    assert len(site.asked) == 2


def test_another_file_of_the_same_size_is_refused(
    site: Any, archive: Archive, folder: Path
) -> None:
    download(archive, folder)
    forget_all_but_the_record(folder)
    site.body = packed(seed=1)
    with pytest.raises(DatasetError, match=r"not the one .* recorded on 20.*SHA-256.*try again"):
        download(archive, folder)
    assert names(folder) == {f"{NAME}.sha256.json"}
    (folder / f"{NAME}.sha256.json").unlink()
    download(archive, folder)


def test_another_size_is_refused_before_it_is_downloaded(
    site: Any, archive: Archive, folder: Path
) -> None:
    download(archive, folder)
    forget_all_but_the_record(folder)
    site.body += b"more"
    told: list[int] = []
    with pytest.raises(DatasetError, match=r"offers [\d,]+ bytes, but the file recorded"):
        download(archive, folder, lambda _stage, done, _total: told.append(done))
    assert not told


def test_wrong_archive_put_there_by_hand_is_refused_and_kept(
    archive: Archive, folder: Path
) -> None:
    download(archive, folder)
    forget_all_but_the_record(folder)
    (folder / NAME).write_bytes(packed(seed=1))
    with pytest.raises(DatasetError, match="put the right file there"):
        download(archive, folder)
    assert NAME in names(folder)


@pytest.mark.parametrize("text", ["", "{}", '{"sha256": 1, "bytes": "x", "date": ""}'])
def test_damaged_record_is_never_passed_over(archive: Archive, folder: Path, text: str) -> None:
    folder.mkdir(parents=True)
    (folder / f"{NAME}.sha256.json").write_text(text)
    with pytest.raises(DatasetError, match=r"record .* is damaged"):
        download(archive, folder)


def test_damaged_archive_is_neither_unpacked_nor_recorded(
    site: Any, archive: Archive, folder: Path
) -> None:
    site.body = site.body[:-100]
    with pytest.raises(DatasetError, match=r"damaged or incomplete.*Delete it"):
        download(archive, folder)
    assert names(folder) == {NAME}


def test_broken_off_download_goes_on_in_the_next_run(
    site: Any, archive: Archive, folder: Path
) -> None:
    site.stops = [1_500_000, *[0] * 10]
    with pytest.raises(DatasetError, match=r"1\.5 MB received are kept"):
        download(archive, folder)
    assert names(folder) == {f"{NAME}.part", f"{NAME}.part.json"}
    site.stops = []
    download(archive, folder)
    assert site.asked[-1]["range"] == "bytes=1500000-"
    assert names(folder) == WHOLE


def test_failure_says_how_to_get_it_by_hand(site: Any, archive: Archive, folder: Path) -> None:
    site.status = 404
    with pytest.raises(DatasetError) as caught:
        download(archive, folder)
    for part in ("404", NAME, site.address, archive.page, str(folder), "same command"):
        assert part in str(caught.value)


def test_small_disk_is_noticed_before_the_download(
    site: Any, archive: Archive, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "core.datasets.download.shutil.disk_usage", lambda _: SimpleNamespace(free=103_900_000)
    )
    told: list[int] = []
    with pytest.raises(DatasetError, match=r"0\.1 GB free; about 0\.1 GB are needed to download"):
        download(archive, folder, lambda _stage, done, _total: told.append(done))
    assert not told
    # Enough for the images once the archive is there.
    (folder / NAME).write_bytes(site.body)
    download(archive, folder)


def test_disk_that_fills_up_keeps_the_part(
    site: Any, archive: Archive, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(io.FileIO):
        def write(self, data: Any) -> int:
            if self.tell() >= 1_000_000:
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().write(data)

    opened = Path.open

    def open_full(path: Path, mode: str = "r", **rest: Any) -> Any:
        return Full(path, "ab") if mode == "ab" else opened(path, mode, **rest)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "open", open_full)
        with pytest.raises(DatasetError, match=r"disk is full .*is continued"):
            download(archive, folder)
    assert f"{NAME}.part" in names(folder)
    assert "images" not in names(folder)
    download(archive, folder)
    assert site.asked[-1]["range"].startswith("bytes=")


def test_folder_that_cannot_be_made_is_said_in_words(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DatasetError, match="cannot be written to: File exists"):
        download(archive, tmp_path / "file")


def test_two_at_once_are_kept_apart(archive: Archive, folder: Path) -> None:
    folder.mkdir(parents=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(DatasetError, match="Another download"):
            download(archive, folder)
    download(archive, folder)


@pytest.mark.parametrize("name", ARCHIVES)
def test_public_archives_are_described(name: str) -> None:
    archive = ARCHIVES[name]
    assert re.fullmatch(r"https://[^?]+/" + re.escape(archive.file_name), archive.address)
    assert archive.file_name.endswith((".zip", ".tar.gz"))
    assert archive.archive_bytes <= archive.max_bytes
    assert archive.image_bytes <= archive.max_bytes
    assert archive.licence
    assert archive.citations
