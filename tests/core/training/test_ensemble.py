"""Ensembles from the shelf: what their members' held-out answers say of them, worked out by hand.

| patient | image | A's IDC | B's IDC | mean |
|---------|-------|---------|---------|------|
| p1      | no    | 0.2     | 0.4     | 0.3  |
| p1      | IDC   | 0.6     | 0.8     | 0.7  |
| p2      | no    | 0.4     | 0.2     | 0.3  |
| p2      | IDC   | 0.8     | 0.4     | 0.6  |
| p3      | no    | 0.1     | 0.3     | 0.2  |
| p3      | IDC   | 0.9     | 0.7     | 0.8  |
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core.errors import PackageError
from core.inference.classifier import get_classifier
from core.registry.card import Card
from core.registry.card_words import NEVER_JUDGED, reservations
from core.registry.package import PREDICTIONS_FILE, Package, save_package
from core.registry.shelf import find, shelf
from core.training.ensemble import make_ensemble
from tests.core.conftest import HISTORY, card_content, tiny_model

A = (0.2, 0.6, 0.4, 0.8, 0.1, 0.9)
B = (0.4, 0.8, 0.2, 0.4, 0.3, 0.7)
MEAN = (0.3, 0.7, 0.3, 0.6, 0.2, 0.8)


def table(chances: tuple[float, ...], **columns: Any) -> pd.DataFrame:
    """Held-out answers as training writes them, one model a patient."""
    return pd.DataFrame(
        {
            "image": [f"{number}.png" for number in range(6)],
            "patient": ["p1", "p1", "p2", "p2", "p3", "p3"],
            "magnification": "",
            "subtype": "",
            "label": ["no IDC", "IDC"] * 3,
            "threshold": 0.5,
            "probability no IDC": 1 - np.array(chances),
            "probability IDC": chances,
            "colour threshold": 0.5,
            "colour probability IDC": 0.25,
            **columns,
        }
    )


def put(home: Path, name: str, predictions: pd.DataFrame, outputs: int, **changes: Any) -> Package:
    """A tiny model on the shelf; another number of outputs makes another network."""
    head = "softmax" if outputs > 1 else "sigmoid"
    card = Card.model_validate(card_content(name=name, head=head, **changes))
    model = tiny_model(outputs, head)
    folder = home / "models" / name
    return save_package(folder, card, model, predictions=predictions, history=HISTORY)


@pytest.fixture
def members(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A, and B with its rows the other way round."""
    monkeypatch.setenv("LOBULE_SHIPPED_MODELS", str(home / "none"))
    put(home, "a", table(A), 2)
    put(home, "b", table(B)[::-1], 1)
    return home


@pytest.mark.usefixtures("members")
def test_held_out_answers_are_averaged_row_by_row() -> None:
    package = make_ensemble("both", ["a", "b"])
    found = pd.read_csv(package.path / PREDICTIONS_FILE)
    assert list(found["image"]) == [f"{number}.png" for number in range(6)]
    assert list(found["label"]) == ["no IDC", "IDC"] * 3
    np.testing.assert_allclose(found["probability IDC"], MEAN, atol=1e-9)
    np.testing.assert_allclose(found["probability no IDC"], 1 - np.array(MEAN), atol=1e-9)
    assert "fold" not in found
    assert list(found["colour probability IDC"]) == [0.25] * 6


@pytest.mark.usefixtures("members")
def test_its_thresholds_are_chosen_without_the_patient_who_is_judged() -> None:
    package = make_ensemble("both", ["a", "b"])
    found = pd.read_csv(package.path / PREDICTIONS_FILE)
    # Halfway between the others' highest mean without and lowest mean with IDC.
    expected = [0.45, 0.45, 0.5, 0.5, 0.45, 0.45]
    for column in ("threshold", "threshold for equal cost"):
        np.testing.assert_allclose(found[column], expected)
    # Two patients cannot promise 95 % of a third: whatever they have is called.
    lowest = [0.1, 0.1, 0.1, 0.1, 0.15, 0.15]
    np.testing.assert_allclose(found["threshold for sensitivity 0.95"], lowest)
    point = package.card.operating_point
    assert point is not None
    assert point == package.card.operating_points[0]
    assert len(package.card.operating_points) == 3
    assert point.threshold == pytest.approx(0.45)
    assert (point.positive_class, point.sensitivity, point.specificity) == ("IDC", 1, 1)
    assert point.fitted_on.startswith("6 images of 3 patients")


