"""Of a slide that is damaged in places the rest is seen: in lists, on the map, in overviews."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import SlideError
from core.slides.frame import FINEST
from core.slides.piecewise import GREY, read_pieces, whole_slide
from core.slides.pyramid import thumbnail, tile
from core.slides.slide import Slide, open_slide
from tests.core.slides.test_damaged import spoil
from tests.made_slides import pyramid, section, write_tiff

WIDTH, HEIGHT, TILE = 1100, 600, 128


@pytest.fixture(scope="module", params=["svs", "plain"])
def damaged(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two levels; the second tile of the second row of the finest is spoilt, and all the coarse."""
    path = tmp_path_factory.mktemp("damaged") / "a.tif"
    levels = pyramid(section(WIDTH, HEIGHT, seed=9), 2)
    write_tiff(path, levels, kind=request.param, um_per_px=0.5, tile=TILE)
    spoil(path, 0, -(-WIDTH // TILE) + 1)
    for number in range(-(-(WIDTH // 2) // TILE) * -(-(HEIGHT // 2) // TILE)):
        spoil(path, 1, number)
    return path


def decoded(picture: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")).astype(float)


def test_only_what_is_damaged_is_left_out(damaged: Path) -> None:
    expected = section(WIDTH, HEIGHT, seed=9)
    with open_slide(damaged) as slide:
        pieces = read_pieces(slide, 0, 0, WIDTH, HEIGHT, (WIDTH, HEIGHT))
    hit = np.zeros((HEIGHT, WIDTH), np.bool_)
    hit[TILE : 2 * TILE, TILE : 2 * TILE] = True
    assert pieces.unread[hit].all()
    assert (pieces.pixels[pieces.unread] == GREY).all()
    np.testing.assert_array_equal(pieces.pixels[~pieces.unread], expected[~pieces.unread])
    # No piece is wider than 32 px, so at most that is lost beside the damage.
    hit[TILE - 32 : 2 * TILE + 32, TILE - 32 : 2 * TILE + 32] = True
    assert not pieces.unread[~hit].any()
    assert "cannot be read (" in pieces.words


def test_pictures_and_coarse_tiles_show_the_rest(damaged: Path) -> None:
    whole = section(WIDTH, HEIGHT, seed=9).astype(float)
    with open_slide(damaged) as slide:
        small = decoded(thumbnail(slide, 550))
        coarse = decoded(tile(slide, FINEST - 1, 2 ** (FINEST - 2), 2 ** (FINEST - 2)))
    halved = whole[:512, :512].reshape(256, 2, 256, 2, 3).mean(axis=(1, 3))
    for got in (small[:256, :256], coarse):
        assert np.abs(got[:, 160:] - halved[:, 160:]).mean() < 8, "as JPEG has it"
        middle = got[72:120, 72:120]
        assert np.abs(middle - middle.mean(axis=-1, keepdims=True)).max() < 6, "grey"


def test_where_nothing_can_be_read_it_is_said(
    damaged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise SlideError("damaged")

    with open_slide(damaged) as slide:
        monkeypatch.setattr(Slide, "read", fail)
        with pytest.raises(SlideError, match="damaged"):
            whole_slide(slide, 300)
