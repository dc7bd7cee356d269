"""The two BreaKHis models that ship: their cards against their predictions and the README."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import recall_score, roc_auc_score

from core.registry.card_results import CardEvaluation
from core.registry.package import Package
from core.registry.shelf import active_name, find, shelf

README = Path(__file__).parents[2] / "README.md"
SHIPPED = ["breakhis-binary", "breakhis-subtype", "idc"]


def table(package: Package) -> pd.DataFrame:
    return pd.read_csv(package.path / "predictions.csv", dtype={"patient": str})


def within_folds(table: pd.DataFrame, name: str, column: str) -> float:
    """AUROC of a class against the others in each fold of each round, then the mean."""
    values = []
    for _, fold in table.groupby(["round", "fold"]):
        truth = fold["label"] == name
        if 0 < truth.sum() < len(fold):
            values.append(roc_auc_score(truth, fold[column]))
    return float(np.mean(values))


def figures(package: Package) -> CardEvaluation:
    assert package.card.evaluation
    return package.card.evaluation


@pytest.mark.parametrize("name", SHIPPED)
def test_ships_sound_and_small(name: str) -> None:
    package = find(name)
    assert sum(path.stat().st_size for path in package.path.iterdir()) < 32_000_000
    assert package.card.training.command == (
        f"python -m core train --recipe {name} --data FOLDER --name {name}"
    )


def test_three_ship_and_idc_answers_unless_another_is_chosen() -> None:
    assert [entry.name for entry in shelf() if entry.shipped and not entry.error] == SHIPPED
    assert active_name() == "idc"


@pytest.mark.parametrize("name", SHIPPED[:2])
def test_every_patient_is_in_one_fold_of_a_round(name: str) -> None:
    rows = table(find(name))
    assert (rows.groupby(["round", "patient"])["fold"].nunique() == 1).all()
    assert not rows.duplicated(["round", "image"]).any()
    assert set(rows["round"]) == {1, 2, 3}
    assert set(rows["fold"]) == {1, 2, 3, 4, 5}


def test_binary_card_follows_from_its_predictions() -> None:
    package = find("breakhis-binary")
    rows, card = table(package), figures(package)
    positive = package.card.classes[1]
    assert card.auroc == pytest.approx(
        within_folds(rows, positive, f"probability {positive}"), abs=1e-4
    )
    assert card.colour_auroc == pytest.approx(
        within_folds(rows, positive, f"colour probability {positive}"), abs=1e-4
    )
    shares = []
    for _, own in rows.groupby("round"):
        truth = own["label"] == positive
        called = own[f"probability {positive}"] >= own["threshold"]
        shares.append(recall_score(truth, called, average="macro"))
    assert card.balanced_accuracy == pytest.approx(np.mean(shares), abs=1e-3)
    assert (card.images, card.patients) == (rows["image"].nunique(), rows["patient"].nunique())


def test_subtype_card_follows_from_its_predictions_and_withholds_what_rests_on_one_patient() -> (
    None
):
    package = find("breakhis-subtype")
    rows, card = table(package), figures(package)
    judged = []
    for own in card.by_class:
        people = rows[rows["label"] == own.name]["patient"].nunique()
        if own.patients < 2:
            assert own.auroc is None
            assert own.sensitivity is None
            assert own.withheld
            assert "patient" in own.withheld
            continue
        assert people == own.patients
        auroc = within_folds(rows, own.name, f"probability {own.name}")
        assert own.auroc == pytest.approx(auroc, abs=5e-4)  # six digits in the table
        judged.append(auroc)
    assert len(card.by_class) == 8
    assert judged
    assert card.auroc == pytest.approx(np.mean(judged), abs=5e-4)


@pytest.mark.parametrize("name", SHIPPED[:2])
def test_card_says_how_it_stands_against_colour_and_under_another_stain(name: str) -> None:
    card = figures(find(name))
    assert card.difference_interval
    assert card.beats_colour == (card.difference_interval[0] > 0)
    assert [shift.strength for shift in card.stain_shift] == [0.1, 0.25]
    assert any("few patients" in note for note in card.notes)
    assert find(name).card.input.fields_um == pytest.approx(
        find("breakhis-binary").card.input.fields_um
    )


def test_binary_card_holds_the_table_of_what_was_tried() -> None:
    package = find("breakhis-binary")
    tried = figures(package).tried
    assert len(tried) >= 10
    (shipped,) = [row for row in tried if "(shipped)" in row.what]
    assert shipped.auroc == pytest.approx(figures(package).auroc, abs=0.01)
    assert any(row.what.startswith("Colour alone") for row in tried)


@pytest.mark.parametrize("name", SHIPPED[:2])
def test_readme_and_card_tell_the_same(name: str) -> None:
    card = figures(find(name))
    assert card.auroc_interval
    low, high = card.auroc_interval
    shifted = card.stain_shift[-1]
    assert (
        f"| `{name}` | {card.images:,} | {card.patients} | **{card.auroc:.3f}** "
        f"({low:.3f}–{high:.3f}) | {card.colour_auroc:.3f} | {shifted.auroc:.3f} "
        f"| {card.balanced_accuracy:.3f} | {card.colour_balanced_accuracy:.3f} |"
    ) in README.read_text(encoding="utf-8")