@pytest.mark.usefixtures("members")
def test_its_prediction_sets_are_of_the_averaged_answers() -> None:
    conformal = make_ensemble("both", ["a", "b"]).card.conformal
    assert conformal is not None
    # Of IDC, each of the others is surer than p2, so that no cut-off would have held p2: none is
    # promised. Of no IDC, p1 and p2 are alike: half of the others are surer, and 0.7 holds both.
    assert conformal.cut_offs == pytest.approx((0.7, 0))
    # Of two patients the less sure one lies below the other, so that a third's sets hold all. Only
    # p1 and p2 are alike in no IDC: their cut-off of 0.7 rules it out for the IDC image of p3.
    assert [part.coverage for part in conformal.by_class] == pytest.approx([1, 1])
    assert [part.single for part in conformal.by_class] == pytest.approx([0, 1 / 3])
    assert [(part.patients, part.images) for part in conformal.by_class] == [(3, 3), (3, 3)]


@pytest.mark.usefixtures("members")
def test_it_answers_as_the_mean_of_its_members() -> None:
    inputs = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), dtype=np.uint8)
    alone = [get_classifier(find(name)).probabilities(inputs) for name in ("a", "b")]
    assert np.abs(alone[0] - alone[1]).max() > 0.01
    together = get_classifier(make_ensemble("both", ["a", "b"])).probabilities(inputs)
    np.testing.assert_allclose(together, np.mean(alone, axis=0), atol=1e-6)


def test_answers_of_rounds_and_folds_are_averaged_within_them(members: Path) -> None:
    folds = {"fold": [1, 1, 2, 2, 3, 3]}
    rounds = [
        pd.concat([table(own, round=1, **folds), table(own[::-1], round=2, **folds)])
        for own in (A, B)
    ]
    put(members, "c", rounds[0], 2, temperature=1.1)
    put(members, "d", rounds[1].sample(frac=1, random_state=0), 1, temperature=1.1)
    package = make_ensemble("both", ["c", "d"])
    found = pd.read_csv(package.path / PREDICTIONS_FILE)
    assert list(found["round"]) == [1] * 6 + [2] * 6
    assert list(found["fold"]) == folds["fold"] * 2
    np.testing.assert_allclose(found["probability IDC"], [*MEAN, *MEAN[::-1]], atol=1e-9)
    assert package.card.conformal is not None
    # An image answered twice counts once.
    assert package.card.conformal.fitted_on.startswith("6 images of 3 left-out")


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(table(B)[:4], id="fewer images"),
        pytest.param(table(B, patient=["p1", "p2"] * 3), id="other patients"),
        pytest.param(table(B, fold=[1, 1, 1, 2, 2, 2], round=1), id="in folds"),
        pytest.param(pd.DataFrame({"image": ["a"]}), id="not a table of answers"),
    ],
)
def test_members_judged_otherwise_leave_it_without_limits(
    members: Path, other: pd.DataFrame
) -> None:
    put(members, "other", other, 1)
    package = make_ensemble("both", ["a", "other"])
    assert PREDICTIONS_FILE not in package.card.files
    assert package.card.operating_points == ()
    assert package.card.operating_point is None
    assert package.card.conformal is None
    assert package.card.evaluation is None
    assert reservations(package.card) == (NEVER_JUDGED,)


