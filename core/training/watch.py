"""What a training run tells whoever watches it, and asks of them."""

from pathlib import Path
from typing import Any


class Watch:
    """Told what a run does, and asked whether it shall stop; this one listens to nothing.

    Attributes
    ----------
    checkpoints : Path or None
        Folder where the state of training is kept after each epoch, and from which an interrupted
        run goes on; None keeps nothing.
    """

    checkpoints: Path | None = None

    def dataset(self, fingerprint: str) -> None:
        """Hear the fingerprint of the dataset before it is used; may refuse it.

        Raises
        ------
        TrainingError
            If an interrupted run began with other data.
        """

    def stage(self, name: str, done: float) -> None:
        """Hear what is being done, in words, and the share of it that is done, in [0, 1]."""

    def step(self, values: dict[str, float]) -> None:
        """Hear of a training step: epoch, epochs, step, steps, loss, learning_rate, images."""

    def epoch(self, values: dict[str, float | str]) -> None:
        """Hear of a finished epoch: a row of the history, as `fitting.fit` describes it."""

    def cancelled(self) -> bool:
        """Tell whether the run shall stop; asked at every step."""
        return False


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
