"""Put models together as an ensemble, with all that their own held-out answers say of it.

Members that were judged on the same images in the same folds have been judged together as well:
the mean of their held-out answers is the ensemble's. From it come its operating points and its
prediction sets; where there is no such table it has neither, and `evaluate` can judge it.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import EvaluationError
from core.evaluation.operating_point import RULES, choose_thresholds
from core.evaluation.predictions import Predictions
from core.evaluation.predictions_file import PREFIX, read_predictions
from core.registry.card import Card
from core.registry.ensemble import ensemble_card
from core.registry.manage import refuse_name
from core.registry.package import PREDICTIONS_FILE, Package, save_ensemble
from core.registry.shelf import find
from core.settings import get_settings
from core.training.operating_points import operating_points
from core.training.trust import fit_sets

if TYPE_CHECKING:
    from core.registry.card_results import OperatingPoint

_FEWEST_PATIENTS = 2


def make_ensemble(name: str, members: Sequence[str]) -> Package:
    """Put models together and their ensemble on the shelf of own models.

    Parameters
    ----------
    name : str
        What it shall be called.
    members : sequence of str
        Names of models at hand.

    Raises
    ------
    PackageError
        If the name is taken or unfit, a model is not at hand, or they cannot answer together.
    """
    refuse_name(name)
    packages = [find(member) for member in members]
    card = ensemble_card(
        name, packages, f"python -m core models ensemble {name} {' '.join(members)}"
    )
    table = held_out_together(packages, card)
    if table is not None:
        card = _judged(card, table)
    save_ensemble(get_settings().own_models / name, card, predictions=table)
    return find(name)


def held_out_together(packages: Sequence[Package], card: Card) -> pd.DataFrame | None:
    """The members' held-out answers, averaged; columns as `core.training.by_folds` writes them.

    Thresholds are chosen for each patient on the answers for the others. None where a member has
    no such answers, or leaky ones, or they are of other images or in other folds.
    """
    tables = []
    for package in packages:
        leaky = package.card.training.leaky
        if leaky or PREDICTIONS_FILE not in package.card.files:
            return None
        try:
            tables.append(read_predictions(package.path / PREDICTIONS_FILE, card.classes))
        except EvaluationError:
            return None
    first = tables[0]
    keys = [_key(table) for table in tables]
    orders = [np.argsort(key) for key in keys]
    if any(not np.array_equal(np.sort(keys[0]), np.sort(key)) for key in keys):
        return None
    # Rows of the other tables in the order of the first.
    back = np.argsort(orders[0])
    chances = np.mean(
        [table.probabilities[order][back] for table, order in zip(tables, orders, strict=True)],
        axis=0,
    )
    columns: dict[str, object] = {
        "image": first.images,
        "patient": first.patients,
        "magnification": first.magnifications,
        "subtype": first.subtypes,
        "label": [card.classes[label] for label in first.labels],
    }
    if first.protocol != "patients":
        columns |= {"round": first.rounds, "fold": first.folds}
    if card.positive_index == 1 and len(np.unique(first.patients)) > _FEWEST_PATIENTS:
        thresholds = _without_the_patient(first, chances[:, 1])
        for rule, values in zip(RULES, thresholds.T, strict=True):
            columns[rule.column] = values.round(6)
    for label, own in enumerate(card.classes):
        columns[f"{PREFIX}{own}"] = chances[:, label].round(6)
    raw = pd.read_csv(packages[0].path / PREDICTIONS_FILE)
    colour = {name: raw[name] for name in raw if str(name).startswith("colour ")}
    return pd.DataFrame(columns | colour)


def _judged(card: Card, table: pd.DataFrame) -> Card:
    """The card with operating points and prediction sets from the held-out answers."""
    labels = table["label"].map(card.classes.index).to_numpy(dtype=np.int64)
    patients = table["patient"].to_numpy(dtype=object)
    chances = table[[f"{PREFIX}{own}" for own in card.classes]].to_numpy(dtype=np.float64)
    images = table["image"].nunique()
    fitted_on = (
        f"{images} images of {table['patient'].nunique()} patients, answered by the members' "
        "models that had not seen the patient"
    )
    points: tuple[OperatingPoint, ...] = ()
    if RULES[0].column in table:
        chosen = choose_thresholds(labels, chances[:, 1], patients)
        points = operating_points(table, card.classes, chosen, fitted_on)
    return card.model_copy(
        update={
            "operating_point": points[0] if points else None,
            "operating_points": points,
            "conformal": fit_sets(chances, labels, patients, card.classes, images, "left-out"),
        }
    )


def _without_the_patient(table: Predictions, positive: NDArray[np.float64]) -> NDArray[np.float64]:
    """Thresholds (N, rules) for each row, chosen on the rows of other patients."""
    found = np.empty((len(positive), len(RULES)))
    people = table.patients.astype(str)
    for person in np.unique(people):
        own = people == person
        found[own] = choose_thresholds(table.labels[~own], positive[~own], table.patients[~own])
    return found


def _key(table: Predictions) -> NDArray[np.str_]:
    """What a row is about; two tables with the same keys can be averaged row by row."""
    rows = zip(table.images, table.patients, table.labels, table.rounds, table.folds, strict=True)
    return np.array(["\x1f".join(map(str, row)) for row in rows])
