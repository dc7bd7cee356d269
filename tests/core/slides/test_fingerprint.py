"""A slide is known by its content, whatever it is called."""

from pathlib import Path

from core.slides.fingerprint import fingerprint
from core.slides.slide import open_slide
from tests.made_slides import Pixels, pyramid, section, write_dicom, write_tiff


def test_names_and_places_do_not_matter_and_content_does(tmp_path: Path, pixels: Pixels) -> None:
    path = write_tiff(tmp_path / "a.svs", pyramid(pixels, 2), kind="svs")
    with open_slide(path) as slide:
        first = slide.info.fingerprint
    path = path.rename(tmp_path / "Zoë's slide (2).svs")
    with open_slide(path) as slide:
        assert slide.info.fingerprint == first
    other = write_tiff(tmp_path / "a.svs", pyramid(section(209, 163, seed=6), 2), kind="svs")
    with open_slide(other) as slide:
        assert slide.info.fingerprint != first


def test_a_dicom_slide_is_known_by_all_its_files(tmp_path: Path, pixels: Pixels) -> None:
    paths = write_dicom(tmp_path / "a", pyramid(pixels, 2))
    with open_slide(tmp_path / "a") as folder, open_slide(paths[1]) as file:
        both = folder.info.fingerprint
        assert file.info.fingerprint == both
    (tmp_path / "a").rename(tmp_path / "b")
    (tmp_path / "b" / paths[0].name).rename(tmp_path / "b" / "zzz.dcm")
    with open_slide(tmp_path / "b") as slide:
        assert slide.info.fingerprint == both
    (tmp_path / "b" / "zzz.dcm").unlink()
    with open_slide(tmp_path / "b") as slide:
        assert slide.info.fingerprint != both


def test_little_is_read_of_a_large_file(tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(5 << 30)  # takes no room on disk
    before = fingerprint([path])
    with path.open("r+b") as file:
        file.seek((5 << 30) - 10)
        file.write(b"end")
    assert fingerprint([path]) != before
    with path.open("r+b") as file:
        file.truncate((5 << 30) - 1)
    assert fingerprint([path]) != before
