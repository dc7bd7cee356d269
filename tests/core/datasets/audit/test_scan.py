import os
from pathlib import Path

import numpy as np
import pytest

from core.datasets.audit.scan import scan
from core.errors import DatasetError, Stopped
from tests.core.datasets.audit.conftest import Write, make_dataset, picture


def test_a_second_scan_reads_only_what_changed(sound: Path, write: Write, tmp_path: Path) -> None:
    memory = tmp_path / "memory"
    first = scan(make_dataset(sound), memory)
    assert first.read == 48
    second = scan(make_dataset(sound), memory)
    assert second.read == 0
    assert (second.facts == first.facts).all()
    write("0/p0_0.png", picture(999))
    write("0/p0_new.png", picture(998))
    (sound / "1" / "p1_0.png").unlink()
    third = scan(make_dataset(sound), memory)
    assert third.read == 2
    fresh = scan(make_dataset(sound), tmp_path / "other memory")
    assert fresh.read == 48
    assert (third.facts == fresh.facts).all()


def test_a_touched_file_is_read_again(sound: Path, tmp_path: Path) -> None:
    scan(make_dataset(sound), tmp_path)
    os.utime(sound / "0" / "p0_0.png", ns=(1, 1))
    assert scan(make_dataset(sound), tmp_path).read == 1


def test_what_was_measured_before_a_cancel_is_kept(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.datasets.audit.scan._CHUNK", 4)  # so that few are under way at once
    for number in range(400):
        write(f"0/p0_{number}.png", picture(number % 7, 20))
    dataset = make_dataset(tmp_path / "data")
    shares: list[float] = []
    with pytest.raises(Stopped, match="continues from there"):
        scan(dataset, tmp_path, shares.append, lambda: bool(shares))
    assert 0 < shares[-1] < 1
    rest = scan(dataset, tmp_path, shares.append)
    assert 0 < rest.read < 400
    assert shares[-1] == 1
    assert rest.facts["readable"].all()


def test_progress_is_told_often_where_files_are_large(
    sound: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shares: list[float] = []
    monkeypatch.setattr("core.datasets.audit.scan._CHUNK_BYTES", 1)
    scan(make_dataset(sound), tmp_path, shares.append)
    assert shares == [(number + 1) / 48 for number in range(48)]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not ours", None])
def test_a_damaged_memory_is_no_memory(sound: Path, tmp_path: Path, content: bytes | None) -> None:
    scan(make_dataset(sound), tmp_path)
    (file,) = tmp_path.glob("*.npz")
    file.write_bytes(file.read_bytes()[:-400] if content is None else content)
    assert scan(make_dataset(sound), tmp_path).read == 48


def test_unreadable_files_are_told_and_remembered(sound: Path, tmp_path: Path) -> None:
    (sound / "0" / "p0_0.png").write_bytes(b"")
    whole = (sound / "0" / "p0_1.png").read_bytes()
    (sound / "0" / "p0_1.png").write_bytes(whole[: len(whole) // 2])
    dataset = make_dataset(sound)
    (sound / "0" / "p0_2.png").unlink()
    for expected in (48, 1):  # a missing file is looked for every time
        found = scan(dataset, tmp_path / "memory")
        assert found.read == expected
        assert sorted(found.reasons) == ["0/p0_0.png", "0/p0_1.png", "0/p0_2.png"]
        assert "empty" in found.reasons["0/p0_0.png"]
        assert "damaged" in found.reasons["0/p0_1.png"]
        assert "still there" in found.reasons["0/p0_2.png"]
        assert (~found.facts["readable"]).sum() == 3
    (sound / "0" / "p0_1.png").write_bytes(whole)
    assert sorted(scan(dataset, tmp_path / "memory").reasons) == ["0/p0_0.png", "0/p0_2.png"]


def test_a_disk_that_cannot_be_written_is_told(sound: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DatasetError, match="LOBULE_HOME"):
        scan(make_dataset(sound), tmp_path / "file" / "folder")


def test_images_of_all_sizes_in_one_folder(tmp_path: Path, write: Write) -> None:
    for number, side in enumerate([1, 2, 20, 20, 50, 128, 129, 300]):
        write(f"0/p0_{number}.png", picture(number, side))
    facts = scan(make_dataset(tmp_path / "data"), tmp_path).facts
    assert facts["width"].tolist() == [1, 2, 20, 20, 50, 128, 129, 300]
    assert np.isfinite(facts["focus"]).all()