def test_nothing_is_chosen_on_the_test_part_that_members_answered(members: Path) -> None:
    flipped = ["IDC", "no IDC"] * 3
    made = []
    for name, changes in (("right", {}), ("wrong", {"label": flipped})):
        for part, chances, outputs in (("a", A, 2), ("b", B, 1)):
            put(members, name + part, table(chances, round=1, fold=1, **changes), outputs)
        made.append(make_ensemble(name, [f"{name}a", f"{name}b"]))
    tables = [pd.read_csv(package.path / PREDICTIONS_FILE) for package in made]
    pd.testing.assert_frame_equal(*(each.drop(columns="label") for each in tables))
    assert [name for name in tables[0] if name.startswith("threshold")] == []
    fitted = {"operating_point", "operating_points", "conformal", "scope", "temperature"}
    right, wrong = (package.card.model_dump(include=fitted) for package in made)
    assert right == wrong
    assert right["operating_point"] is right["conformal"] is None
    assert right["operating_points"] == ()
    # Every mean with IDC is above 0.5 and above every one without.
    judged, opposite = made[0].card.evaluation, made[1].card.evaluation
    assert judged is not None
    assert opposite is not None
    assert (judged.auroc, judged.balanced_accuracy) == (1, 1)
    assert (opposite.auroc, opposite.balanced_accuracy) == (0, 0)
    assert [row.threshold for row in judged.by_patient] == [0.5] * 3


def test_one_patient_who_alone_has_a_class_leaves_no_thresholds(members: Path) -> None:
    label = ["no IDC", "no IDC", "no IDC", "IDC", "no IDC", "no IDC"]
    put(members, "c", table(A, label=label), 2, temperature=1.1)
    put(members, "d", table(B, label=label), 1, temperature=1.1)
    package = make_ensemble("both", ["c", "d"])
    found = pd.read_csv(package.path / PREDICTIONS_FILE)
    assert [name for name in found if name.startswith("threshold")] == []
    assert package.card.operating_point is None
    assert package.card.operating_points == ()
    assert package.card.conformal is not None
    # One image has IDC, p2's: of new patients it says nothing.
    assert package.card.conformal.cut_offs[1] == 0
    assert [part.name for part in package.card.conformal.by_class] == ["no IDC"]
    assert package.card.evaluation is not None
    # Pooled, 0.6 lies above 0.3, 0.3 and 0.2 and below 0.7 and 0.8.
    assert package.card.evaluation.auroc == pytest.approx(0.6)
    assert package.card.evaluation.auroc_within_patients == 1  # p2 alone has both classes


def test_leaky_answers_choose_no_limits(members: Path) -> None:
    training = card_content()["training"] | {"split": "image", "leaky": True}
    put(members, "leaky", table(B), 1, training=training)
    card = make_ensemble("both", ["a", "leaky"]).card
    assert card.training.leaky
    assert card.conformal is None


def test_what_cannot_be_put_together_leaves_nothing_behind(members: Path) -> None:
    spec = card_content()["input"] | {"um_per_px": 2.0}
    put(members, "finer", table(B), 1, input=spec)
    for name, parts, words in (
        ("both", ["a", "finer"], "the scale of the one is 4 µm/px, of the other 2 µm/px"),
        ("both", ["a"], "2 to 16 members; 1 were named"),
        ("both", ["a", "nobody"], "There is no model"),
        ("a", ["a", "b"], "already"),
        ("../both", ["a", "b"], "name"),
    ):
        with pytest.raises(PackageError, match=words):
            make_ensemble(name, parts)
    assert sorted(path.name for path in (members / "models").iterdir()) == ["a", "b", "finer"]


def test_a_member_that_was_trained_again_is_told_in_words(members: Path) -> None:
    make_ensemble("both", ["a", "b"])
    model = members / "models" / "b" / "model.keras"
    model.write_bytes(model.read_bytes() + b" ")
    (refused,) = [entry.error for entry in shelf() if entry.name == "both"]
    assert refused is not None
    assert "its member 'b'" in refused
    with pytest.raises(PackageError, match="Restore that model, or make the ensemble again"):
        find("both")
