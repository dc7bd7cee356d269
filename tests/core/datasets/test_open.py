import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from core.datasets.listing import list_files
from core.datasets.open import open_dataset
from core.errors import DatasetError, Stopped


def test_what_was_seen_and_what_is_accepted(tmp_path: Path, draw: Callable[..., Path]) -> None:
    draw(tmp_path / "a.png")
    (tmp_path / "slides").mkdir()
    (tmp_path / "slides" / "one.CZI").touch()
    (tmp_path / "slides" / "list").touch()
    with pytest.raises(DatasetError) as caught:
        open_dataset(tmp_path)
    message = str(caught.value)
    for part in ("3 files", "1 .png", "1 .czi", "1 no extension", "1 folder “slides”", "“a.png”"):
        assert part in message
    for part in ("SOB_B_A-14-22549AB-40-001.png", "_idx5_", "subfolder", "path and label"):
        assert part in message


def test_names_are_data(tmp_path: Path) -> None:
    (tmp_path / f"line\nbreak\x1b[31m{'x' * 200}").touch()
    with pytest.raises(DatasetError) as caught:
        open_dataset(tmp_path)
    assert str(caught.value).isprintable()
    assert r"line\nbreak\x1b[31m" in str(caught.value)
    assert "x" * 100 not in str(caught.value)


def test_names_that_are_no_text_are_refused(tmp_path: Path, draw: Callable[..., Path]) -> None:
    image = draw(tmp_path / "benign" / "a.png")
    draw(tmp_path / "malignant" / "b.png")
    try:
        image.rename(Path(os.fsdecode(bytes(tmp_path / "benign") + b"/\xe9.png")))
    except OSError:
        pytest.skip("this file system takes names in UTF-8 only")
    with pytest.raises(DatasetError, match=r"not valid UTF-8: “benign/\\udce9.png”"):
        open_dataset(tmp_path)


@pytest.mark.parametrize("name", ["absent", "a\0b"])
def test_missing_paths(tmp_path: Path, name: str) -> None:
    with pytest.raises(DatasetError, match="no folder"):
        open_dataset(tmp_path / name)


def test_other_files(tmp_path: Path) -> None:
    (tmp_path / "data.zip").touch()
    with pytest.raises(DatasetError, match=r"packed archive\. Unpack it"):
        open_dataset(tmp_path / "data.zip")
    path = tmp_path / "data.txt"
    path.touch()
    with pytest.raises(DatasetError, match=r"is a file, but not a manifest. Expected .*\.parquet"):
        open_dataset(path)


def test_mixtures_are_refused(
    tiny_breakhis: Path, tiny_idc: Path, draw: Callable[..., Path]
) -> None:
    for number in range(7):
        draw(tiny_breakhis / f"mine {number}.png")
    with pytest.raises(DatasetError, match=r"6 images named as in BreaKHis.*among 7 other images"):
        open_dataset(tiny_breakhis)
    shutil.copy(next(tiny_idc.rglob("*.png")), tiny_breakhis)
    with pytest.raises(DatasetError, match=r"6 BreaKHis images .* and 1 IDC image "):
        open_dataset(tiny_breakhis)


def test_what_a_layout_already_says_or_lacks(tiny_breakhis: Path, tiny_idc: Path) -> None:
    for folder in (tiny_breakhis, tiny_idc):
        with pytest.raises(DatasetError, match="Leave the pattern"):
            open_dataset(folder, patient_pattern="(?P<patient>1)")
    with pytest.raises(DatasetError, match="no subtypes"):
        open_dataset(tiny_idc, task="subtype")
    with pytest.raises(DatasetError, match="no magnification"):
        open_dataset(tiny_idc, magnifications=["40X"])


def test_folders_that_cannot_be_listed(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0)
    try:
        if os.access(locked, os.R_OK):
            pytest.skip("this user may read every folder")
        with pytest.raises(DatasetError, match="locked cannot be listed"):
            open_dataset(tmp_path)
    finally:
        locked.chmod(0o700)


def test_listing_tells_how_far_it_is_and_can_be_stopped(tiny_idc: Path) -> None:
    told: list[int] = []
    open_dataset(tiny_idc, listed=told.append)
    assert told == sorted(told)
    assert told[-1] == 140

    def stop(_: int) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        open_dataset(tiny_idc, listed=stop)


def test_links_are_followed_and_nothing_counts_twice(tmp_path: Path, tiny_idc: Path) -> None:
    whole = open_dataset(tiny_idc)
    linked = tmp_path / "linked"
    linked.mkdir()
    for patient in ("1", "2"):
        (linked / patient).symlink_to(tiny_idc / patient, target_is_directory=True)
    (linked / "again").symlink_to(tiny_idc / "1", target_is_directory=True)
    (linked / "circle").symlink_to(linked, target_is_directory=True)
    (linked / "copy.png").symlink_to(next((tiny_idc / "1").rglob("*.png")))
    one = next((tiny_idc / "3").rglob("*.png"))
    (linked / one.name).symlink_to(one)
    files = list_files(linked)
    those = whole.records["patient"].isin(["1", "2"])
    assert len(files) == those.sum() + 1
    assert len({(linked / path).resolve() for path in files}) == len(files)
    assert set(open_dataset(linked).records["patient"]) == {"1", "2", "3"}


def test_an_archive_of_windows_that_was_unpacked_flat_is_named(tmp_path: Path) -> None:
    (tmp_path / r"IDC\8863\0\8863_idx5_x1_y1_class0.png").touch()
    with pytest.raises(DatasetError, match="packed on Windows"):
        open_dataset(tmp_path)


def test_what_a_mac_adds_is_left_out(tmp_path: Path, draw: Callable[..., Path]) -> None:
    for name in ("benign", "malignant"):
        image = draw(tmp_path / name / "a.png")
        (tmp_path / "__MACOSX" / name).mkdir(parents=True)
        for other in (image.with_name("._a.png"), image.with_name(".DS_Store")):
            other.write_bytes(b"Mac")
        (tmp_path / "__MACOSX" / name / "._a.png").write_bytes(b"Mac")
    assert open_dataset(tmp_path).records["path"].tolist() == ["benign/a.png", "malignant/a.png"]
