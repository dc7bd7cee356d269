"""Which part of an image is explained."""

import numpy as np
import pytest

from core.explain.pieces import MOST_PIECES, Piece, pieces_of
from core.imaging.resize import resize
from core.inference.tile_size import plan_scale
from core.registry.card import Card, InputSpec
from tests.core.conftest import card_content

SPEC: InputSpec = Card.model_validate(card_content()).input  # 200 µm, 50 px at 4 µm/px


def test_an_image_that_is_one_input_is_explained_whole() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (60, 50, 3)).astype(np.uint8)
    scale = plan_scale(4.0, None, SPEC, 60, 50)
    (piece,) = pieces_of(pixels, scale, np.zeros((7, 7), np.float32))
    assert piece == Piece(0, 0, 60, 50)
    np.testing.assert_array_equal(piece.of(pixels), pixels)
    np.testing.assert_array_equal(piece.inputs(pixels, SPEC)[0], resize(pixels, 32, 32))


def test_tiles_come_in_the_order_of_their_warmth_and_hardly_overlap(tissue: np.ndarray) -> None:
    height, width = tissue.shape[:2]
    scale = plan_scale(4.0, None, SPEC, height, width)
    heatmap = np.zeros((60, 84), np.float32)  # a fifth of the image
    heatmap[30:40, 40:50] = 1.0  # 150 to 200 px down, 200 to 250 px across
    heatmap[10:20, 10:20] = 0.5
    heatmap[:4] = np.nan
    pieces = pieces_of(tissue, scale, heatmap)
    assert len(pieces) == MOST_PIECES
    assert pieces[0] == Piece(150, 200, 50, 50)
    assert Piece(50, 50, 50, 50) in pieces[1:]
    for number, piece in enumerate(pieces):
        assert piece.of(tissue).shape == (50, 50, 3)
        for other in pieces[:number]:
            assert max(abs(piece.top - other.top), abs(piece.left - other.left)) >= 25


def test_places_without_a_heatmap_are_not_offered(tissue: np.ndarray) -> None:
    scale = plan_scale(4.0, None, SPEC, *tissue.shape[:2])
    heatmap = np.full((60, 84), np.nan, np.float32)
    heatmap[10:30, 10:30] = 0.3
    for piece in pieces_of(tissue, scale, heatmap):
        assert piece.top < 150
        assert piece.left < 150


@pytest.mark.parametrize("shape", [(30, 400), (400, 30)])
def test_a_strip_narrower_than_a_tile_is_reflected(shape: tuple[int, int]) -> None:
    pixels = np.random.default_rng(0).integers(0, 200, (*shape, 3)).astype(np.uint8)
    pieces = pieces_of(pixels, plan_scale(4.0, None, SPEC, *shape), np.ones((4, 4), np.float32))
    assert len(pieces) > 1
    for piece in pieces:
        cut = piece.of(pixels)
        assert cut.shape == (50, 50, 3)
        seen = pixels[piece.top : piece.top + 50, piece.left : piece.left + 50]
        np.testing.assert_array_equal(cut[: seen.shape[0], : seen.shape[1]], seen)
