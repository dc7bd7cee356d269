import errno
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.datasets import cache
from core.datasets.cache import pixel_cache
from core.datasets.cache_file import Writer
from core.datasets.open import open_dataset
from core.errors import DatasetError
from core.imaging.normalise import Normalisation, normalise_stain

ROOT = Path(__file__).resolve().parents[3]


def test_holds_every_image_resized_in_order(tiny_idc: Path, tmp_path: Path) -> None:
    dataset = open_dataset(tiny_idc)
    told: list[float] = []
    pixels = pixel_cache(dataset, 25, tmp_path, told.append).pixels
    assert pixels.shape == (140, 25, 25, 3)
    for row in (0, 77, 139):
        image = cv2.imread(str(tiny_idc / dataset.records["path"].iloc[row]))[:, :, ::-1]
        expected = cv2.resize(image, (25, 25), interpolation=cv2.INTER_AREA)
        np.testing.assert_array_equal(pixels[row], expected)
    assert told == sorted(told)
    assert told[-1] == 1


def test_crops_of_an_image_follow_one_another(tiny_breakhis: Path, tmp_path: Path) -> None:
    dataset = open_dataset(tiny_breakhis)
    cached = pixel_cache(dataset, 16, tmp_path, crops=3)
    assert cached.crops == 3
    assert cached.pixels.shape == (3 * len(dataset.records), 16, 16, 3)
    for row, path in enumerate(dataset.records["path"]):
        image = cv2.imread(str(tiny_breakhis / path))[:, :, ::-1]
        for crop, start in enumerate((0, 11, 12)):
            square = np.ascontiguousarray(image[:, start : start + 23])
            expected = cv2.resize(square, (16, 16), interpolation=cv2.INTER_AREA)
            np.testing.assert_array_equal(cached.pixels[3 * row + crop], expected)
    assert pixel_cache(dataset, 16, tmp_path).pixels.shape[0] == len(dataset.records)


def test_is_built_once_and_anew_when_an_image_changes(tiny_idc: Path, tmp_path: Path) -> None:
    copy = tmp_path / "data"
    shutil.copytree(tiny_idc, copy)
    cache = tmp_path / "cache"
    pixel_cache(open_dataset(copy), 25, cache)
    told: list[float] = []
    pixel_cache(open_dataset(copy), 25, cache, told.append)
    assert told == []
    path = copy / open_dataset(copy).records["path"].iloc[0]
    cv2.imwrite(str(path), np.zeros((50, 50, 3), np.uint8))
    assert pixel_cache(open_dataset(copy), 25, cache).pixels[0].max() == 0


@pytest.mark.parametrize("stain", ["macenko", "reinhard"])
def test_stain_is_normalised_in_a_cache_of_its_own(
    tiny_idc: Path, tmp_path: Path, stain: Normalisation
) -> None:
    dataset = open_dataset(tiny_idc)
    plain = pixel_cache(dataset, 25, tmp_path).pixels
    normal = pixel_cache(dataset, 25, tmp_path, stain=stain).pixels
    assert not np.array_equal(normal, plain)
    for row in (0, 139):
        np.testing.assert_array_equal(normal[row], normalise_stain(plain[row], stain))


def damaged(tiny_idc: Path, copy: Path, pattern: str) -> list[str]:
    shutil.copytree(tiny_idc, copy)
    broken = sorted(copy.glob(pattern))
    for path in broken:
        path.write_bytes(path.read_bytes()[:60])
    return [path.relative_to(copy).as_posix() for path in broken]


def test_damaged_images_are_left_out_and_named(tiny_idc: Path, tmp_path: Path) -> None:
    broken = damaged(tiny_idc, tmp_path / "data", "5/1/*_x1*1_*.png")
    assert 0 < len(broken) < 10
    dataset = open_dataset(tmp_path / "data")
    whole = pixel_cache(open_dataset(tiny_idc), 25, tmp_path / "cache")
    for _ in range(2):  # built, then found
        cached = pixel_cache(dataset, 25, tmp_path / "cache")
        assert sorted(cached.unreadable) == broken
        assert all(cached.unreadable.values())
        expected = [path for path in whole.dataset.records["path"] if path not in broken]
        assert cached.dataset.records["path"].tolist() == expected
        assert dataset.records["path"].iloc[cached.rows].tolist() == expected
        np.testing.assert_array_equal(cached.pixels, whole.pixels[cached.rows])


def test_nothing_but_damaged_images_is_an_error(tiny_idc: Path, tmp_path: Path) -> None:
    damaged(tiny_idc, tmp_path / "data", "*/*/*.png")
    with pytest.raises(DatasetError, match="None of the 140 images"):
        pixel_cache(open_dataset(tmp_path / "data"), 25, tmp_path / "cache")
    assert not list((tmp_path / "cache").glob("*.npy"))


def test_a_lost_journal_means_building_again(tiny_idc: Path, tmp_path: Path) -> None:
    broken = damaged(tiny_idc, tmp_path / "data", "5/1/*_x1_*.png")
    for _ in range(2):
        cached = pixel_cache(open_dataset(tmp_path / "data"), 25, tmp_path / "cache")
        assert list(cached.unreadable) == broken
        next((tmp_path / "cache").glob("*.json")).unlink()


