"""Scales that names and sizes tell, by hand from the published ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.datasets.published_scale import scale_by_name

FIELD = "SOB_B_A-14-22549AB-100-001.png"


@pytest.mark.parametrize(
    ("width", "height", "um_per_px"),
    [(700, 460, 0.2), (350, 230, 0.4), (224, 147, 0.625), (1400, 920, 0.1)],
)
def test_a_resized_field_shows_the_same_tissue(width: int, height: int, um_per_px: float) -> None:
    scale = scale_by_name(FIELD, width, height)
    assert scale is not None
    assert scale[0] == pytest.approx(um_per_px)


@given(st.integers(60, 3000))
def test_a_side_that_was_rounded_up_or_down_is_no_crop(width: int) -> None:
    height = width * 460 / 700
    for rounded in (int(height), int(height) + 1):
        assert scale_by_name(FIELD, width, rounded) is not None


@pytest.mark.parametrize(("width", "height"), [(300, 200), (460, 460), (460, 700), (690, 460)])
def test_a_crop_has_no_known_scale(width: int, height: int) -> None:
    assert scale_by_name(FIELD, width, height) is None


def test_a_patch_without_its_name_is_told_from_one_with_it() -> None:
    nameless = scale_by_name("picture.png", 50, 50)
    named = scale_by_name("10253_idx5_x1001_y1001_class0.png", 50, 50)
    assert nameless is not None
    assert named is not None
    assert nameless[0] == named[0] == 4.0
    assert nameless[1] != named[1]
