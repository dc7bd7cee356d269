"""How the figures hold as images change: stain, focus, compression, light, scale."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from core.evaluation.estimand import ESTIMANDS, FIRST
from core.plots.changed_images import Fall, robustness_figure
from core.registry.card_limits import change_words
from core.registry.card_results import UNCHANGED
from pages.figures.evaluated import EvaluatedModel, label
from pages.figures.numbers import show_chart
from pages.figures.words import images_and_patients
from pages.shared.account import tell
from pages.shared.marks import NEGATIVE, NEUTRAL, POSITIVE

if TYPE_CHECKING:
    import pandas as pd

    from core.registry.card_results import Robustness

_HELP = (
    "As another laboratory or scanner might make them. Level line: the answers hold. Dotted: "
    "colour alone."
)
_CHANGES = {
    "stain": (
        "Stain",
        "Haematoxylin and eosin, each stronger or weaker by up to this share.",
    ),
    "blur": (
        "Blur",
        "Out of focus; the width of the blur in pixels of the network.",
    ),
    "jpeg": (
        "JPEG",
        "Saved as JPEG: the lower the quality, the coarser.",
    ),
    "brightness": ("Brightness", "Lighter or, below 0, darker."),
    "scale": ("Scale", "Larger or, below 0, smaller, in the same frame."),
}
_IN_A_ROW = 3


def has_robustness(model: EvaluatedModel) -> bool:
    """Whether there are figures on changed images."""
    return bool(_kinds(model))


def _kinds(model: EvaluatedModel) -> list[str]:
    """The changes that there are figures of."""
    every = (point.change for point in model.robustness)
    return list(dict.fromkeys(change for change in every if change != UNCHANGED))


def show_robustness(model: EvaluatedModel) -> None:
    """Draw AUROC and balanced accuracy against the amount of each change."""
    points = model.robustness
    kinds = _kinds(model)
    result = model.package.card.evaluation
    # An older card has these by another estimand, whose name they keep.
    estimand = result.auroc_is if result and model.dataset is None else ESTIMANDS[FIRST]
    unchanged = next((point for point in points if point.change == UNCHANGED), None)
    worst = f"{_worst(unchanged, points)} " if unchanged else ""
    st.text(f"{worst}{_sample(model)}; AUROC: {estimand}.", help=_HELP)
    least = max(-0.02, min(0.4, *(value - 0.05 for point in points for value in _values(point))))
    for start in range(0, len(kinds), _IN_A_ROW):
        with st.container(key=f"curves-robustness-{start}"):
            places = st.columns(_IN_A_ROW, gap="medium")
        for place, kind in zip(places, kinds[start : start + _IN_A_ROW], strict=False):
            with place:
                _show_kind(model, kind, unchanged, least)


def _show_kind(
    model: EvaluatedModel, kind: str, unchanged: "Robustness | None", least: float
) -> None:
    changed = [point for point in model.robustness if point.change == kind]
    points = sorted([*([unchanged] if unchanged else []), *changed], key=lambda point: point.away)
    title, meaning = _CHANGES.get(kind, (kind, None))
    st.text(title, help=meaning)
    unit = changed[0].unit
    show_chart(
        robustness_figure(
            [point.away for point in points],
            [_amount(point, kind) for point in points],
            [
                Fall("AUROC", POSITIVE.colour, "triangle-up", [point.auroc for point in points]),
                Fall(
                    "balanced accuracy",
                    NEGATIVE.colour,
                    "circle",
                    [point.balanced_accuracy for point in points],
                ),
                Fall(
                    "AUROC, colour alone",
                    NEUTRAL.colour,
                    "square",
                    [point.colour_auroc for point in points],
                    dotted=True,
                ),
            ],
            label(f"{title}, {unit}" if unit else title),
            least=least,
        ),
        model,
        _numbers(points, model.tried_on),
        f"robustness {kind}",
        f"evaluation.robustness, the rows “{kind}” and “none” (unchanged)."
        if model.dataset is None
        else "the changed images, answered again; evaluate --json prints the same.",
        alt=f"AUROC and balanced accuracy by {title}; the account below has the numbers.",
        source="card.json" if model.dataset is None else "this evaluation",
    )


def tell_why_none(model: EvaluatedModel) -> None:
    """Have it in the account why there are no figures on changed images, and how to get them."""
    command = f"python -m core evaluate {model.name} --data PATH"
    if model.dataset is None:
        why = f"not on the card. Evaluate the model on your dataset, or run {command}."
    elif not model.tried_on:
        why = "the evaluation was stopped too early. Evaluate again."
    else:
        why = (
            "the readable images are of one class only. Choose a dataset with every class, "
            f"or run {command}."
        )
    tell("Changed images", why)


def _sample(model: EvaluatedModel) -> str:
    """Of how many images the curves are, in words."""
    whole = images_and_patients(model)
    if model.tried_on < model.predictions.image_count:
        return f"{model.tried_on:,} of {whole}"
    return whole


def _worst(unchanged: "Robustness", points: Sequence["Robustness"]) -> str:
    worst = min(
        (point for point in points if point is not unchanged), key=lambda point: point.auroc
    )
    if worst.auroc >= unchanged.auroc:
        return f"AUROC is {unchanged.auroc:.3f} unchanged, and no change lowers it."
    return (
        f"Hardest change: {change_words(worst)}; AUROC falls from {unchanged.auroc:.3f} to "
        f"{worst.auroc:.3f}."
    )


def _amount(point: "Robustness", kind: str) -> str:
    if point.change == UNCHANGED and kind == "jpeg":
        return "none"
    return f"{point.amount:g}"


def _values(point: "Robustness") -> list[float]:
    values = (point.auroc, point.balanced_accuracy, point.colour_auroc)
    return [value for value in values if value is not None]


def _numbers(points: Sequence["Robustness"], images: int) -> "pd.DataFrame":
    import pandas as pd  # noqa: PLC0415

    columns = ["change", "amount", "unit", "auroc", "balanced_accuracy", "colour_auroc"]
    rows = [[getattr(point, name) for name in columns] for point in points]
    return pd.DataFrame(rows, columns=columns).assign(images=images)