def test_a_file_that_was_gone_for_a_while_is_left_out_of_that_run_only(
    tiny_idc: Path, tmp_path: Path
) -> None:
    broken = damaged(tiny_idc, tmp_path / "data", "1/0/*_x1_*.png")
    whole = pixel_cache(open_dataset(tiny_idc), 25, tmp_path / "whole").pixels
    dataset = open_dataset(tmp_path / "data")
    paths = dataset.records["path"].tolist()
    assert dataset.fingerprint
    gone = tmp_path / "data" / paths[100]
    aside = gone.rename(tmp_path / "aside")
    for _ in range(2):  # the second try finds what the first has left
        cached = pixel_cache(dataset, 25, tmp_path / "cache")
        assert sorted(cached.unreadable) == sorted([*broken, paths[100]])
        assert "No such file" in cached.unreadable[paths[100]]
        assert cached.dataset.records["path"].tolist() == [
            path for path in paths if path not in cached.unreadable
        ]
        np.testing.assert_array_equal(cached.pixels, whole[cached.rows])
    aside.rename(gone)
    told: list[float] = []
    for _ in range(2):  # built, then found
        again = pixel_cache(open_dataset(tmp_path / "data"), 25, tmp_path / "cache", told.append)
        assert list(again.unreadable) == broken
        np.testing.assert_array_equal(again.pixels, whole[again.rows])
    assert len(told) == len(paths)
    # Whoever still trains without it sees what they saw.
    np.testing.assert_array_equal(cached.pixels, whole[cached.rows])


@pytest.mark.parametrize("content", [b"\x89PNG half a file", None])
def test_a_file_that_changes_while_it_is_read_is_refused(
    tiny_idc: Path, tmp_path: Path, content: bytes | None
) -> None:
    shutil.copytree(tiny_idc, tmp_path / "data")
    dataset = open_dataset(tmp_path / "data")
    assert dataset.fingerprint
    changed = tmp_path / "data" / dataset.records["path"].iloc[100]
    before = changed.read_bytes()
    if content is None:
        cv2.imwrite(str(changed), np.zeros((50, 50, 3), np.uint8))
    else:
        changed.write_bytes(content)
    with pytest.raises(DatasetError, match="dataset changed while it was read") as refused:
        pixel_cache(dataset, 25, tmp_path / "cache")
    assert str(changed) in str(refused.value)
    assert not [path for path in (tmp_path / "cache").iterdir() if path.suffix != ".lock"]
    changed.write_bytes(before)
    whole = pixel_cache(open_dataset(tiny_idc), 25, tmp_path / "whole")
    cached = pixel_cache(open_dataset(tmp_path / "data"), 25, tmp_path / "cache")
    np.testing.assert_array_equal(cached.pixels, whole.pixels)


BUILD = """
import os, signal, sys
from pathlib import Path
import core.datasets.cache as cache
from core.datasets.open import open_dataset

cache._CHUNK_BYTES = 20 * 25 * 25 * 3
dataset = open_dataset(Path(sys.argv[1]))
read = []
real = cache.read_unchanged
cache.read_unchanged = lambda *given: (read.append(given), real(*given))[1]

def told(done):
    if done >= float(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)

cached = cache.pixel_cache(dataset, 25, Path(sys.argv[2]), told)
print(len(read), len(cached.pixels))
"""


def build(data: Path, cache: Path, killed_at: float = 2) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", BUILD, str(data), str(cache), str(killed_at)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_a_killed_build_goes_on_where_it_stopped(tiny_idc: Path, tmp_path: Path) -> None:
    broken = damaged(tiny_idc, tmp_path / "data", "1/0/*_x1_*.png")
    killed = build(tmp_path / "data", tmp_path / "cache", killed_at=0.5)
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    assert not list((tmp_path / "cache").glob("*.npy"))
    # Killed while reading the fourth lot of 20; three are safe, one image of which is damaged.
    answer, _ = build(tmp_path / "data", tmp_path / "cache").communicate()
    assert answer.split() == ["80", "139"]
    dataset = open_dataset(tmp_path / "data")
    resumed = pixel_cache(dataset, 25, tmp_path / "cache")
    assert list(resumed.unreadable) == broken
    np.testing.assert_array_equal(
        resumed.pixels, pixel_cache(dataset, 25, tmp_path / "anew").pixels
    )


@pytest.mark.slow
def test_of_two_processes_one_builds(tiny_idc: Path, tmp_path: Path) -> None:
    both = [build(tiny_idc, tmp_path / "cache") for _ in range(2)]
    answers = sorted(process.communicate()[0].split() for process in both)
    assert answers == [["0", "140"], ["140", "140"]]


def test_a_full_disk_leaves_no_half_cache(
    tiny_idc: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.datasets.cache._CHUNK_BYTES", 20 * 25 * 25 * 3)
    write = Writer.write

    def full(self: Writer, images: list[np.ndarray]) -> None:
        if self.done >= 60:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(self, images)

    monkeypatch.setattr(Writer, "write", full)
    with pytest.raises(DatasetError, match=r"No space left on device.*Free some space"):
        pixel_cache(open_dataset(tiny_idc), 25, tmp_path)
    assert [path for path in tmp_path.iterdir() if path.suffix != ".lock"] == []


def test_unwritable_folder_is_explained(tiny_idc: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.raises(DatasetError, match="LOBULE_HOME"):
        pixel_cache(open_dataset(tiny_idc), 25, tmp_path / "cache")


def test_pixels_of_another_version_of_the_reader_are_made_anew(
    tiny_idc: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = open_dataset(tiny_idc)
    pixel_cache(dataset, 8, tmp_path)
    told: list[float] = []
    monkeypatch.setattr(cache, "PIXELS_VERSION", cache.PIXELS_VERSION + 1)
    pixel_cache(dataset, 8, tmp_path, told.append)
    assert told[-1] == 1
