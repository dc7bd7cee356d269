"""`slides answer`: have a model answer slides."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.atomic import write_whole
from core.cli.cluster import goes_to_cluster
from core.cli.output import AsJson, plain, print_json
from core.cli.predicted import shown_progress
from core.cli.slides_progress import progress
from core.errors import LobuleError, SlideError

if TYPE_CHECKING:
    from core.slides.answering import AnswerState


def answer(
    slides: Annotated[list[Path], typer.Argument(help="Slides: files, or folders of DICOM.")],
    model: Annotated[
        str, typer.Option(help="Model to ask; `auto` takes the one that knows such tissue.")
    ] = "auto",
    um_per_px: Annotated[
        float | None,
        typer.Option(help="Scale in micrometres per pixel, where a slide states none."),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Answer slides tile by tile, here, one after another.

    One that is named twice is answered once. One that cannot be answered gets its reason instead,
    and the exit code is 1. What was answered here is kept: `slides resume` goes on with it.

    Several slides and a named model go to the Ray cluster that LOBULE_RAY names, if any: printed as
    they are done, and not computed again where the model has answered them before.
    """
    slides = list({path.absolute(): path for path in slides}.values())
    if goes_to_cluster(model, many=len(slides) > 1):
        answered = _on_cluster(slides, model, um_per_px)
    else:
        answered = _one_by_one(slides, None if model == "auto" else model, um_per_px)
    failed = False
    for path, came in answered:
        try:
            if isinstance(came, LobuleError):
                raise came
            show(came, as_json=as_json)
        except LobuleError as error:  # the others are answered all the same
            failed = True
            if as_json:
                print_json({"path": str(path), "error": str(error)})
            else:
                typer.echo(f"{plain(str(path))}: no answer. {plain(str(error))}")
    if failed:
        raise typer.Exit(1)


def _one_by_one(
    slides: list[Path], model: str | None, um_per_px: float | None
) -> Iterator[tuple[Path, str | LobuleError]]:
    """Answer slides here; yield each with its answer's id, or why it has none."""
    from core.slides.answering import answer_here

    for path in slides:
        try:
            with progress() as on_state:
                state = answer_here(path, model=model, um_per_px=um_per_px, on_state=on_state)
        except LobuleError as error:
            yield path, error
        else:
            yield path, state.id


def _on_cluster(
    slides: list[Path], model: str, um_per_px: float | None
) -> Iterator[tuple[Path, str | LobuleError]]:
    """The same on the Ray cluster, as they are done."""
    from core.cluster import require_reachable
    from core.slides.answering.on_cluster import answer_on_cluster

    require_reachable()
    with shown_progress(f"{len(slides):,} slides") as bar:
        yield from answer_on_cluster(
            slides, model, um_per_px, lambda done: bar(done, "on the cluster")
        )


def resume(
    answer: Annotated[str, typer.Argument(help="The answer's id.")], *, as_json: AsJson = False
) -> None:
    """Go on with an answer that was interrupted, cancelled or failed, here."""
    from core.slides.answering import resume_here

    with progress() as on_state:
        resume_here(answer, on_state=on_state)
    show(answer, as_json=as_json)


def work(answer: Annotated[str, typer.Argument()], lock: Annotated[int, typer.Option()]) -> None:
    """Do an answer that another process has asked for."""
    from core.slides.answering import work_on

    os.set_inheritable(lock, False)  # noqa: FBT003 (its only form)
    work_on(answer, lock)


def answers(*, as_json: AsJson = False) -> None:
    """List every answer of a slide and how it stands, the one asked for last first."""
    from core.slides.answering.state import every_state
    from core.slides.answering.words import progress_words

    states = every_state()
    if as_json:
        print_json([_as_json(state) for state in states])
        return
    if not states:
        typer.echo("No answers. `python -m core slides answer SLIDE` makes one.")
    for state in states:
        words = progress_words(state) if state.tiles else state.message or ""
        model = state.model or state.request.model or "auto"
        line = f"{state.request.name}, {model}. {words}"
        typer.echo(f"{state.id}  {state.state:<11}  {plain(line)}")


def _as_json(state: "AnswerState") -> dict[str, object]:
    return {
        "id": state.id,
        "state": state.state,
        "slide": state.request.name,
        "path": str(state.request.slide),
        "model": state.model or state.request.model,
        "tiles": state.tiles,
        "tiles_done": state.tiles_done,
        "mm2": state.mm2,
        "mm2_done": state.mm2_done,
        "seconds_left": state.seconds_left,
        "message": state.message,
    }


def show(answer: str, *, as_json: bool) -> None:
    """Print what was answered.

    Raises
    ------
    SlideError
        If there is no such answer, or it is not finished.
    """
    from core.slides.answering import load_answer
    from core.slides.in_words import area_words, share_words

    saved_answer = load_answer(answer)
    if saved_answer is None or saved_answer.summary is None:
        raise SlideError(f"The answer {answer} is not finished. `slides resume` goes on with it.")
    summary = saved_answer.summary
    if as_json:
        print_json({"id": answer, **summary})
        return
    area, tiles = summary["positive"], summary["tiles"]
    typer.echo(f"{plain(summary['slide']['name'])}: {summary['outcome']['name']}  ({answer})")
    if summary["probabilities"] is not None:
        chances = ", ".join(
            f"{name} {value:.3f}"
            for name, value in zip(summary["classes"], summary["probabilities"], strict=True)
        )
        typer.echo(
            f"    {chances}; {summary['model']['name']}, {tiles['answered']:,} tiles, "
            f"{summary['seconds']:.0f} s"
        )
        typer.echo(
            f"    {summary['shown_class']} from {summary['threshold']:.3f}: "
            f"{share_words(area['mm2'], area['answered_mm2'])} of tissue; "
            f"{area_words(summary['out_of_scope']['mm2'])} out of scope"
        )
    for note in (*summary["outcome"]["reasons"], *summary["warnings"]):
        typer.echo(f"    Note: {plain(note)}")


def export(
    answer: Annotated[str, typer.Argument(help="The answer's id, as `slides answers` lists it.")],
    to: Annotated[
        list[str],
        typer.Option(help="geojson, tiff, dicom-seg, dicom-map, dicom-sr, csv or pdf; several."),
    ],
    folder: Annotated[Path, typer.Option(help="Where to.")] = Path(),
) -> None:
    """Write an answer for other tools, and print the files' names."""
    from core.slides.export import export as make

    try:
        for kind in to:
            name, content = make(answer, kind)
            write_whole(folder / name, content)
            typer.echo(plain(str(folder / name)))
    except OSError as error:
        typer.echo(f"Nothing can be written to {plain(str(folder))}: {error.strerror}.", err=True)
        raise typer.Exit(1) from error
