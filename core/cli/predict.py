"""`predict`: answer images."""

import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.atomic import write_whole
from core.cli.output import AsJson, json_line, plain, print_json
from core.errors import ImageError, LobuleError
from core.imaging.archive import SUFFIX, unpack

if TYPE_CHECKING:
    from core.diagnosis import Diagnosis
    from core.inference.tiled import Progress

_MOST_IMAGES, _MOST_BYTES = 1_000, 2_000_000_000  # of one archive, which is unpacked in memory
_FEW = 64  # images that are sooner answered here than on a cluster, which takes seconds to reach


def predict(
    images: Annotated[
        list[Path], typer.Argument(help="Image files, or zip archives of them.", show_default=False)
    ],
    model: Annotated[
        str, typer.Option(help="Model to ask; `auto` picks the one trained on such images.")
    ] = "auto",
    heatmap: Annotated[Path | None, typer.Option(help="Folder for the heatmap overlays.")] = None,
    um_per_px: Annotated[
        float | None, typer.Option(help="Scale of the images in micrometres per pixel.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Answer images: class and probability, one line an image.

    An image that cannot be answered gets its reason instead, and the exit code is 1. Many images
    are answered on the Ray cluster that LOBULE_RAY names, if a model is named.
    """
    if _on_cluster(images, model):
        from core.cli.predict_on_cluster import predict_on_cluster

        if predict_on_cluster(list(_files(images)), model, heatmap, um_per_px, as_json=as_json):
            raise typer.Exit(1)
        return
    failed = False
    archives = any(path.suffix.lower() == SUFFIX for path in images)
    of_all = "" if archives else f" of {len(images)}"
    for number, (path, content) in enumerate(_files(images), start=1):
        try:
            if isinstance(content, LobuleError):
                raise content  # noqa: TRY301 - told like any other failure
            with shown_progress(f"image {number}{of_all}") as progress:
                diagnosis = _diagnose(path, content, model, um_per_px, heatmap, progress)
        except LobuleError as error:
            failed = True
            print_failure(path, str(error), as_json=as_json)
        except Exception as error:  # noqa: BLE001 - a fault with one image must not stop the others
            failed = True
            traceback.print_exc()
            print_failure(path, f"Program error: {error!r}.", as_json=as_json)
        else:
            for line in lines_of(diagnosis, as_json=as_json):
                typer.echo(line)
    if failed:
        raise typer.Exit(1)


def _on_cluster(images: list[Path], model: str) -> bool:
    from core.registry.shelf import AUTOMATIC
    from core.settings import get_settings

    archives = any(path.suffix.lower() == SUFFIX for path in images)
    if get_settings().ray is None or (len(images) <= _FEW and not archives):
        return False
    if model == AUTOMATIC:
        typer.echo(
            "Answered on this computer: for the cluster, name the model with --model.", err=True
        )
    return model != AUTOMATIC


def _files(paths: list[Path]) -> Iterator[tuple[Path, bytes | LobuleError | None]]:
    """Each file's path; of one in an archive also its content, or why an archive has none."""
    from core.datasets.listing import IMAGE_SUFFIXES
    from core.settings import get_settings

    for path in paths:
        if path.suffix.lower() != SUFFIX or not path.is_file():
            yield path, None
            continue
        largest = get_settings().max_image_bytes
        try:
            inside = unpack(path.read_bytes(), IMAGE_SUFFIXES, _MOST_IMAGES, largest, _MOST_BYTES)
        except ImageError as error:
            yield path, error
            continue
        except OSError as error:
            yield path, ImageError(f"It cannot be read ({error.strerror}). Check its permissions.")
            continue
        for name, content in inside.images.items():
            yield Path(f"{path}/{name}"), content
        for why, count in inside.left_out.items():
            yield path, ImageError(f"Left out: {why} ({count:,}).")
        if not inside.images:
            yield path, ImageError("There is no usable image in it. Give PNG, JPEG or TIFF files.")


def _diagnose(
    path: Path,
    content: bytes | None,
    model: str,
    um_per_px: float | None,
    heatmap: Path | None,
    progress: "Progress",
) -> "Diagnosis":
    from core.diagnosis import diagnose
    from core.registry.shelf import AUTOMATIC, find

    package = None if model == AUTOMATIC else find(model)
    diagnosis = diagnose(
        path if content is None else content,
        name=str(path),
        package=package,
        um_per_px=um_per_px,
        progress=progress,
    )
    if heatmap is not None:
        name, picture = picture_of(path, diagnosis)
        write_heatmap(heatmap / name, picture)
    return diagnosis


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
