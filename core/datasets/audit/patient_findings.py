"""Findings on who the images are of: conflicts, too few to hold out, patient instead of class."""

from collections.abc import Iterator

import pandas as pd

from core.datasets.audit.finding import Finding, Severity, first_few, number
from core.datasets.people import look_alikes
from core.datasets.records import Dataset

FEWEST_TO_SPLIT, FEW = 3, 5
"""A class needs the first number of patients for training, validation and test; below the second,
figures on held-out patients say little."""

LOPSIDED, VERY_LOPSIDED = 3.0, 10.0
"""How many times the smallest the largest may be before it is told, and warned of."""

_RARE = 0.1  # as a share of the patients, two classes in one patient look like a mistake
_TELLING = 0.1  # how much more often the patient must give the class away than the commonest does

_TOO_FEW: tuple[tuple[str, Severity, int, int, str, str], ...] = (
    (
        *("class-cannot-be-held-out", "error", 0, 2),
        (
            "no patient to hold out: with fewer than two patients, the class cannot be "
            "tested on a new one."
        ),
        "Add patients of this class, leave the class out, or choose the binary task.",
    ),
    (
        *("class-cannot-be-split", "error", 2, FEWEST_TO_SPLIT),
        "only two patients: one too few for training, validation and test.",
        "Add patients of this class, or leave one patient out at a time instead.",
    ),
    (
        *("few-patients", "warning", FEWEST_TO_SPLIT, FEW),
        "fewer than five patients: figures on held-out patients will say little.",
        "Read the intervals, not the figures; add patients if you can.",
    ),
)


def patient_findings(dataset: Dataset) -> Iterator[Finding]:
    """Yield the findings that need no pixels."""
    if dataset.patients_known:
        yield from _look_alikes(dataset)
        yield from _conflicts(dataset)
        yield from _too_few(dataset)
        yield from _patient_for_class(dataset)
    else:
        yield Finding(
            code="patients-unknown",
            severity="error",
            count=len(dataset.records),
            message="It is not known which images are from the same patient, so every split may "
            "leak: NO FIGURE FROM THIS DATASET CAN BE TRUSTED to hold for a new patient.",
            advice="Add a patients.csv or a manifest with a patient column, or a pattern that "
            "finds the patient in the file names.",
        )
    yield from _imbalance(dataset)
    for note in dataset.notes:
        yield Finding(
            code="reader-note",
            severity="note",
            count=len(dataset.records),
            message=note,
            advice="Check that this is what you meant.",
        )


def _look_alikes(dataset: Dataset) -> Iterator[Finding]:
    """Patients whose ids are written in several ways."""
    ways = look_alikes(dataset)
    if not ways:
        return
    count = len(ways)
    yield Finding(
        code="patients-look-alike",
        severity="error",
        count=count,
        message=f"{number(count, 'patient is', 'patients are')} spelled in several ways (case, "
        "spaces, separators, leading zeros or Unicode form). Each counts as one person.",
        advice="Look them up. If each is one person, say so and correct the table; if not, say so "
        "and they count as different people.",
        examples=first_few(
            f"{patient}: {', '.join(ascii(name)[1:-1] for name in names)}"
            for patient, names in ways.items()
        ),
        patients=tuple(ways),
    )


def _conflicts(dataset: Dataset) -> Iterator[Finding]:
    """Patients under two diagnoses."""
    records = dataset.records
    named = records[records["subtype"] != ""]
    if len(named):
        words, naming = named["subtype"], "diagnoses"
    else:
        named, naming = records, "classes"
        words = records["label"].map(dict(enumerate(dataset.classes)))
    named_twice = words.groupby(named["patient"]).unique()
    named_twice = named_twice[named_twice.map(len) > 1]
    # Where patches are labelled, most patients have both classes: that is no conflict.
    if not len(named_twice) or (
        naming == "classes" and len(named_twice) > _RARE * records["patient"].nunique()
    ):
        return
    of_patients = records[records["patient"].isin(named_twice.index)]
    crossing = (of_patients.groupby("patient")["label"].nunique() > 1).any()
    count = len(named_twice)
    yield Finding(
        code="label-conflict",
        severity="error" if crossing else "warning",
        count=count,
        message=f"{number(count, 'patient')} {'has' if count == 1 else 'have'} images under more "
        f"than one of the {naming}.",
        advice="Look the patients up. If one diagnosis is wrong, drop its images or correct the "
        "label; if both are right, keep them.",
        examples=first_few(
            f"{patient}: {' and '.join(_with_slides(of_patients, patient, sorted(names)))}"
            for patient, names in named_twice.items()
        ),
        files=tuple(of_patients["path"]),
    )


