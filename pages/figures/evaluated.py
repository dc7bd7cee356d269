"""Held-out predictions of a model, read once, and the figures that follow from them."""

from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from core.errors import LobuleError
from core.evaluation.few_patients import MARK, is_few
from core.registry.card_results import ROBUSTNESS_IMAGES
from core.registry.card_words import LEAKY_FIGURES, MAYBE_MET
from core.registry.package import PREDICTIONS_FILE, Package
from pages.shared.plain import visible

if TYPE_CHECKING:
    from core.datasets.records import Dataset
    from core.evaluation.judge import Evaluation
    from core.evaluation.predictions import Predictions
    from core.registry.card_results import Robustness

COLOUR = ("colour", "alone")


@dataclass(frozen=True, slots=True)
class EvaluatedModel:
    """Predictions of one model, and where they are from.

    `on` says whose images they are; `leaky` why their figures flatter, if they do; `dataset` is the
    user's own that it was judged on, None for the patients held out of its training.
    `robustness` holds the figures on changed images, the first entry on the same images unchanged,
    and `tried_on` how many images these were.
    """

    name: str
    package: Package
    predictions: "Predictions"
    table: Path
    on: str
    leaky: str | None = None
    dataset: "Dataset | None" = None
    robustness: "tuple[Robustness, ...]" = ()
    tried_on: int = 0

    @property
    def title(self) -> str:
        """The model's title, as figures may show it."""
        return label(self.package.card.title)

    @property
    def mark(self) -> str:
        """What stands before a figure that flatters; empty for others."""
        return "▲ LEAKY " if self.leaky else ""

    @property
    def few(self) -> bool:
        """Whether so few patients stand behind its figures that these are marked."""
        return is_few(self.predictions.patient_count)

    @property
    def chart_mark(self) -> str:
        """What is written above a chart of its figures; empty for others."""
        from core.plots.frame import LEAKY  # noqa: PLC0415 - Plotly

        return "  ".join([LEAKY] * bool(self.leaky) + [MARK] * self.few)

    @property
    def key(self) -> tuple[str, int, int]:
        """What the predictions are known by."""
        written = self.table.stat()
        return str(self.table), written.st_mtime_ns, written.st_size


def held_out(name: str, package: Package) -> EvaluatedModel | str:
    """The held-out predictions that a package brings along, or why there are none."""
    card, result = package.card, package.card.evaluation
    leaky = card.training.leaky or (result is not None and result.leaky)
    dataset = card.origin.judged_on if card.origin else card.training.dataset
    model = read(
        name,
        package,
        package.path / PREDICTIONS_FILE,
        on=f"held-out patients of {dataset}",
        leaky=(MAYBE_MET if card.origin else LEAKY_FIGURES) if leaky else None,
    )
    if isinstance(model, str) or result is None or not result.robustness:
        return model
    tried_on = min(ROBUSTNESS_IMAGES, model.predictions.image_count)
    return replace(model, robustness=result.robustness, tried_on=tried_on)


def read(
    name: str,
    package: Package,
    table: Path,
    *,
    on: str,
    leaky: str | None = None,
    dataset: "Dataset | None" = None,
) -> EvaluatedModel | str:
    """The predictions in a table, or why they cannot be had."""
    card = package.card
    point = card.operating_point
    try:
        written = table.stat()
    except OSError:
        return f"{card.name} has no {table.name}: no predictions to judge it by."
    predictions = _read(
        str(table),
        written.st_mtime_ns,
        written.st_size,
        card.classes,
        point.positive_class if point else None,
    )
    if isinstance(predictions, str):
        return predictions
    return EvaluatedModel(name, package, predictions, table, on, leaky, dataset)


@st.cache_resource(show_spinner=False, max_entries=16)
def _read(
    path: str,
    written: int,  # noqa: ARG001 - another file
    size: int,  # noqa: ARG001
    classes: tuple[str, ...],
    positive: str | None,
) -> "Predictions | str":
    from core.evaluation.predictions_file import read_predictions  # noqa: PLC0415 - pandas

    try:
        return read_predictions(Path(path), classes, positive)
    except LobuleError as error:
        return str(error)


def evaluated(model: EvaluatedModel, group: tuple[str, str] | None = None) -> "Evaluation":
    """Every figure with its interval, of all predictions or those of a group.

    A group is a kind (magnification, subtype, patient) and its name; `COLOUR` are those of
    colour alone.

    It takes about a second for each 5,000 predictions, the first time.
    """
    return _judge(model.key, group, model)


@st.cache_resource(show_spinner="Working out the figures and their intervals …", max_entries=200)
def _judge(
    key: tuple[str, int, int],  # noqa: ARG001 - what the predictions are known by
    group: tuple[str, str] | None,
    _model: EvaluatedModel,
) -> "Evaluation":
    from core.evaluation.judge import evaluation_of  # noqa: PLC0415 - pandas

    predictions, colour = _model.predictions, None
    if group == COLOUR:
        predictions = predictions.colour() or predictions
    elif group:
        predictions = predictions.groups(group[0])[group[1]]  # type: ignore[arg-type]
    else:
        colour = predictions.colour()
    return evaluation_of(predictions, colour)


def withheld_of(model: EvaluatedModel) -> dict[str, str]:
    """Classes whose figures the card withholds, and why; only of the package's own answers."""
    result = model.package.card.evaluation
    if result is None or model.dataset is not None:
        return {}
    return {
        result_of_class.name: result_of_class.withheld
        for result_of_class in result.by_class
        if result_of_class.withheld
    }


def label(text: str) -> str:
    """Words of others as a figure may show them: Plotly takes some tags for markup."""
    return escape(visible(text), quote=False)
