"""Reading tables of held-out answers: both layouts, and every way in which one can be damaged."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.errors import EvaluationError
from core.evaluation.predictions_file import parse_predictions, read_predictions

HEAD = "image,patient,magnification,label,"
LEFT_OUT = (
    HEAD + "threshold,probability no,probability yes,colour threshold,colour probability yes\n"
    "a/1.png,007,,no,0.6,0.9,0.1,0.5,0.3\n"
    "a/2.png,007,,yes,0.6,0.35,0.65,0.5,0.4\n"
    "b/1.png,8,40X,yes,0.3,0.7,0.3,0.5,0.9\n"
)
FOLDS = (
    HEAD + "round,fold,probability x,probability y,probability z\n"
    "1.png,p,,x,1,1,0.5,0.25,0.25\n2.png,q,,z,1,2,0.2,0.2,0.6\n"
    "1.png,p,,x,2,1,0.1,0.8,0.1\n2.png,q,,z,2,1,0.3,0.3,0.4\n"
)


def written(folder: Path, text: str) -> Path:
    path = folder / "predictions.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_patients_left_out_singly(tmp_path: Path) -> None:
    found = read_predictions(written(tmp_path, LEFT_OUT))
    assert found.classes == ("no", "yes")
    assert found.protocol == "patients"
    assert found.patients.tolist() == ["007", "007", "8"]
    assert found.labels.tolist() == [0, 1, 1]
    assert found.calls().tolist() == [0, 1, 1]
    assert found.calls(0.7).tolist() == [0, 0, 0]
    assert [rows.tolist() for rows in found.pools()] == [[0, 1], [2]]
    colour = found.colour()
    np.testing.assert_allclose(colour.probabilities, [[0.7, 0.3], [0.6, 0.4], [0.1, 0.9]])
    assert colour.calls().tolist() == [0, 0, 1]
    assert list(found.groups("magnification")) == ["40X"]
    assert found.groups("patient")["8"].images.tolist() == ["b/1.png"]


def test_folds_and_rounds(tmp_path: Path) -> None:
    found = read_predictions(written(tmp_path, FOLDS), ("z", "x", "y"))
    assert found.protocol == "folds"
    assert found.labels.tolist() == [1, 0, 1, 0]
    assert found.probabilities[0].tolist() == [0.25, 0.5, 0.25]
    assert found.calls().tolist() == [1, 0, 2, 0]
    assert [rows.tolist() for rows in found.pools()] == [[0], [1], [2, 3]]
    assert (found.image_count, found.patient_count) == (2, 2)
    assert found.colour() is None


def test_one_fold_is_one_model() -> None:
    table = pd.DataFrame(
        {"image": ["1", "2"], "patient": ["a", "b"], "label": ["n", "y"], "round": 1, "fold": 1}
        | {"probability n": [0.5, 0.2], "probability y": [0.5, 0.8]}
    )
    assert parse_predictions(table, "table").protocol == "one model"
    first = parse_predictions(table, "table", ("n", "y"), "n")
    assert first.calls(0.5).tolist() == [0, 1]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("image,", "picture,", "lacks image"),
        ("probability yes,colour thr", "chance yes,colour thr", "probabilities of two classes"),
        (",yes,0.6", ",maybe,0.6", "'maybe'"),
        ("0.9,0.1", "0.9,0.4", "sum to 1"),
        ("0.9,0.1", "1.9,-0.9", "from 0 to 1"),
        ("0.9,0.1", "0.9,", "from 0 to 1"),
        ("0.9,0.1", "0.9,nan", "from 0 to 1"),
        ("007,,no,0.6", "007,,no,high", "'high'"),
        ("a/2.png,007", "a/2.png,", "without image or patient"),
        ("a/2.png", "a/1.png", "twice"),
        (
            "b/1.png,8,40X,yes,0.3,0.7,0.3,0.5,0.9\n",
            "b,8,40X,yes,0.3,0.7,0.3,0.5,0.9,1\n",
            "cannot",
        ),
    ],
)
def test_damaged_tables_are_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in LEFT_OUT
    with pytest.raises(EvaluationError, match=message):
        read_predictions(written(tmp_path, LEFT_OUT.replace(old, new, 1)))


@pytest.mark.parametrize("text", ["", LEFT_OUT.splitlines()[0] + "\n", "\0\xff\n"])
def test_empty_or_meaningless_files_are_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(EvaluationError):
        read_predictions(written(tmp_path, text))


def test_other_failures_are_told(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="cannot be read"):
        read_predictions(tmp_path / "none.csv")
    path = tmp_path / "latin.csv"
    path.write_bytes(LEFT_OUT.replace("007", "J\xfcrgen").encode("latin-1"))
    with pytest.raises(EvaluationError, match="cannot be read"):
        read_predictions(path)
    with pytest.raises(EvaluationError, match="another model"):
        read_predictions(written(tmp_path, LEFT_OUT), ("benign", "malignant"))
    with pytest.raises(EvaluationError, match="whole numbers"):
        read_predictions(written(tmp_path, FOLDS.replace("x,1,1,0.5", "x,1,0,0.5")))
    with pytest.raises(EvaluationError, match="no class 'maybe'"):
        read_predictions(written(tmp_path, LEFT_OUT), None, "maybe")


def test_classes_stand_in_the_models_order_whatever_that_of_the_columns(tmp_path: Path) -> None:
    found = read_predictions(written(tmp_path, LEFT_OUT), ("yes", "no"), "yes")
    assert (found.classes, found.positive) == (("yes", "no"), 0)
    assert found.labels.tolist() == [1, 0, 0]
    assert found.probabilities.tolist() == [[0.1, 0.9], [0.65, 0.35], [0.3, 0.7]]
    # Called "yes" from the row's threshold on: 0.6, 0.6, 0.3.
    assert found.calls().tolist() == [1, 0, 0]
