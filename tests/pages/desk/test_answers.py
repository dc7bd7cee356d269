from types import SimpleNamespace
from typing import Any

import numpy as np

from pages.desk import answers
from pages.desk.state import Desk


def heavy(megabytes: int) -> Any:
    pixels = np.zeros((1000, 1000 * megabytes // 3, 3), np.uint8)
    return SimpleNamespace(
        image=SimpleNamespace(pixels=pixels),
        heatmap=np.zeros(1),
        probability_map=None,
        operating_point=None,
        predicted="a",
        classes=("a", "b"),
        card=None,
        model_sha256="model",
        outcome=SimpleNamespace(name="undecided"),
        scope=SimpleNamespace(tested=True, inside=True),
        seconds=1.5,
        probabilities=np.array([0.75, 0.25]),
    )


def test_old_answers_make_room_but_stay_on_the_list() -> None:
    desk = Desk("token")
    keys = [(str(number), "model", None, None, None) for number in range(5)]
    for key in keys:
        answers.keep(desk, key, heavy(30))
    assert list(desk.answers) == keys[2:]
    assert set(desk.summaries) == {key[:3] for key in keys}
    found = desk.summaries[keys[0][:3]]
    assert (found.predicted, found.probability, found.positive) == ("a", 0.75, None)
    assert (found.outcome, found.scope, found.chances) == ("undecided", True, (0.75, 0.25))
    assert found.thumbnail.startswith("data:image/")


def test_an_answer_larger_than_the_room_is_kept_while_it_is_shown() -> None:
    desk = Desk("token")
    answers.keep(desk, ("big", "model", None, None, None), heavy(120))
    assert len(desk.answers) == 1
