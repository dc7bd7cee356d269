import pandas as pd

from core.evaluation.predictions_file import parse_predictions
from core.evaluation.worst_errors import worst_errors


def table(rows: list[tuple[str, str, int, float]]) -> pd.DataFrame:
    """Image, label, round and the probability of b; one fold, thresholds of 0.5."""
    found = pd.DataFrame(rows, columns=["image", "label", "round", "probability b"])
    return found.assign(patient=found["image"].str[0], fold=1, threshold=0.5)


def test_the_surest_wrong_answer_comes_first() -> None:
    rows = [("p1", "a", 1, 0.7), ("p2", "a", 1, 0.9), ("q1", "b", 1, 0.8), ("q2", "b", 1, 0.4)]
    found = worst_errors(
        parse_predictions(
            table(rows).assign(**{"probability a": 1 - table(rows)["probability b"]}), "table"
        )
    )
    assert found["image"].tolist() == ["p2", "p1", "q2"]
    assert found["called"].tolist() == ["b", "b", "a"]
    assert found["probability"].round(6).tolist() == [0.1, 0.3, 0.4]


def test_of_several_rounds_most_must_be_wrong_and_the_mean_counts() -> None:
    rows = [
        *(("p1", "a", 1, 0.9), ("p1", "a", 2, 0.8), ("p1", "a", 3, 0.1)),  # wrong twice
        *(("p2", "a", 1, 0.9), ("p2", "a", 2, 0.1), ("p2", "a", 3, 0.1)),  # wrong once
        *(("q1", "b", 1, 0.9), ("q1", "b", 2, 0.1)),  # wrong in half of them
    ]
    found = worst_errors(
        parse_predictions(
            table(rows).assign(**{"probability a": 1 - table(rows)["probability b"]}), "table"
        )
    )
    assert found["image"].tolist() == ["p1"]
    assert found[["wrong", "rounds"]].to_numpy().tolist() == [[2, 3]]
    assert round(found["probability"][0], 6) == 0.4  # of a: .1, .2 and .9


def test_of_several_classes_the_call_is_the_commonest_wrong_one() -> None:
    rows = pd.DataFrame(
        {
            "image": ["i"] * 3,
            "patient": "p",
            "label": "a",
            "round": [1, 2, 3],
            "fold": 1,
            "probability a": [0.1, 0.1, 0.2],
            "probability b": [0.8, 0.1, 0.1],
            "probability c": [0.1, 0.8, 0.7],
        }
    )
    found = worst_errors(parse_predictions(rows, "table"))
    assert found["called"].tolist() == ["c"]


def test_no_error_is_an_empty_table() -> None:
    right = table([("p1", "a", 1, 0.1)]).assign(**{"probability a": 0.9})
    assert worst_errors(parse_predictions(right, "table")).empty
