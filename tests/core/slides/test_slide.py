"""A slide of any format gives the pixels that were written, in any size, to any thread."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import SlideError
from core.imaging.read import read_image
from core.slides.slide import Slide, open_slide
from tests.core.imaging.test_profile import wide
from tests.core.slides.conftest import HEIGHT, WIDTH, WRITERS
from tests.made_slides import Pixels, pyramid, section, write_tiff


@pytest.fixture(scope="module", params=WRITERS)
def slide(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, pixels: Pixels
) -> Iterator[Slide]:
    path = WRITERS[request.param](tmp_path_factory.mktemp("slides") / "made", pixels)
    with open_slide(path) as opened:
        yield opened


def test_what_is_known_of_it(slide: Slide) -> None:
    info = slide.info
    assert (info.width, info.height) == (WIDTH, HEIGHT)
    assert info.downsamples == (1, 2, 4)
    assert len(info.fingerprint) == 64
    if info.format == "tiled TIFF":
        assert info.um_per_px is None
    else:
        assert info.um_per_px == pytest.approx(0.5)


def test_finest_level_is_what_was_written(slide: Slide, pixels: Pixels) -> None:
    assert np.array_equal(slide.read(0, 0, WIDTH, HEIGHT, (WIDTH, HEIGHT)), pixels)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    x=st.integers(-40, WIDTH + 10),
    y=st.integers(-40, HEIGHT + 10),
    side=st.integers(8, 120),
    factor=st.sampled_from([1, 1.5, 2, 3, 4, 7]),
)
def test_any_region_is_the_average_of_the_finest_pixels(
    slide: Slide, pixels: Pixels, x: int, y: int, side: int, factor: float
) -> None:
    """Coarser levels were averaged and rounded before: they are a level off."""
    size = max(1, int(side / factor))
    padded = np.full((HEIGHT + 400, WIDTH + 400, 3), 255, np.uint8)
    padded[200 : 200 + HEIGHT, 200 : 200 + WIDTH] = pixels
    part = padded[200 + y : 200 + y + side, 200 + x : 200 + x + side]
    expected = cv2.resize(part, (size, size), interpolation=cv2.INTER_AREA)
    got = slide.read(x, y, side, side, (size, size))
    assert got.dtype == np.uint8
    assert got.shape == (size, size, 3)
    difference = np.abs(got.astype(float) - expected)
    if size == side:
        assert difference.max() == 0
    else:
        # Where a region cuts the pixels of a coarser level, what was one colour has two.
        assert difference.mean() < 12
        assert difference.max() <= 1 or factor >= 2


def test_a_region_along_the_levels_own_pixels_is_exact(slide: Slide, pixels: Pixels) -> None:
    expected = cv2.resize(pixels[8:136, 16:208], (48, 32), interpolation=cv2.INTER_AREA)
    got = slide.read(16, 8, 192, 128, (48, 32))
    # OpenSlide's coarser levels begin a fraction of their pixel aside where sides were rounded.
    most = 4 if slide.info.format in {"Aperio SVS", "tiled TIFF"} else 1
    assert np.abs(got.astype(int) - expected).max() <= most


def test_thumbnail_is_the_whole_slide(slide: Slide, pixels: Pixels) -> None:
    small = slide.thumbnail(100)
    assert small.shape == (78, 100, 3)
    assert small.mean() == pytest.approx(pixels.mean(), abs=1.5)
    assert slide.thumbnail(5000).shape == pixels.shape


def test_several_threads_read_the_same_as_one(slide: Slide) -> None:
    places = [(x, y) for x in range(0, 180, 30) for y in range(0, 140, 20)]
    alone = [slide.read(*place, 37.5, 41, (30, 30)) for place in places]
    begun = threading.Barrier(6)

    def read(place: tuple[int, int]) -> Pixels:
        return slide.read(*place, 37.5, 41, (30, 30))

    with ThreadPoolExecutor(6, initializer=begun.wait) as pool:
        together = list(pool.map(read, places * 3))
    assert all(np.array_equal(a, b) for a, b in zip(together, alone * 3, strict=True))


@pytest.mark.parametrize("wrong", [(0, 5, (3, 3)), (5, -1, (3, 3)), (5, 5, (0, 3))])
def test_a_region_without_area_is_refused(
    slide: Slide, wrong: tuple[float, float, tuple[int, int]]
) -> None:
    with pytest.raises(SlideError, match="larger than 0"):
        slide.read(0, 0, *wrong)


def test_a_slide_that_was_moved_or_written_to_says_so(tmp_path: Path, pixels: Pixels) -> None:
    path = WRITERS["svs"](tmp_path / "made", pixels)
    with open_slide(path) as slide:
        path.rename(tmp_path / "other.svs")
        with pytest.raises(SlideError, match=r"made\.svs is not what it was"):
            slide.read(0, 0, 50, 50, (50, 50))
        (tmp_path / "other.svs").rename(path)
        with path.open("ab") as file:
            file.write(b"more")
        with pytest.raises(SlideError, match="Open it again"):
            slide.thumbnail(50)


def test_a_slide_with_the_same_pixels_everywhere_stays_so(tmp_path: Path) -> None:
    """Nothing bleeds in at seams between tiles or at edges of blocks."""
    grey = np.full((150, 190, 3), 77, np.uint8)
    with open_slide(write_tiff(tmp_path / "grey.svs", pyramid(grey, 3), kind="svs")) as slide:
        for size in ((190, 150), (95, 75), (61, 37), (19, 15)):
            assert (slide.read(0, 0, 190, 150, size) == 77).all()


@pytest.mark.parametrize("name", ["a.tif", "a.ome.tif"])
def test_colours_are_those_of_the_same_file_as_a_picture(tmp_path: Path, name: str) -> None:
    """That is: those of sRGB, by the file's colour profile."""
    tissue = section(70, 60)
    path = tmp_path / name
    tifffile.imwrite(path, tissue, tile=(32, 32), photometric="rgb", iccprofile=wide())
    with open_slide(path) as slide:
        got = slide.read(0, 0, 70, 60, (70, 60))
    assert np.array_equal(got, read_image(path).pixels)
    assert not np.array_equal(got, tissue)


