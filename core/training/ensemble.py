"""Put models together as an ensemble, with all that their own held-out answers say of it.

Members that were judged on the same images in the same folds have been judged together as well:
the mean of their held-out answers is the ensemble's. From it come the figures on its card, its
operating points and its prediction sets; where there is no such table it has none of them, and
`evaluate` can judge it.

Members that were trained by descent answered one test part, the only patients on whom nothing was
chosen. An operating point or a prediction set of the ensemble would be chosen on just these, so it
has neither: the most probable class is its answer. The validation parts cannot serve instead, as a
package keeps no answers on them.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import EvaluationError
from core.evaluation.operating_point import RULES, choose_thresholds
from core.evaluation.predictions import Predictions
from core.evaluation.predictions_file import PREFIX, parse_predictions, read_predictions
from core.registry.card import Card
from core.registry.ensemble import ensemble_card
from core.registry.manage import refuse_name
from core.registry.package import PREDICTIONS_FILE, Package, save_ensemble
from core.registry.shelf import find
from core.settings import get_settings
from core.training.judging.judge_together import judge_together
from core.training.judging.thresholds import operating_points
from core.training.judging.trust import fit_sets

if TYPE_CHECKING:
    from core.registry.card_results import OperatingPoint

_FEWEST_PATIENTS = 2
_CLASSES = 2  # that a threshold parts


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
        card = _judged(card, table, _withheld(packages))
    save_ensemble(get_settings().own_models / name, card, predictions=table)
    return find(name)


def held_out_together(packages: Sequence[Package], card: Card) -> pd.DataFrame | None:
    """The members' held-out answers, averaged; columns as `judging.by_folds` writes them.

    Thresholds are chosen for each patient on the answers for the others; there are none where that
    leaves one class, or where the answers are on a test part. None where a member has no such
    answers, or leaky ones, or they are of other images or in other folds.
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
    if first.protocol != "one model" and card.positive_index == 1:
        thresholds = _without_the_patient(first, chances[:, 1])
        if thresholds is not None:
            names = (rule.column for rule in RULES)
            columns |= dict(zip(names, thresholds.T.round(6), strict=True))
    for label, own in enumerate(card.classes):
        columns[f"{PREFIX}{own}"] = chances[:, label].round(6)
    raw = pd.read_csv(packages[0].path / PREDICTIONS_FILE)
    colour = {name: raw[name] for name in raw if str(name).startswith("colour ")}
    return pd.DataFrame(columns | colour)


def _judged(card: Card, table: pd.DataFrame, withheld: dict[str, str]) -> Card:
    """The card with figures, operating points and prediction sets from the held-out answers."""
    answers = parse_predictions(table.astype(str), "the members' held-out answers", card.classes)
    card = card.model_copy(update={"evaluation": judge_together(answers, withheld)})
    if answers.protocol == "one model":
        return card
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


def _withheld(packages: Sequence[Package]) -> dict[str, str]:
    """Classes without figures on a member's card, and why."""
    results = (package.card.evaluation for package in packages)
    every = (own for result in results if result for own in result.by_class)
    return {own.name: own.withheld for own in every if own.withheld}


def _without_the_patient(
    table: Predictions, positive: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    """Thresholds (N, rules) for each row, chosen on the rows of other patients.

    None where there are too few patients, or one of them alone has a class.
    """
    found = np.empty((len(positive), len(RULES)))
    people = table.patients.astype(str)
    if len(np.unique(people)) <= _FEWEST_PATIENTS:
        return None
    for person in np.unique(people):
        own = people == person
        if len(np.unique(table.labels[~own])) < _CLASSES:
            return None
        found[own] = choose_thresholds(table.labels[~own], positive[~own], table.patients[~own])
    return found


def _key(table: Predictions) -> NDArray[np.str_]:
    """What a row is about; two tables with the same keys can be averaged row by row."""
    rows = zip(table.images, table.patients, table.labels, table.rounds, table.folds, strict=True)
    return np.array(["\x1f".join(map(str, row)) for row in rows])
