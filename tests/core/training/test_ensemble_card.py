"""What an ensemble's card says of its members' averaged predictions, against scikit-learn."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from core.registry.card import Card
from core.registry.card_words import judged_on, reservations
from core.registry.package import PREDICTIONS_FILE, save_package
from core.training.ensemble import make_ensemble
from tests.core.conftest import HISTORY, card_content, tiny_model
from tests.core.training.test_ensemble import A, B, put, table


@pytest.fixture(autouse=True)
def _no_shipped_models(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOBULE_SHIPPED_MODELS", str(home / "none"))


def many(seed: int) -> pd.DataFrame:
    """Answers on eight patients of ten images, no two members alike."""
    random = np.random.default_rng(seed)
    truth = np.tile([0, 1], 40)
    chances = np.clip(0.5 + 0.15 * (2 * truth - 1) + random.normal(0, 0.25, 80), 0.01, 0.99)
    colour = np.clip(0.5 + random.normal(0, 0.25, 80), 0.01, 0.99)
    return pd.DataFrame(
        {
            "image": [f"{number}.png" for number in range(80)],
            "patient": np.repeat([f"p{number}" for number in range(8)], 10),
            "label": np.array(["no IDC", "IDC"])[truth],
            "threshold": 0.5,
            "probability no IDC": 1 - chances,
            "probability IDC": chances,
            "colour threshold": 0.5,
            "colour probability IDC": colour,
        }
    )


def test_its_card_has_the_figures_of_the_averaged_answers(home: Path) -> None:
    parts = [many(seed) for seed in (1, 2)]
    put(home, "c", parts[0], 2, temperature=1.1)
    put(home, "d", parts[1], 1, temperature=1.1)
    package = make_ensemble("both", ["c", "d"])
    result = package.card.evaluation
    assert result is not None
    frame = parts[0].assign(mean=(parts[0]["probability IDC"] + parts[1]["probability IDC"]) / 2)
    frame["threshold"] = pd.read_csv(package.path / PREDICTIONS_FILE)["threshold"]
    expected, colour = [], []
    for _, own in frame.groupby("patient"):
        truth = own["label"] == "IDC"
        called = own["mean"] >= own["threshold"]
        expected.append((roc_auc_score(truth, own["mean"]), balanced_accuracy_score(truth, called)))
        chance = own["colour probability IDC"]
        colour.append((roc_auc_score(truth, chance), balanced_accuracy_score(truth, chance >= 0.5)))
    # Every patient has ten images, so that pooled they weigh alike.
    truth, chance = frame["label"] == "IDC", frame["colour probability IDC"]
    assert (result.auroc, result.balanced_accuracy) == pytest.approx(
        (
            roc_auc_score(truth, frame["mean"]),
            balanced_accuracy_score(truth, frame["mean"] >= frame["threshold"]),
        )
    )
    assert (result.colour_auroc, result.colour_balanced_accuracy) == pytest.approx(
        (roc_auc_score(truth, chance), balanced_accuracy_score(truth, chance >= 0.5))
    )
    assert result.auroc_within_patients == pytest.approx(np.mean(expected, axis=0)[0])
    rows = [(row.auroc, row.balanced_accuracy) for row in result.by_patient]
    np.testing.assert_allclose(rows, expected)
    assert [row.patient for row in result.by_patient] == [f"p{number}" for number in range(8)]
    rows = [(row.colour_auroc, row.colour_balanced_accuracy) for row in result.by_patient]
    np.testing.assert_allclose(rows, colour)
    for value, interval in (
        (result.auroc, result.auroc_interval),
        (result.balanced_accuracy, result.balanced_accuracy_interval),
        (result.auroc - result.colour_auroc, result.difference_interval),
    ):
        assert interval is not None
        assert interval[0] < value < interval[1]
    # Each patient's difference is far above 0.
    assert result.beats_colour
    (said,) = reservations(package.card)
    assert said.startswith("▲ FEW PATIENTS: from 8 patients")
    assert judged_on(result) == "80 images of 8 patients"
    assert "mean of the members' held-out predictions" in result.protocol
    assert "Each patient was predicted by a model of their own" in result.protocol
    assert (result.stain_shift, result.tried, result.robustness) == ((), (), ())


def test_figures_of_folds_are_pooled_within_each_round(home: Path) -> None:
    folds = [
        pd.concat(
            [
                many(seed + number).assign(round=number, fold=np.repeat([1, 2, 3, 4], 20))
                for number in (1, 2)
            ]
        )
        for seed in (10, 20)
    ]
    put(home, "c", folds[0], 2, temperature=1.1)
    put(home, "d", folds[1], 1, temperature=1.1)
    result = make_ensemble("both", ["c", "d"]).card.evaluation
    assert result is not None
    mean = (folds[0]["probability IDC"] + folds[1]["probability IDC"]) / 2
    own = folds[0].assign(mean=mean.to_numpy(), truth=folds[0]["label"] == "IDC")
    aurocs = [roc_auc_score(g["truth"], g["mean"]) for _, g in own.groupby("round")]
    assert result.auroc == pytest.approx(np.mean(aurocs))
    assert (result.images, result.patients) == (80, 8)
    assert result.by_patient == ()


def test_classes_of_a_subtype_ensemble_are_judged_one_by_one(home: Path) -> None:
    names = ("a", "b", "c")
    random = np.random.default_rng(0)
    truth = np.tile([0, 1, 2], 30)
    frames = []
    for outputs, name in ((3, "c"), (3, "d")):
        chances = random.dirichlet([1, 1, 1], 90) + 0.4 * np.eye(3)[truth]
        chances = (chances / 1.4).round(6)
        chances[:, 2] = 1 - chances[:, :2].sum(axis=1)
        colour = random.dirichlet([1, 1, 1], 90)
        columns = {f"probability {each}": chances[:, at] for at, each in enumerate(names)}
        columns |= {f"colour probability {each}": colour[:, at] for at, each in enumerate(names)}
        frame = pd.DataFrame(
            {
                "image": [f"{number}.png" for number in range(90)],
                "patient": np.repeat([f"p{number}" for number in range(15)], 6),
                "label": np.array(names)[truth],
                "round": 1,
                "fold": np.repeat([1, 2, 3, 4, 5], 18),
            }
            | columns
        )
        frames.append(frame)
        # Another random start makes another network.
        folder, changes = home / "models" / name, {"task": "subtype", "classes": names}
        card = card_content(name=name, operating_point=None, **changes)
        model = tiny_model(outputs)
        if name == "d":
            model.set_weights([values * 0.5 for values in model.get_weights()])
        save_package(folder, Card.model_validate(card), model, predictions=frame, history=HISTORY)
    card = make_ensemble("both", ["c", "d"]).card
    result = card.evaluation
    assert result is not None
    columns = [f"probability {name}" for name in names]
    mean = (frames[0][columns].to_numpy() + frames[1][columns].to_numpy()) / 2
    for label, own in enumerate(result.by_class):
        assert own.auroc == pytest.approx(roc_auc_score(truth == label, mean[:, label]), abs=1e-6)
        assert own.sensitivity == pytest.approx(
            (mean[truth == label].argmax(axis=1) == label).mean()
        )
        assert (own.name, own.images, own.patients) == (names[label], 30, 15)
    called = mean.argmax(axis=1)
    assert result.balanced_accuracy == pytest.approx(balanced_accuracy_score(truth, called))
    assert card.operating_points == ()
    assert card.conformal is not None


def test_without_predictions_of_colour_the_card_has_no_figures(home: Path) -> None:
    colourless = [name for name in table(A) if name.startswith("colour")]
    put(home, "c", table(A).drop(columns=colourless), 2)
    put(home, "b", table(B), 1)
    package = make_ensemble("both", ["c", "b"])
    assert package.card.evaluation is None
    assert package.card.operating_point is not None
