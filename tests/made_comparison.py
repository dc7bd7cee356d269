"""A comparison of encoders whose figures are made up; what is shown of it is known."""

from types import SimpleNamespace
from typing import Any


def comparison(*, patients: int = 12, charged: float | None = 0.88) -> Any:
    """Two encoders and a recipe; as `core.training.compare_encoders` would have it."""
    best = _compared("toy", 0.912, None, tells_patients=0.61, milliseconds=1.25, megabytes=40.0)
    other = _compared("=cmd()", 0.871, 0.041, tells_patients=0.7, milliseconds=12.0, megabytes=1.0)
    recipe = _compared("idc", 0.8, 0.112)
    for each in (best, other, recipe):
        each.evaluation.patients = patients
    other.seen = "It was pretrained on 3 of these patients."
    return SimpleNamespace(
        dataset="IDC",
        compared=(best, other, recipe),
        charged=SimpleNamespace(
            best="toy",
            apparent=0.912,
            charged=charged,
            optimism=None if charged is None else 0.912 - charged,
        ),
    )


def _compared(name: str, auroc: float, behind: float | None, **cost: float) -> SimpleNamespace:
    evaluation = SimpleNamespace(
        images=1_234,
        patients=12,
        auroc=auroc,
        auroc_interval=(auroc - 0.05, auroc + 0.05),
        auroc_is="mean within patients",
        balanced_accuracy=0.75,
        balanced_accuracy_interval=None,
        colour_auroc=0.777,
        colour_balanced_accuracy=0.666,
        stain_shift=(
            SimpleNamespace(strength=0.1, auroc=auroc - 0.1, colour_auroc=0.6),
            SimpleNamespace(strength=0.25, auroc=auroc - 0.2, colour_auroc=0.5),
        ),
    )
    unknown = {"tells_patients": None, "milliseconds": None, "megabytes": None}
    return SimpleNamespace(
        name=name,
        evaluation=evaluation,
        beyond_colour=_difference(auroc - 0.777),
        behind_best=None if behind is None else _difference(behind),
        seen="",
        **(unknown | cost),
    )


def _difference(value: float) -> SimpleNamespace:
    return SimpleNamespace(difference=value, interval=(value - 0.03, value + 0.03))
