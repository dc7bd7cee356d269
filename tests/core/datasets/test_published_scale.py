"""Scales by name, against the published ones by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.datasets.published_scale import is_named, scale_by_name

BREAKHIS = "SOB_M_DC-14-2523-400-001.png"
IDC = "8863_idx5_x51_y1251_class0.png"


@pytest.mark.parametrize(
    ("name", "size", "um_per_px"),
    [
        (BREAKHIS, (700, 460), 0.05),
        (BREAKHIS, (350, 230), 0.10),
        ("a/b\\c/" + BREAKHIS.upper(), (700, 456), 0.05),
        ("SOB_B_A-14-22549AB-40-022.png", (700, 460), 0.49),
        (BREAKHIS, (224, 224), None),  # stretched
        (IDC, (50, 50), 4.0),
        (IDC, (30, 50), 4.0),  # of the edge of a slide
        (IDC, (100, 100), 2.0),
        (IDC, (100, 60), None),
        ("patch.png", (50, 50), 4.0),  # by its size alone
        ("patch.png", (50, 51), None),
        ("field-400x.png", (700, 460), None),
        (BREAKHIS + ".txt.png", (700, 460), None),
    ],
)
def test_scale_follows_from_name_and_size(
    name: str, size: tuple[int, int], um_per_px: float | None
) -> None:
    told = scale_by_name(name, *size)
    assert (told and told[0]) == (um_per_px and pytest.approx(um_per_px))


@given(st.text(max_size=60), st.integers(0, 5000), st.integers(0, 5000))
def test_any_name_is_data(name: str, width: int, height: int) -> None:
    told = scale_by_name(name, width, height)
    assert told is None or is_named(name) or width == height == 50
