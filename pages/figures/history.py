"""How training went, epoch by epoch, as the package remembers it."""

from typing import TYPE_CHECKING

import streamlit as st

from core.plots.curves import Curve, curves
from core.plots.frame import LEAKY, mark
from core.registry.package import HISTORY_FILE
from pages.figures.evaluated import EvaluatedModel
from pages.figures.numbers import offer_numbers
from pages.shared.marks import NEGATIVE, POSITIVE

if TYPE_CHECKING:
    import pandas as pd

_MEASURES = {"Loss": "loss", "AUROC": "auroc", "Accuracy": "accuracy"}
_PARTS = {"": ("training", NEGATIVE, "circle"), "val_": ("validation", POSITIVE, "triangle-up")}


def has_history(model: EvaluatedModel) -> bool:
    """Whether there are epochs to draw: a model fitted in one go or made of others has none."""
    history = _history(model)
    return history is not None and len(history) > 1  # one point is no curve


def show_history(model: EvaluatedModel) -> None:
    """Draw loss, AUROC and accuracy by epoch, training against validation."""
    history = _history(model)
    if history is None:
        return
    epochs = [int(epoch) for epoch in history["epoch"]]
    drawn = {title: name for title, name in _MEASURES.items() if _any(history, name)}
    with st.container(key="curves-history"):
        places = st.columns(len(drawn), gap="medium")
    for place, (title, name) in zip(places, drawn.items(), strict=True):
        lines = [
            Curve(
                part_words,
                shape.colour,
                symbol,
                epochs,
                _values(history, part + name),
                dashed=not part,
            )
            for part, (part_words, shape, symbol) in _PARTS.items()
            if part + name in history
        ]
        chance = 0.5 if title == "AUROC" else None
        figure = curves(lines, title, chance=chance, most=None if title == "Loss" else 1.0)
        if model.leaky:
            figure = mark(figure, LEAKY)
        place.plotly_chart(
            figure,
            key=f"history-{title}",
            config={"displayModeBar": False},
            alt=f"{title} by epoch; the account below has the numbers.",
        )
    offer_numbers(model, history, "training", "as training noted it.", HISTORY_FILE)


def _history(model: EvaluatedModel) -> "pd.DataFrame | None":
    import pandas as pd  # noqa: PLC0415

    try:
        history = pd.read_csv(model.package.path / HISTORY_FILE)
    except (OSError, ValueError):
        return None
    if "epoch" not in history:
        return None
    whole = pd.to_numeric(history["epoch"], errors="coerce")
    return history[whole.notna()].assign(epoch=whole[whole.notna()].astype(int))


def _any(history: "pd.DataFrame", name: str) -> bool:
    return any(value is not None for part in _PARTS for value in _values(history, part + name))


def _values(history: "pd.DataFrame", name: str) -> list[float | None]:
    import pandas as pd  # noqa: PLC0415

    if name not in history:
        return []
    values = pd.to_numeric(history[name], errors="coerce")
    return [None if pd.isna(value) else float(value) for value in values]
