"""What was uploaded is kept where the list finds it, once, under a harmless name, or refused."""

from pathlib import Path

import pytest

from core.errors import SlideError
from core.imaging.overlay import encode_png
from core.slides import uploads
from core.slides.roots import list_slides, slide_path
from core.slides.slide import open_slide
from core.slides.uploads import is_slide, keep
from tests.made_slides import Pixels, pyramid, section, write_dicom, write_tiff


@pytest.fixture(autouse=True)
def only_uploads(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert home
    monkeypatch.delenv("LOBULE_SLIDES", raising=False)


@pytest.fixture
def svs(tmp_path: Path) -> bytes:
    return write_tiff(tmp_path / "a.svs", pyramid(section(60, 50), 1), kind="svs").read_bytes()


def kept_files(home: Path) -> list[str]:
    root = home / "slides" / "uploads"
    return sorted(path.name for path in root.rglob("*") if path.is_file())


def test_which_files_are_for_the_reader(
    svs: bytes, tmp_path: Path, pixels: Pixels, monkeypatch: pytest.MonkeyPatch
) -> None:
    (dicom,) = write_dicom(tmp_path / "d", [pixels])
    assert is_slide("a", dicom.read_bytes())
    assert is_slide("a.mrxs", b"JPEG")
    assert is_slide("a.ndpi", b"damaged")
    assert not is_slide("a.svs", svs)  # small: answered as a picture
    assert not is_slide("a.tif", svs)
    assert not is_slide("a.tif", encode_png(pixels))
    assert not is_slide("a.png", encode_png(pixels))
    assert not is_slide("a.tif", b"II*\0damaged")
    monkeypatch.setenv("LOBULE_MAX_IMAGE_MEGAPIXELS", "0.001")
    assert is_slide("a.svs", svs)
    assert is_slide("a.tif", svs)
    assert not is_slide("a.png", encode_png(pixels))


def test_a_slide_is_kept_once(home: Path, svs: bytes) -> None:
    (slide,) = keep({"Zoë's 1.svs": svs})
    assert slide.name == "Zoë's 1.svs"
    assert slide_path(slide.id) == slide.path
    with open_slide(slide.path) as opened:
        assert opened.info.width == 60
    assert keep({"again.svs": svs}) == [slide]
    assert list_slides() == [slide]
    assert kept_files(home) == ["Zoë's 1.svs"]


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../../etc/evil.svs", "evil.svs"),
        ("C:\\slides\\a.svs", "a.svs"),
        ("a\0\n\x1b[1m<b>.svs", "a___[1m_b_.svs"),
        ("..svs", "svs"),
        ("x" * 300 + ".svs", "x" * 120 + ".svs"),
    ],
)
def test_names_are_made_harmless(home: Path, svs: bytes, name: str, kept: str) -> None:
    if kept == "svs":
        with pytest.raises(SlideError):
            keep({name: b"nothing"})
        return
    keep({name: svs})
    assert kept_files(home) == [kept]


def test_files_of_a_series_make_one_slide(home: Path, tmp_path: Path, pixels: Pixels) -> None:
    paths = write_dicom(tmp_path / "d", pyramid(pixels, 3))
    (slide,) = keep({path.name: path.read_bytes() for path in paths})
    assert slide.path.is_dir()
    assert slide.name == "volume-0-0"
    with open_slide(slide.path) as opened:
        assert opened.info.downsamples == (1, 2, 4)
    assert len(kept_files(home)) == 3


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.svs", b"%PDF-1.7", "a PDF document"),
        ("a.ndpi", b"", "is empty"),
        ("a.mrxs", b"JPEG", "one of several files"),
        ("a.vms", b"[Virtual", "one of several files"),
        ("a.dcm", bytes(128) + b"DICM", "no whole slide"),
    ],
)
def test_what_does_not_open_is_not_kept(home: Path, name: str, content: bytes, words: str) -> None:
    with pytest.raises(SlideError, match=words):
        keep({name: content})
    assert kept_files(home) == []


def test_limits(home: Path, svs: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "_SPARE_BYTES", 1 << 60)
    with pytest.raises(SlideError, match="too little to keep"):
        keep({"a.svs": svs})
    monkeypatch.setenv("LOBULE_MAX_IMAGE_MEGABYTES", "0.001")
    with pytest.raises(SlideError, match=r"at most 0 MB are taken"):
        keep({"a.svs": svs})
    assert kept_files(home) == []
