"""`predict` of many images on a Ray cluster: answered in pieces, printed in their order."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import typer

from core.cli.predicted import lines_of, picture_of, print_failure, shown_progress, write_heatmap
from core.cluster import Files, Task, compute_answers, portions
from core.errors import ImageError, LobuleError
from core.imaging.read import load_or_reason
from core.registry.shelf import find
from core.registry.travelling import Travelling, arrived, send_off

Given = tuple[Path, bytes | LobuleError | None]
"""An image's path; its content, or why there is none, where it does not lie there by itself."""
_MOST_IMAGES, _MOST_BYTES = 64, 64_000_000  # of a piece


class Printed(NamedTuple):
    """What came of an image: the lines of its answer, or why there is none; its heatmap as PNG."""

    lines: list[str]
    error: str = ""
    heatmap: tuple[str, bytes] | None = None


def predict_on_cluster(
    files: Sequence[Given],
    model: str,
    heatmap: Path | None,
    um_per_px: float | None,
    *,
    as_json: bool,
) -> bool:
    """Answer images on the cluster that `LOBULE_RAY` names, and print what came of them.

    Parameters
    ----------
    files : sequence of Given
    model : str
        Of the shelf.
    heatmap : Path, optional
        Folder for the overlays, on this computer.
    um_per_px : float, optional
        Micrometres per pixel of every image.
    as_json : bool

    Returns
    -------
    bool
        Whether an image has no answer.

    Raises
    ------
    ClusterError
        If the cluster cannot be reached.
    PackageError
        If there is no such model.
    """
    failed = False
    with shown_progress(f"{len(files):,} images") as progress:
        answers = _answers(
            files, model, um_per_px, progress, heatmap=heatmap is not None, as_json=as_json
        )
        for (path, _), answer in zip(files, answers, strict=True):
            error = answer.error
            if heatmap is not None and answer.heatmap is not None:
                name, picture = answer.heatmap
                try:
                    write_heatmap(heatmap / name, picture)
                except ImageError as reason:
                    error = str(reason)
            if error:
                failed = True
                print_failure(path, error, as_json=as_json)
                continue
            for line in answer.lines:
                typer.echo(line)
    return failed


def _answers(
    files: Sequence[Given],
    model: str,
    um_per_px: float | None,
    progress: Callable[[float, str], None],
    *,
    heatmap: bool,
    as_json: bool,
) -> Iterator[Printed]:
    """What came of each image, in their order."""
    travelling, folders = send_off(find(model))
    options: dict[str, object] = {
        "travelling": travelling,
        "um_per_px": um_per_px,
        "heatmap": heatmap,
        "as_json": as_json,
    }
    parts = list(portions(map(_size, files), _MOST_IMAGES, _MOST_BYTES))
    works = [
        _piece(files[rows.start : rows.stop], str(rows.start), options, folders) for rows in parts
    ]
    numbers = {str(rows.start): rows for rows in parts}
    came: dict[str, list[Printed]] = {}
    following = iter(works)
    wanted = next(following, None)
    for outcome in compute_answers(works, lambda done: progress(done, "on the cluster")):
        if outcome.error is None:
            came[outcome.key] = outcome.result
        else:  # the other images are answered all the same
            images = len(numbers[outcome.key])
            came[outcome.key] = [Printed([], str(outcome.error))] * images
        while wanted and wanted.key in came:
            yield from came.pop(wanted.key)
            wanted = next(following, None)


def _piece(
    files: Sequence[Given], key: str, options: dict[str, object], folders: dict[str, Files]
) -> Task:
    return Task(
        key,
        answer_piece,
        options | {"paths": [path for path, _ in files]},
        folders,
        lambda: [_content(path, content) for path, content in files],
    )


def _size(file: Given) -> int:
    path, content = file
    if content is not None:
        return len(content) if isinstance(content, bytes) else 0
    try:
        return path.stat().st_size
    except (OSError, ValueError):  # said when it is read
        return 0


def _content(path: Path, content: bytes | LobuleError | None) -> bytes | str:
    if isinstance(content, LobuleError):
        return str(content)
    return load_or_reason(path) if content is None else content


def answer_piece(
    progress: Callable[[float], None],
    travelling: Travelling,
    paths: Sequence[Path],
    um_per_px: float | None,
    heatmap: bool,  # noqa: FBT001 - by name
    as_json: bool,  # noqa: FBT001
    content: Sequence[bytes | str],
    **folders: Path,
) -> list[Printed]:
    """Answer some images, wherever that is.

    Parameters
    ----------
    progress : callable
    travelling : Travelling
        The model; `folders` hold its files.
    paths : sequence of Path
        What the images are called.
    um_per_px : float or None
    heatmap, as_json : bool
        Whether heatmaps are wanted, and what lines are like.
    content : sequence
        Of each image's file, or why there is none.
    """
    from core.diagnosis import diagnose

    package = arrived(travelling, folders)
    answers = []
    for number, (path, data) in enumerate(zip(paths, content, strict=True), start=1):
        if isinstance(data, str):
            answers.append(Printed([], data))
        else:
            try:
                diagnosis = diagnose(data, name=str(path), package=package, um_per_px=um_per_px)
                picture = picture_of(path, diagnosis) if heatmap else None
                answers.append(Printed(lines_of(diagnosis, as_json=as_json), heatmap=picture))
            except LobuleError as error:
                answers.append(Printed([], str(error)))
            except Exception as error:  # noqa: BLE001 - one image must not stop the others
                answers.append(Printed([], f"Program error: {error!r}."))
        progress(number / len(paths))
    return answers
