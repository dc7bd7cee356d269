"""DICOM slides: files and folders, every usual compression, the scan and nothing beside it."""

from pathlib import Path

import numpy as np
import pytest
from pydicom.uid import (
    UID,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    RLELossless,
    generate_uid,
)

from core.errors import SlideError
from core.slides.dicom import files_of_series
from core.slides.slide import open_slide
from tests.core.slides.conftest import HEIGHT, WIDTH
from tests.made_slides import Pixels, pyramid, section, write_dicom


def uids() -> tuple[str, str, str]:
    return generate_uid(), generate_uid(), generate_uid()


@pytest.mark.parametrize(
    "syntax",
    [ExplicitVRLittleEndian, JPEG2000Lossless, JPEGLSLossless, RLELossless],
    ids=lambda uid: uid.name,
)
def test_lossless_compressions_give_what_was_written(
    tmp_path: Path, pixels: Pixels, syntax: UID
) -> None:
    write_dicom(tmp_path, pyramid(pixels, 2), syntax=syntax)
    with open_slide(tmp_path) as slide:
        assert np.array_equal(slide.read(0, 0, WIDTH, HEIGHT, (WIDTH, HEIGHT)), pixels)


def test_jpeg_gives_nearly_what_was_written(tmp_path: Path) -> None:
    smooth = np.full((64, 96, 3), (200, 120, 180), np.uint8)
    write_dicom(tmp_path, [smooth], syntax=JPEGBaseline8Bit)
    with open_slide(tmp_path) as slide:
        got = slide.read(0, 0, 96, 64, (96, 64))
    assert np.abs(got.astype(int) - smooth).max() <= 3


def test_a_file_opens_its_whole_series_and_no_other(tmp_path: Path, pixels: Pixels) -> None:
    one, other = uids(), uids()
    paths = write_dicom(tmp_path, pyramid(pixels, 3), uids=one)
    write_dicom(tmp_path, pyramid(section(80, 60), 1), uids=other, um_per_px=0.25)
    assert files_of_series(paths[2]) == sorted(paths)
    with open_slide(paths[2]) as slide:
        assert slide.info.downsamples == (1, 2, 4)
        assert slide.info.um_per_px == pytest.approx(0.5)
    with pytest.raises(SlideError, match="holds 2 DICOM slides"):
        open_slide(tmp_path)


def test_label_and_overview_are_left_out(tmp_path: Path, pixels: Pixels) -> None:
    same = uids()
    paths = write_dicom(tmp_path, pyramid(pixels, 2), uids=same)
    label = write_dicom(tmp_path, [section(64, 64)], uids=same, flavour="LABEL")
    write_dicom(tmp_path, [section(64, 64)], uids=same, flavour="OVERVIEW")
    assert files_of_series(tmp_path) == sorted(paths)
    assert label[0] not in files_of_series(label[0])
    with open_slide(tmp_path) as slide:
        assert slide.info.width == WIDTH
    for path in paths:
        path.unlink()
    with pytest.raises(SlideError, match="is the label picture of a DICOM slide"):
        open_slide(label[0])


def test_links_out_of_the_folder_are_not_followed(tmp_path: Path, pixels: Pixels) -> None:
    same = uids()
    levels = pyramid(pixels, 2)
    hidden = write_dicom(tmp_path / "hidden", levels[1:], uids=same, um_per_px=1)
    paths = write_dicom(tmp_path / "shown", levels[:1], uids=same)
    (tmp_path / "shown" / "link.dcm").symlink_to(hidden[0])
    assert files_of_series(tmp_path / "shown") == paths


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"NumberOfOpticalPaths": 3}, "holds 3 channels.* fluorescence or grey are not read"),
        ({"SamplesPerPixel": 1}, "holds a single channel.* fluorescence or grey are not read"),
        ({"BitsAllocated": 16}, "red, green and blue in 16 bits each; 8 bits are read"),
        ({"BitsAllocated": 0}, "does not say how its pixels are stored"),
    ],
    ids=str,
)
def test_what_is_no_colour_picture_is_refused_in_words(
    tmp_path: Path, pixels: Pixels, changes: dict[str, object], words: str
) -> None:
    write_dicom(tmp_path, [pixels], changes=changes)
    with pytest.raises(SlideError, match=words) as refused:
        open_slide(tmp_path)
    assert "0 bits" not in str(refused.value)


def test_files_that_do_not_say_what_they_are_are_told_of_in_words(
    tmp_path: Path, pixels: Pixels
) -> None:
    write_dicom(tmp_path, [pixels], changes={"ImageType": ["ORIGINAL", "PRIMARY"]})
    with pytest.raises(SlideError, match="do not say which picture they are"):
        open_slide(tmp_path)


def test_a_folder_of_small_pictures_only_is_told_of_in_words(
    tmp_path: Path, pixels: Pixels
) -> None:
    image_type = ["ORIGINAL", "PRIMARY", "LABEL", "NONE"]
    write_dicom(tmp_path, [pixels], changes={"ImageType": image_type})
    with pytest.raises(
        SlideError, match="small pictures of a DICOM slide only, such as of its label"
    ):
        open_slide(tmp_path)


def test_other_dicom_is_refused_in_words(tmp_path: Path, pixels: Pixels) -> None:
    write_dicom(
        tmp_path,
        [pixels],
        changes={"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2", "Modality": "CT"},
    )
    with pytest.raises(SlideError, match=r"no DICOM whole slide, only DICOM files of modality CT"):
        open_slide(tmp_path)
    with pytest.raises(SlideError, match="of modality CT, but no whole slide"):
        open_slide(next(tmp_path.iterdir()))


@pytest.mark.parametrize("um_per_px", [0.0, 1000])
def test_a_scale_that_no_microscope_has_is_none(
    tmp_path: Path, pixels: Pixels, um_per_px: float
) -> None:
    write_dicom(tmp_path, [pixels], um_per_px=um_per_px)
    with open_slide(tmp_path) as slide:
        assert slide.info.um_per_px is None
        assert np.array_equal(slide.read(0, 0, WIDTH, HEIGHT, (WIDTH, HEIGHT)), pixels)


def test_a_file_cut_short_fails_in_words(tmp_path: Path, pixels: Pixels) -> None:
    (path,) = write_dicom(tmp_path, [pixels])
    whole = path.read_bytes()
    for length in (0, 100, 140, 600, 1500, len(whole) // 2):
        path.write_bytes(whole[:length])
        with pytest.raises(SlideError, match=r"volume|damaged|no DICOM"), open_slide(path) as slide:
            slide.read(0, 0, WIDTH, HEIGHT, (WIDTH, HEIGHT))


def test_real_files(shared: Path) -> None:
    folder = shared / "data" / "slides"
    with open_slide(folder / "boxes_1.dcm") as slide:  # a thumbnail: the series is opened
        assert (slide.info.width, slide.info.magnification) == (16, 20)
    with (
        open_slide(folder / "sm_image.dcm") as one,
        open_slide(folder / "sm_image_jpegls.dcm") as other,
    ):
        assert np.array_equal(one.read(0, 0, 50, 50, (50, 50)), other.read(0, 0, 50, 50, (50, 50)))
