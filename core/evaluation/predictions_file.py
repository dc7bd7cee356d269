"""A table of held-out predictions, as a package's `predictions.csv` holds it: read and made."""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import EvaluationError
from core.evaluation.estimand import Protocol
from core.evaluation.operating_point import RULES
from core.evaluation.predictions import Predictions

PREFIX, COLOUR = "probability ", "colour "
_NEEDED = ("image", "patient", "label")
# So many that figures which are worked out again from the file agree to 1e-6.
DECIMALS = 9
# Tables of others may hold fewer.
_ROUNDING = 1e-4
_TWO = 2


def read_predictions(
    path: Path, classes: tuple[str, ...] | None = None, positive: str | None = None
) -> Predictions:
    """Read the predictions that a package or an evaluation left behind.

    Parameters
    ----------
    path : Path
        A CSV file. Columns: image, patient, label, `probability <class>` for each class, and where
        known magnification, subtype, round, fold, threshold, the columns of
        `core.evaluation.operating_point.RULES`, `colour probability <class>`, colour threshold and
        colour fold. Without a fold, each patient was predicted by a model of their
        own; where the colour fold is 0, colour alone has no prediction.
    classes : tuple of str, optional
        Those of the card, in its order; by default in the order of the columns.
    positive : str, optional
        The class that thresholds are about; by default the second of two.

    Raises
    ------
    EvaluationError
        If the file cannot be read, or what is in it contradicts itself.
    """
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise EvaluationError(
            f"{path} cannot be read as a table of predictions ({error}). Expected a CSV file with "
            "the columns image, patient, label and “probability <class>”: restore it, or evaluate "
            "the model again."
        ) from error
    return parse_predictions(table, str(path), classes, positive)


def parse_predictions(
    table: pd.DataFrame,
    source: str,
    classes: tuple[str, ...] | None = None,
    positive: str | None = None,
) -> Predictions:
    """The same from a table in memory; `source` is what errors call it."""
    names = [str(name) for name in table]
    named = tuple(name.removeprefix(PREFIX) for name in names if name.startswith(PREFIX))
    missing = [name for name in _NEEDED if name not in table]
    if missing or len(named) < _TWO:
        raise EvaluationError(
            f"{source} lacks {', '.join(missing) or 'probabilities of two classes'}. Expected the "
            "columns image, patient, label and “probability <class>” for each class."
        )
    if classes is not None and set(classes) != set(named):
        raise EvaluationError(
            f"{source} has probabilities of {', '.join(named)}; the model's classes are "
            f"{', '.join(classes)}. It belongs to another model."
        )
    classes = classes or named
    if not len(table):
        raise EvaluationError(f"{source} has no rows: no held-out prediction to evaluate.")
    labels = table["label"].astype(str)
    unknown = sorted(set(labels) - set(classes))
    if unknown:
        raise EvaluationError(
            f"{source} has the label {unknown[0]!r}, which is not one of its classes "
            f"({', '.join(classes)}). Correct the table, or evaluate the model again."
        )
    reader = _Reader(table, source)
    colour_folds = reader.numbers("colour fold", 0) if "colour fold" in table else None
    if colour_folds is not None:
        reader = _Reader(_with_colour(table, colour_folds, len(classes)), source)
    if positive is not None and positive not in classes:
        raise EvaluationError(f"{source} has no class {positive!r}; it has {', '.join(classes)}.")
    patients = reader.texts("patient")
    others = [rule.column for rule in RULES[1:] if rule.column in table]
    protocol, rounds, folds = _who_predicted(reader, patients)
    predictions = Predictions(
        classes=classes,
        positive=1 if positive is None else classes.index(positive),
        protocol=protocol,
        images=reader.texts("image"),
        patients=patients,
        magnifications=reader.texts("magnification"),
        subtypes=reader.texts("subtype"),
        labels=np.array([classes.index(name) for name in labels], dtype=np.int64),
        probabilities=reader.probabilities(PREFIX, classes),
        rounds=rounds,
        folds=folds,
        thresholds=reader.shares("threshold") if "threshold" in table else None,
        other_thresholds=np.stack([reader.shares(name) for name in others], axis=1)
        if len(others) == len(RULES) - 1
        else None,
        colour_probabilities=reader.probabilities(COLOUR + PREFIX, classes)
        if any(name.startswith(COLOUR + PREFIX) for name in names)
        else None,
        colour_thresholds=reader.shares("colour threshold")
        if "colour threshold" in table
        else None,
        colour_folds=colour_folds,
    )
    _check_rows(predictions, source)
    return predictions


