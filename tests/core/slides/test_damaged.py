"""Damaged slides fail in words, at opening or at the part that cannot be read; the rest is read."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import SlideError
from core.slides.slide import open_slide
from tests.core.slides.conftest import HEIGHT, WIDTH, WRITERS
from tests.made_slides import Pixels, pyramid, section, write_tiff


def spoil(path: Path, level: int, tile: int) -> None:
    """Overwrite the bytes of one tile."""
    with tifffile.TiffFile(path) as file:
        page = file.series[0].levels[level].pages[0]
        offset, count = page.dataoffsets[tile], page.databytecounts[tile]
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(b"\xa5" * count)


@pytest.mark.parametrize("kind", ["svs", "ome", "plain"])
def test_one_tile_that_cannot_be_read_leaves_the_rest(
    tmp_path: Path, pixels: Pixels, kind: str
) -> None:
    path = WRITERS[kind](tmp_path / "made", pixels)
    spoil(path, 0, 1)  # of 32 px, the second of the first row
    with open_slide(path) as slide:
        for _ in range(2):
            with pytest.raises(SlideError, match=r"cannot be read around pixel 40, 5\b.*damaged"):
                slide.read(40, 5, 20, 20, (20, 20))
            assert np.array_equal(slide.read(64, 0, 90, 90, (90, 90)), pixels[:90, 64:154])
            assert np.array_equal(slide.read(0, 0, 32, 90, (32, 90)), pixels[:90, :32])
        assert slide.thumbnail(50).shape == (39, 50, 3)


@pytest.mark.parametrize("kind", ["svs", "ome"])
def test_threads_that_meet_the_damage_leave_the_others_alone(
    tmp_path: Path, pixels: Pixels, kind: str
) -> None:
    path = WRITERS[kind](tmp_path / "made", pixels)
    spoil(path, 0, 1)
    with open_slide(path) as slide, ThreadPoolExecutor(6) as pool:

        def read(number: int) -> bool:
            if number % 3 == 0:
                with pytest.raises(SlideError):
                    slide.read(40, 5, 20, 20, (20, 20))
                return True
            x = 64 + number % 7 * 16
            return np.array_equal(slide.read(x, 0, 32, 32, (32, 32)), pixels[:32, x : x + 32])

        assert all(pool.map(read, range(150)))


@pytest.mark.parametrize("kind", ["svs", "ome", "plain"])
def test_a_damaged_coarse_level_is_made_of_the_finer_one(
    tmp_path: Path, pixels: Pixels, kind: str
) -> None:
    path = WRITERS[kind](tmp_path / "made", pixels)
    with open_slide(path) as slide:
        expected = slide.thumbnail(52)
    spoil(path, 2, 0)
    with open_slide(path) as slide:
        got = slide.thumbnail(52)
    assert np.abs(got.astype(float) - expected).mean() < 3


@pytest.mark.parametrize("kind", ["svs", "ome", "plain"])
def test_files_cut_short_fail_in_words_or_read_what_is_there(
    tmp_path: Path, pixels: Pixels, kind: str
) -> None:
    path = WRITERS[kind](tmp_path / "made", pixels)
    whole = path.read_bytes()
    words = []
    for share in (0, 0.001, 0.2, 0.5, 0.9, 0.99):
        path.write_bytes(whole[: int(share * len(whole))])
        try:
            with open_slide(path) as slide:
                slide.read(0, 0, WIDTH, HEIGHT, (WIDTH, HEIGHT))
        except SlideError as error:
            words.append(str(error))
    assert len(words) >= 4
    assert all("made." in said and str(tmp_path) not in said for said in words)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_changed_bytes_never_raise_anything_else(
    tmp_path: Path, pixels: Pixels, data: st.DataObject
) -> None:
    kind = data.draw(st.sampled_from(["svs", "ome", "plain"]))
    path = WRITERS[kind](tmp_path / "made", pixels[:70, :70])
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.sampled_from([0, len(content) - 2500]))
        place = start + data.draw(st.integers(0, 2499))
        content[min(max(place, 0), len(content) - 1)] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        with open_slide(path) as slide:
            slide.read(0, 0, 64, 64, (32, 32))
    except SlideError:
        pass


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"%PDF-1.7 and so on", "a PDF document"),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), "not a slide that Lobule opens"),
        (b"SQLite format 3\0" + bytes(500), "not a slide|damaged"),
        (b"II*\0\x08\0\0\0", "damaged or incomplete"),
    ],
)
def test_what_is_no_slide_is_called_what_it_is(tmp_path: Path, content: bytes, words: str) -> None:
    for suffix in (".svs", ".ndpi", ".mrxs.txt"):
        path = tmp_path / f"a{suffix}"
        path.write_bytes(content)
        with pytest.raises(SlideError, match=words):
            open_slide(path)


def test_missing_files_and_empty_folders(tmp_path: Path) -> None:
    with pytest.raises(SlideError, match=r"gone\.svs does not exist"):
        open_slide(tmp_path / "gone.svs")
    with pytest.raises(SlideError, match="holds no DICOM whole slide"):
        open_slide(tmp_path)


@pytest.mark.parametrize(
    ("shape", "dtype", "options"),
    [
        ((64, 64), np.uint8, {"photometric": "minisblack"}),
        ((64, 64, 3), np.uint16, {"photometric": "rgb"}),
        ((3, 64, 64), np.uint8, {"photometric": "minisblack", "metadata": {"axes": "CYX"}}),
        ((4, 64, 64), np.uint16, {"photometric": "minisblack", "metadata": {"axes": "CYX"}}),
    ],
)
def test_what_is_not_red_green_and_blue_is_refused(
    tmp_path: Path, shape: tuple[int, ...], dtype: type, options: dict[str, object]
) -> None:
    path = tmp_path / "a.ome.tiff"
    names = {"Channel": {"Name": ["DAPI", "FITC", "TRITC", "Cy5"][: shape[0]]}}
    options["metadata"] = {
        **options.get("metadata", {}),
        **(names if len(shape) == 3 and shape[0] < 9 else {}),
    }
    tifffile.imwrite(path, np.zeros(shape, dtype), tile=(32, 32), ome=True, **options)
    with pytest.raises(SlideError, match=r"8-bit|without colours|fluorescence"):
        open_slide(path)


def test_colours_on_planes_of_their_own_are_put_together(tmp_path: Path) -> None:
    pixels = section(90, 70)
    for name, options in {
        "separate": {"photometric": "rgb", "planarconfig": "separate", "metadata": {"axes": "SYX"}},
        "channels": {
            "photometric": "minisblack",
            "metadata": {"axes": "CYX", "Channel": {"Name": ["Red", "Green", "Blue"]}},
        },
    }.items():
        path = tmp_path / f"{name}.ome.tiff"
        tifffile.imwrite(path, np.moveaxis(pixels, -1, 0), tile=(32, 32), ome=True, **options)
        with open_slide(path) as slide:
            assert slide.info.format == "OME-TIFF"
            assert np.array_equal(slide.read(0, 0, 90, 70, (90, 70)), pixels)


def test_an_ome_document_cannot_name_other_files(tmp_path: Path) -> None:
    secret = section(64, 64, seed=3)
    tifffile.imwrite(tmp_path / "secret.ome.tiff", secret, photometric="rgb", ome=True)
    (tmp_path / "in").mkdir()
    path = write_tiff(tmp_path / "in" / "a.ome.tiff", pyramid(section(64, 64), 1), kind="ome")
    content = path.read_bytes()
    with tifffile.TiffFile(tmp_path / "secret.ome.tiff") as file:
        uuid = str(file.ome_metadata).split('UUID="', 1)[1].split('"', 1)[0]
    start = content.index(b"<TiffData")
    stop = content.index(b"/>", start) + 2 if b"/>" in content[start:] else start
    named = f'<TiffData IFD="0"><UUID FileName="../secret.ome.tiff">{uuid}</UUID></TiffData>'
    text = content[start:stop]
    path.write_bytes(content.replace(text, named.encode()[: len(text)].ljust(len(text))))
    try:
        with open_slide(path) as slide:
            assert not np.array_equal(slide.read(0, 0, 64, 64, (64, 64)), secret)
    except SlideError:
        pass


def test_real_damaged_slides(shared: Path) -> None:
    folder = shared / "data" / "slides"
    with pytest.raises(SlideError, match=r"unopenable\.tiff is compressed in a way"):
        open_slide(folder / "unopenable.tiff")
    with open_slide(folder / "unreadable.svs") as slide:
        assert slide.info.width == 16
        with pytest.raises(SlideError, match="cannot be read around pixel 0, 0"):
            slide.thumbnail(16)
