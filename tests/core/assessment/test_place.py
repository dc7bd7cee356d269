from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.assessment import place
from core.assessment.place import place_for


@pytest.fixture(autouse=True)
def _stopped_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock:
        @staticmethod
        def now(_zone: object) -> datetime:
            return datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

    monkeypatch.setattr(place, "datetime", Clock)


@pytest.mark.parametrize(
    ("dataset", "named"),
    [
        ("IDC", "IDC"),
        ("../../etc/passwd", "etc-passwd"),
        ("my slides (2nd)\n", "my-slides-2nd"),
        ("..", "dataset"),
        ("乳腺", "dataset"),
        ("x" * 300, "x" * 60),
    ],
)
def test_any_name_makes_one_folder_under_home(home: Path, dataset: str, named: str) -> None:
    expected = home / "evaluations" / f"tiny-{named}-20260102-030405" / "predictions.csv"
    assert place_for("tiny", dataset) == expected
    assert not expected.parent.exists()


def test_two_in_a_second_have_two_places() -> None:
    first = place_for("tiny", "IDC")
    first.parent.mkdir(parents=True)
    assert place_for("tiny", "IDC").parent.name == f"{first.parent.name}-2"