def _with_slides(records: pd.DataFrame, patient: object, names: list[str]) -> list[str]:
    """'fibroadenoma (slide 14-21998CD)' for each name, where slides are told apart."""
    of_patient = records[records["patient"] == patient]
    slides = of_patient[of_patient["subtype"] != ""].groupby("subtype")["slide"].unique().to_dict()
    return [
        f"{name} (slide {', '.join(sorted(slides[name]))})" if name in slides else name
        for name in names
    ]


def _too_few(dataset: Dataset) -> Iterator[Finding]:
    patients = dataset.records.groupby("label")["patient"].nunique()
    counts = {name: int(patients.get(label, 0)) for label, name in enumerate(dataset.classes)}
    for code, severity, low, high, message, advice in _TOO_FEW:
        few = {name: count for name, count in counts.items() if low <= count < high}
        if few:
            yield Finding(
                code=code,
                severity=severity,
                count=len(few),
                message=f"{number(len(few), 'class has', 'classes have')} {message}",
                advice=advice,
                examples=first_few(f"{name}: {number(n, 'patient')}" for name, n in few.items()),
            )


def _patient_for_class(dataset: Dataset) -> Iterator[Finding]:
    """How far the patient gives the class away."""
    table = pd.crosstab(dataset.records["patient"], dataset.records["label"])
    if table.shape[1] < 2:  # noqa: PLR2004 - one class: nothing to give away
        return
    total = int(table.to_numpy().sum())
    pure = table.index[(table > 0).sum(axis=1) == 1]
    by_patient = float(table.max(axis=1).sum() / total)
    by_class = float(table.sum().max() / total)
    if not len(pure) and by_patient - by_class < _TELLING:
        return
    complete = table.index[(table > 0).all(axis=1)]
    # A diagnosis gives every patient one class; that is no surprise.
    by_diagnosis = len(table) - len(pure) <= _RARE * len(table)
    yield Finding(
        code="patient-predicts-class",
        severity="note" if by_diagnosis else "warning",
        count=len(pure),
        message=f"{number(len(pure), 'patient')} of {len(table)} "
        f"{'has' if len(pure) == 1 else 'have'} images of one class only. The patient alone "
        f"predicts {by_patient:.0%} of the images correctly; always guessing the commonest "
        f"class, {by_class:.0%}. A model may learn to recognise patients by "
        "their stain instead of the disease.",
        advice=(
            f"Judge models on patients with every class: {', '.join(complete[:10])}."
            if len(complete)
            else "Split by patient, and never judge a model by images of patients it has seen."
        ),
        examples=first_few(
            f"{patient}: only “{dataset.classes[label]}”"
            for patient, label in table.loc[pure].idxmax(axis=1).items()
        ),
    )


def _imbalance(dataset: Dataset) -> Iterator[Finding]:
    records = dataset.records
    names = dict(enumerate(dataset.classes))
    columns = [("class", records["label"].map(names)), ("magnification", records["magnification"])]
    if dataset.patients_known:
        columns.insert(1, ("patient", records["patient"]))
    advice = {
        "class": "Train with class weights (recipe: balance), and read balanced accuracy, not "
        "accuracy.",
        "patient": "Train with patient-balanced weights (recipe: balance), and read figures by "
        "patient.",
        "magnification": "Choose one magnification, or give each class its share of every one.",
    }
    for quality, column in columns:
        counts = column[column != ""].value_counts()
        if len(counts) < 2:  # noqa: PLR2004 - nothing to compare
            continue
        ratio = counts.iloc[0] / counts.iloc[-1]
        if ratio >= LOPSIDED:
            yield Finding(
                code=f"{quality}-imbalance",
                severity="warning" if quality == "class" and ratio >= VERY_LOPSIDED else "note",
                count=len(counts),
                message=f"The images are unevenly spread by {quality}: {counts.index[0]} has "
                f"{counts.iloc[0]:,}, {counts.index[-1]} has {counts.iloc[-1]:,} "
                f"({ratio:,.0f} times fewer).",
                advice=advice[quality],
                examples=first_few(f"{name}: {number(n, 'image')}" for name, n in counts.items()),
            )