def as_table(predictions: Predictions) -> pd.DataFrame:
    """The columns that `read_predictions` reads.

    Where each patient was predicted by a model of their own there are no rounds and folds.
    """
    names = np.array(predictions.classes, dtype=object)
    columns: dict[str, object] = {
        "image": predictions.images,
        "patient": predictions.patients,
        "magnification": predictions.magnifications,
        "subtype": predictions.subtypes,
        "label": names[predictions.labels],
    }
    if predictions.protocol != "patients":
        columns |= {"round": predictions.rounds, "fold": predictions.folds}
    if predictions.thresholds is not None:
        columns["threshold"] = predictions.thresholds.round(DECIMALS)
    if predictions.other_thresholds is not None:
        for rule, values in zip(RULES[1:], predictions.other_thresholds.T, strict=True):
            columns[rule.column] = values.round(DECIMALS)
    for label, name in enumerate(predictions.classes):
        columns[PREFIX + name] = predictions.probabilities[:, label].round(DECIMALS)
    if predictions.colour_folds is not None:
        columns[f"{COLOUR}fold"] = predictions.colour_folds
    if predictions.colour_thresholds is not None:
        columns[f"{COLOUR}threshold"] = predictions.colour_thresholds.round(DECIMALS)
    if predictions.colour_probabilities is not None:
        for label, name in enumerate(predictions.classes):
            values = predictions.colour_probabilities[:, label]
            columns[COLOUR + PREFIX + name] = values.round(DECIMALS)
    return pd.DataFrame(columns)


def _who_predicted(
    reader: "_Reader", patients: NDArray[np.object_]
) -> tuple[Protocol, NDArray[np.int64], NDArray[np.int64]]:
    rounds = reader.numbers("round")
    if "fold" not in reader.table:
        _, codes = np.unique(patients.astype(str), return_inverse=True)
        return "patients", rounds, codes.astype(np.int64) + 1
    folds = reader.numbers("fold")
    several = len(np.unique(np.stack([rounds, folds]), axis=1).T) > 1
    return "folds" if several else "one model", rounds, folds


def _check_rows(predictions: Predictions, source: str) -> None:
    if (predictions.patients == "").any() or (predictions.images == "").any():
        raise EvaluationError(
            f"{source} has rows without image or patient. Correct the table, or evaluate the "
            "model again."
        )
    rows = pd.DataFrame({"image": predictions.images, "round": predictions.rounds})
    twice = rows[rows.duplicated()]
    if len(twice):
        raise EvaluationError(
            f"{source} names the image {twice['image'].iloc[0]!r} twice in one round. Remove "
            "the copies."
        )


def _with_colour(table: pd.DataFrame, folds: NDArray[np.int64], classes: int) -> pd.DataFrame:
    """The table with something where colour did not answer; `Predictions` never looks at it."""
    table = table.copy()
    for name in [str(name) for name in table if str(name).startswith(COLOUR)]:
        table.loc[folds == 0, name] = str(1 / classes)
    return table


class _Reader:
    """The columns of a table, checked."""

    def __init__(self, table: pd.DataFrame, source: str) -> None:
        self.table, self.source = table, source

    def texts(self, name: str) -> NDArray[np.object_]:
        if name not in self.table:
            return np.full(len(self.table), "", dtype=object)
        return self.table[name].astype(str).to_numpy(dtype=object)

    def numbers(self, name: str, least: int = 1) -> NDArray[np.int64]:
        """Whole numbers from the least; all 1 where there is no such column."""
        if name not in self.table:
            return np.ones(len(self.table), dtype=np.int64)
        values = pd.to_numeric(self.table[name], errors="coerce").to_numpy(dtype=np.float64)
        self._check(
            name, (values >= least) & (values == np.round(values)), f"whole numbers from {least}"
        )
        return values.astype(np.int64)

    def shares(self, name: str) -> NDArray[np.float64]:
        values = pd.to_numeric(self.table[name], errors="coerce").to_numpy(dtype=np.float64)
        self._check(name, (values >= 0) & (values <= 1), "numbers from 0 to 1")
        return values

    def probabilities(self, prefix: str, classes: tuple[str, ...]) -> NDArray[np.float64]:
        """(N, K); of two classes one column is enough."""
        present = [name for name in classes if prefix + name in self.table]
        if len(classes) == _TWO and len(present) == 1:
            share = self.shares(prefix + present[0])
            return np.stack(
                [share, 1 - share] if present[0] == classes[0] else [1 - share, share], axis=1
            )
        if len(present) < len(classes):
            missing = ", ".join(prefix + name for name in classes if name not in present)
            raise EvaluationError(f"{self.source} lacks the columns {missing}.")
        values = np.stack([self.shares(prefix + name) for name in classes], axis=1)
        sums = values.sum(axis=1)
        self._check(
            f"{prefix}…", np.abs(sums - 1) <= _ROUNDING, "probabilities that sum to 1 in each row"
        )
        return values / sums[:, None]

    def _check(self, name: str, right: NDArray[np.bool_], expected: str) -> None:
        if right.all():
            return
        row = int(np.flatnonzero(~right)[0])
        shown = repr(self.table[name].iloc[row]) if name in self.table else "another sum"
        raise EvaluationError(
            f"{self.source} has {shown} in the column “{name}”, row {row + 2}; expected "
            f"{expected}. Correct the table, or evaluate the model again."
        )
