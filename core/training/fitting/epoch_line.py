"""A finished epoch, in a line of plain text."""

from typing import Any


def epoch_line(values: dict[str, Any]) -> str:
    """A finished epoch in one line; but for the first loss, figures are of validation."""
    parts = [f"Epoch {values['epoch']}:"]
    parts += [f"({values['phase']})"] if values.get("phase") not in {None, "all"} else []
    parts += [f"loss {_figure(values.get('loss'))}, validation {_figure(values.get('val_loss'))},"]
    parts += [f"accuracy {_figure(values.get('val_accuracy'))},"]
    parts += [f"AUROC {_figure(values.get('val_auroc'))},"]
    return " ".join([*parts, f"{float(values.get('seconds') or 0):.1f} s"])


def _figure(value: Any) -> str:
    return "–" if value is None or value != value else f"{float(value):.3f}"  # noqa: PLR0124 (NaN)
