"""Areas and sizes in words agree with themselves, and promise nothing that nobody knows."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.slides.in_words import area_words, ruled_out_words, share_words, size_words


@pytest.mark.parametrize(
    ("mm2", "words"),
    [(0, "0"), (0.0002, "less than 0.001"), (0.05, "0.05"), (12.64, "12.6"), (1234.5, "1,234")],
)
def test_areas_have_three_digits(mm2: float, words: str) -> None:
    assert area_words(mm2) == f"{words} mm²"


@given(st.floats(0.01, 5000), st.floats(0, 1))
def test_part_whole_and_per_cent_fit_each_other(whole: float, share: float) -> None:
    found = re.fullmatch(r"(\S+) of (\S+) mm² \((\S+) %\)", share_words(share * whole, whole))
    if found is None:
        assert "less than" in share_words(share * whole, whole)
        return
    part, all_of_it, percent = (float(each.replace(",", "")) for each in found.groups())
    assert 100 * part / all_of_it == pytest.approx(percent, abs=0.5001)


def test_a_tiny_slide_has_a_size() -> None:
    assert size_words(16, 12, 0.25) == "0.004 × 0.003 mm"
    assert size_words(85_333, 71_600, 0.25) == "21.3 × 17.9 mm"


def test_tiles_that_are_ruled_out_are_no_interval_for_the_area() -> None:
    area = {"least_mm2": 0.51, "most_mm2": 0.57, "level": 0.9}
    words = ruled_out_words({"positive": area, "shown_class": "IDC"})
    assert "can be ruled out at 90 % on 0.51 mm²" in words
    assert "IDC cannot on 0.57 mm²" in words
    assert not re.search("certain|between", words)
    assert ruled_out_words({"positive": {"level": None}, "shown_class": "IDC"}) == ""