def test_hidden_pictures_cannot_be_had(tmp_path: Path, pixels: Pixels) -> None:
    label = section(60, 50, seed=9)
    path = write_tiff(tmp_path / "named.svs", pyramid(pixels, 2), kind="svs", label=label)
    with open_slide(path) as slide:
        public = {name for name in dir(slide) if not name.startswith("_")}
        assert public == {"close", "info", "read", "thumbnail"}
        assert (slide.info.width, slide.info.height) == (WIDTH, HEIGHT)


def test_real_slides_are_what_openslide_reads(shared: Path) -> None:
    import openslide  # noqa: PLC0415 - loads its library

    for name in ("cmu-1-small-region.svs", "tcga-cr-7395-01a-01-ts1.svs", "boxes.tiff"):
        path = shared / "data" / "slides" / name
        with open_slide(path) as slide, openslide.OpenSlide(path) as other:
            place, side = (min(100, slide.info.width // 9), 20), min(700, slide.info.height - 30)
            pixels = np.asarray(other.read_region(place, 0, (side, side)).convert("RGB"))
            got = slide.read(*place, side, side, (side, side))
            assert np.array_equal(got, pixels)
            third = cv2.resize(pixels, (side * 2 // 3,) * 2, interpolation=cv2.INTER_AREA)
            got = slide.read(*place, side, side, (side * 2 // 3,) * 2)
            assert np.abs(got.astype(int) - third).max() <= 1


def test_scale_of_real_slides(shared: Path) -> None:
    scales = {}
    for name in ("cmu-1-small-region.svs", "tcga-cr-7395-01a-01-ts1.svs", "boxes.tiff"):
        with open_slide(shared / "data" / "slides" / name) as slide:
            scales[name] = slide.info.um_per_px
    assert scales["cmu-1-small-region.svs"] == 0.499
    assert scales["tcga-cr-7395-01a-01-ts1.svs"] is None
    assert scales["boxes.tiff"] is None  # 72 dots per inch
