"""Patterns that find patients."""

import pytest

from core.datasets import patient_names
from core.errors import DatasetError


@pytest.mark.parametrize(
    "pattern", [r"(?P<patient>(?:a|aa)+)c", r"(?P<patient>(a+)+)\.$", r"(?P<patient>(.*a){20})z"]
)
def test_a_pattern_that_would_search_for_ever_is_given_up(
    pattern: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patient_names, "SEARCH_SECONDS", 0.5)
    with pytest.raises(DatasetError, match=r"has not searched 3 paths within 0.5 s"):
        patient_names.by_pattern([f"{'a' * 60}.png"] * 3, pattern)
