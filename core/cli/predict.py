"""`predict`: answer images."""

import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.cli.cluster import goes_to_cluster
from core.cli.output import AsJson
from core.cli.predicted import (
    lines_of,
    picture_of,
    print_failure,
    shown_progress,
    write_heatmap,
)
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
    archives = any(path.suffix.lower() == SUFFIX for path in images)
    if goes_to_cluster(model, many=len(images) > _FEW or archives):
        from core.cli.predict_on_cluster import predict_on_cluster
        from core.cluster import require_reachable

        require_reachable()
        # To the end, whatever a group comes to.
        groups = [
            predict_on_cluster(group, model, heatmap, um_per_px, as_json=as_json)
            for group in _groups(_files(images))
        ]
        if any(groups):
            raise typer.Exit(1)
        return
    failed = False
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


def _groups(
    files: Iterator[tuple[Path, bytes | LobuleError | None]],
) -> Iterator[list[tuple[Path, bytes | LobuleError | None]]]:
    """Files in their order, in groups whose content from archives can be in memory at once."""
    group: list[tuple[Path, bytes | LobuleError | None]] = []
    total = 0
    for path, content in files:
        size = len(content) if isinstance(content, bytes) else 0
        if size and total + size > _MOST_BYTES:
            yield group
            group, total = [], 0
        group.append((path, content))
        total += size
    if group:
        yield group


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
