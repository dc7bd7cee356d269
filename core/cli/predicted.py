"""What `predict` prints and writes of an image, wherever it was answered."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from core.atomic import write_whole
from core.cli.output import json_line, plain, print_json
from core.errors import ImageError

if TYPE_CHECKING:
    from core.diagnosis import Diagnosis
    from core.inference.tiled import Progress


def write_heatmap(path: Path, picture: bytes) -> None:
    """Write an overlay.

    Raises
    ------
    ImageError
        If it cannot be written.
    """
    try:
        write_whole(path, picture)
    except OSError as error:
        raise ImageError(
            f"The heatmap cannot be written to {path} ({error.strerror}). Make room there, or "
            "choose another folder."
        ) from error


def picture_of(path: Path, diagnosis: "Diagnosis") -> tuple[str, bytes]:
    """A heatmap over its image as PNG, and its name: every image and every model has its own."""
    from core.imaging.overlay import encode_png, overlay

    stem = re.sub(r"[^A-Za-z0-9_-]+", "_", path.stem)[:80] or "image"
    name = f"{stem}-{diagnosis.image.info.sha256[:12]}-{diagnosis.card.name}.png"
    return name, encode_png(overlay(diagnosis.image.pixels, diagnosis.heatmap))


@contextmanager
def shown_progress(title: str) -> Iterator["Progress"]:
    """Draw a bar on stderr while images are answered, if somebody is there to see it."""
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(title, total=1.0)
        yield lambda share, text: bar.update(task, completed=share, description=f"{title}: {text}")


def lines_of(diagnosis: "Diagnosis", *, as_json: bool) -> list[str]:
    """An answer as it is printed."""
    if as_json:
        return [json_line(diagnosis.to_json())]
    from core.registry.card_words import reservations

    outcome = diagnosis.outcome
    if outcome.kind == "out of scope":
        first = f"{plain(diagnosis.name)}: out of scope for {diagnosis.card.name}"
    else:
        first = _probabilities(diagnosis)
    chosen = diagnosis.chosen
    why = (f"Chosen: {diagnosis.card.name}. {chosen.because}",) if chosen else ()
    evaluation = diagnosis.card.evaluation
    shown_only = reservations(diagnosis.card)[:1] if evaluation and evaluation.demonstration else ()
    notes = (*shown_only, *outcome.reasons, *diagnosis.warnings, *why)
    return [first, *(f"    Note: {plain(reason)}" for reason in notes)]


def _probabilities(diagnosis: "Diagnosis") -> str:
    chances = ", ".join(
        f"{name} {value:.3f}"
        for name, value in zip(diagnosis.classes, diagnosis.probabilities, strict=True)
    )
    point = diagnosis.operating_point
    rule = f"; {point.positive_class} from {point.threshold:.3f}" if point else ""
    tiles = f"{diagnosis.tiles} tiles" if diagnosis.tiles > 1 else "1 tile"
    return (
        f"{plain(diagnosis.name)}: {diagnosis.outcome.name} ({chances}{rule}) "
        f"{diagnosis.card.name}, {tiles}, {diagnosis.seconds:.2f} s"
    )


def print_failure(path: Path, reason: str, *, as_json: bool) -> None:
    """Say why an image has no answer."""
    if as_json:
        print_json({"path": str(path), "error": reason})
    else:
        typer.echo(f"{plain(str(path))}: no answer. {plain(reason)}")
