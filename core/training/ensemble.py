"""Put models together as an ensemble, with all that their own held-out predictions say of it.

Members that were judged on the same images in the same folds have been judged together as well:
the mean of their held-out predictions is the ensemble's. From it come the figures on its card, its
operating points and its prediction sets; where there is no such table it has none of them, and
`evaluate` can judge it.

Members that were trained by descent were tested on one test part, the only patients on whom nothing
was chosen. An operating point or a prediction set of the ensemble would be chosen on just these, so
it has neither: the most probable class is its answer. The validation parts cannot serve instead, as
a package keeps no predictions on them.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.errors import EvaluationError
from core.evaluation.estimand import PROTOCOLS
from core.evaluation.operating_point import RULES, choose_thresholds
from core.evaluation.predictions import Predictions
from core.evaluation.predictions_file import as_table, read_predictions
from core.registry.card import Card
from core.registry.card_results import CardEvaluation, ClassResult
from core.registry.ensemble import ensemble_card
from core.registry.manage import refuse_name
from core.registry.package import PREDICTIONS_FILE, Package, save_ensemble
from core.registry.shelf import find
from core.rights import Deed, require
from core.settings import get_settings
from core.training.judging.results import card_evaluation, operating_points
from core.training.judging.trust import sets_of

AVERAGED = "The mean of the members' held-out predictions, judged as a single model's are."
SECOND_HAND = (
    "Each threshold was chosen on the averages for other patients, from models that may have "
    "been trained on the patient it is used for, so calls may flatter a little."
)
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
        If the name is taken or unfit, a model is not at hand, or they cannot predict together.
    """
    require(Deed.CHANGE_MODELS)
    refuse_name(name)
    packages = [find(member) for member in members]
    card = ensemble_card(
        name, packages, f"python -m core models ensemble {name} {' '.join(members)}"
    )
    predictions = held_out_together(packages, card)
    if predictions is not None:
        card = _judged(card, predictions, packages)
    table = None if predictions is None else as_table(predictions)
    save_ensemble(get_settings().own_models / name, card, predictions=table)
    return find(name)


def held_out_together(packages: Sequence[Package], card: Card) -> Predictions | None:
    """The members' held-out predictions, averaged.

    Thresholds are chosen for each patient on the averages for the others; there are none where that
    leaves one class, or where the predictions are on a test part. None where a member has no such
    predictions, or leaky ones, or they are of other images or in other folds.
    """
    tables = []
    for package in packages:
        leaky = package.card.training.leaky or package.untested
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
    mean = replace(
        first,
        probabilities=np.mean(
            [table.probabilities[order][back] for table, order in zip(tables, orders, strict=True)],
            axis=0,
        ),
        thresholds=None,
        other_thresholds=None,
    )
    if mean.protocol == "one model" or card.positive_index != 1:
        return mean
    thresholds = _without_the_patient(mean)
    if thresholds is None:
        return mean
    return replace(mean, thresholds=thresholds[:, 0], other_thresholds=thresholds[:, 1:])


def _judged(card: Card, predictions: Predictions, packages: Sequence[Package]) -> Card:
    """The card with figures, operating points and prediction sets of the averages."""
    evaluation = _evaluation(predictions, packages)
    card = card.model_copy(update={"evaluation": evaluation})
    if predictions.protocol == "one model":
        return card
    labels, patients = predictions.labels, predictions.patients
    images, people = predictions.image_count, predictions.patient_count
    chosen = None
    if predictions.thresholds is not None:
        chosen = choose_thresholds(labels, predictions.probabilities[:, 1], patients)
    points = operating_points(
        predictions,
        chosen,
        f"{images} images of {people} patients, answered by the members' models that had not seen "
        "the patient",
    )
    return card.model_copy(
        update={
            "operating_point": points[0] if points else None,
            "operating_points": points,
            "conformal": sets_of(predictions),
        }
    )


def _evaluation(predictions: Predictions, packages: Sequence[Package]) -> CardEvaluation | None:
    """None where there are no predictions of colour alone, or of one class only.

    How the ensemble does under another stain or on changed images cannot be told, and stays empty.
    """
    results = (package.card.evaluation for package in packages)
    classes = (of_class for result in results if result for of_class in result.by_class)
    withheld: dict[str, ClassResult] = {
        of_class.name: of_class for of_class in classes if of_class.withheld
    }
    try:
        return card_evaluation(
            predictions,
            f"{AVERAGED} {PROTOCOLS[predictions.protocol]}",
            withheld=withheld,
            notes=() if predictions.thresholds is None else (SECOND_HAND,),
        )
    except EvaluationError:
        return None


def _without_the_patient(predictions: Predictions) -> NDArray[np.float64] | None:
    """Thresholds (N, rules) for each row, chosen on the rows of other patients.

    None where there are too few patients, or one of them alone has a class.
    """
    labels, patients = predictions.labels, predictions.patients
    positive = predictions.probabilities[:, 1]
    thresholds = np.empty((len(labels), len(RULES)))
    people = patients.astype(str)
    if len(np.unique(people)) <= _FEWEST_PATIENTS:
        return None
    for person in np.unique(people):
        of_person = people == person
        if len(np.unique(labels[~of_person])) < _CLASSES:
            return None
        thresholds[of_person] = choose_thresholds(
            labels[~of_person], positive[~of_person], patients[~of_person]
        )
    return thresholds


def _key(predictions: Predictions) -> NDArray[np.str_]:
    """What a row is about; two tables with the same keys can be averaged row by row."""
    rows = zip(
        predictions.images,
        predictions.patients,
        predictions.labels,
        predictions.rounds,
        predictions.folds,
        strict=True,
    )
    return np.array(["\x1f".join(map(str, row)) for row in rows])
