"""What is stated of an encoder's images is read alike from the page and the command line."""

import pytest

from core.encoders.card import IMAGENET_DEVIATION, IMAGENET_MEAN
from core.encoders.stated import stated_preparation
from core.errors import EncoderError


def test_three_numbers_in_any_brackets_and_imagenets_where_nothing_is_stated() -> None:
    stated = stated_preparation(64, 0.5, {"mean": ("Mean", "(0.7, 0.5,0.6)")})
    assert (stated.height, stated.width, stated.um_per_px) == (64, 64, 0.5)
    assert (stated.mean, stated.deviation) == ((0.7, 0.5, 0.6), IMAGENET_DEVIATION)
    plain = stated_preparation(64, None, {"mean": ("Mean", None), "deviation": ("Deviation", None)})
    assert (plain.mean, plain.deviation) == (IMAGENET_MEAN, IMAGENET_DEVIATION)


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("mean", "1,2", "--it '1,2' is not three numbers"),
        ("mean", "", "--it '' is not three numbers"),
        ("deviation", "58.4,57.1,57.4", r"looks like 0 to 255.*divide by 255"),
        ("deviation", "0,1,1", "The input cannot be as stated"),
    ],
)
def test_what_no_image_can_be_is_refused_by_the_name_it_has_there(
    field: str, text: str, words: str
) -> None:
    with pytest.raises(EncoderError, match=words):
        stated_preparation(64, None, {field: ("--it", text)})
