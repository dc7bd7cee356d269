from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pages.parts import answers


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    state: dict[str, Any] = {}
    monkeypatch.setattr(answers.st, "session_state", state)
    return state


def heavy(megabytes: int) -> Any:
    pixels = np.zeros((megabytes, 1000, 1000), np.uint8)
    return SimpleNamespace(
        image=SimpleNamespace(pixels=pixels),
        heatmap=np.zeros(1),
        probability_map=None,
        operating_point=None,
        predicted="a",
        classes=("a", "b"),
        verdict=SimpleNamespace(name="a"),
        probabilities=np.array([0.8, 0.2]),
    )


def test_old_answers_make_room_but_stay_on_the_list(session: dict[str, Any]) -> None:
    keys = [(str(number), "model", None, None, None) for number in range(5)]
    for key in keys:
        answers._keep(key, heavy(90))
    assert list(session["answers"]) == keys[2:]
    assert set(session["summaries"]) == {key[:3] for key in keys}
    assert session["summaries"][keys[0][:3]] == answers.Summary("a", 0.8, None, "a")


def test_an_answer_larger_than_the_room_is_kept_while_it_is_shown(session: dict[str, Any]) -> None:
    answers._keep(("big", "model", None, None, None), heavy(301))
    assert len(session["answers"]) == 1
