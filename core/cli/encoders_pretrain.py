"""`encoders pretrain`: an encoder of one's own, from unlabelled images."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from core.cli.dataset_options import PatientPattern, Positive
from core.cli.output import plain, stage_bars
from core.errors import Stopped
from core.training.watch import Watch

if TYPE_CHECKING:
    from core.training.fitting.progress import Row
    from core.training.pretraining.run import PretrainResult


def pretrain(
    data: Annotated[
        Path, typer.Option(help="Folder with images of any layout; labels are not looked at.")
    ],
    name: Annotated[str, typer.Option(help="What to call the encoder.")],
    *,
    recipe: Annotated[
        str, typer.Option(help="How: `selfsupervised`, or a .toml file.")
    ] = "selfsupervised",
    labelled: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Labelled dataset of training patients: a probe on them, judged by patient after "
            "each epoch, chooses the best. Leave out whoever is to judge the model later.",
        ),
    ] = None,
    slide_scale: Annotated[
        float | None,
        typer.Option(
            metavar="µM/PX",
            help="DATA is a slide, or a folder with slides: cut them into tiles of this scale.",
            min=0.05,
            max=20,
        ),
    ] = None,
    task: Annotated[
        Literal["binary", "subtype"], typer.Option(help="Which classes of LABELLED to tell apart.")
    ] = "binary",
    patient_pattern: PatientPattern = None,
    positive: Positive = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Change a setting of the recipe, such as epochs=3; may be given several times. "
            "With epochs=0 the encoder is the ImageNet start, to compare with.",
        ),
    ] = None,
    so_far: Annotated[
        bool,
        typer.Option("--so-far", help="Pretrain no further: keep the best of what was stopped."),
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace an encoder of this name.")
    ] = False,
) -> None:
    """Pretrain an encoder on unlabelled images, from ImageNet weights (Barlow Twins).

    Ctrl-C stops it after this step; the same command goes on from the last finished epoch, with
    --so-far it keeps the best of them. The exit code is 1 if no epoch beat the start.
    """
    from core.training.pretraining.recipe import load_pretraining
    from core.training.pretraining.run import PretrainRequest
    from core.training.pretraining.run import pretrain as run

    request = PretrainRequest(
        settings=load_pretraining(recipe, settings or ()),
        data=data,
        name=name,
        labelled=labelled,
        slide_scale=slide_scale,
        task=task,
        patient_pattern=patient_pattern,
        positive=positive,
        replace=replace,
        no_further=so_far,
    )
    try:
        with _shown() as watch:
            result = run(request, watch)
    except (Stopped, KeyboardInterrupt) as error:
        typer.echo(
            "Stopped. The same command goes on from the last finished epoch; with --so-far it "
            "keeps the best of them.",
            err=True,
        )
        raise typer.Exit(130) from error
    for line in _lines(result, so_far=so_far):
        typer.echo(plain(line))
    if result.encoder is None:
        raise typer.Exit(1)


@contextmanager
def _shown() -> Iterator[Watch]:
    """One bar a stage, and a line for each epoch; Ctrl-C stops at the next step, twice at once."""
    with stage_bars() as on_stage:

        class PretrainWatch(Watch):
            stopping = False

            def stage(self, name: str, done: float) -> None:
                on_stage(name, done)

            def epoch(self, values: "Row") -> None:
                typer.echo(_epoch(values), err=True)

            def cancelled(self) -> bool:
                return self.stopping

        watch = PretrainWatch()

        def stop(*_: Any) -> None:
            if watch.stopping:
                raise KeyboardInterrupt
            watch.stopping = True
            typer.echo("Stopping at the next step. Ctrl-C again ends at once.", err=True)

        before = signal.signal(signal.SIGINT, stop)
        try:
            yield watch
        finally:
            signal.signal(signal.SIGINT, before)


def _epoch(row: "Row") -> str:
    parts = [f"loss {row['loss']:.2f}"] if "loss" in row else ["as it started"]
    parts += [f"AUROC {row['auroc']:.3f}"] if "auroc" in row else []
    return f"Epoch {row['epoch']}: {', '.join(parts)}, {row['seconds']:.0f} s"


def _lines(result: "PretrainResult", *, so_far: bool) -> Iterator[str]:
    from core.training.pretraining.fit import best_row

    best, start = best_row(result.history), result.history[0]
    further = (
        "The same command without --so-far goes on."
        if so_far
        else "To use the start itself, pretrain with --set epochs=0."
    )
    if "auroc" in best and len(result.history) > 1:
        yield (
            f"AUROC of a probe on held-out training patients: {start['auroc']:.3f} with the "
            f"ImageNet start, {best['auroc']:.3f} after epoch {best['epoch']}, the best of "
            f"{len(result.history) - 1}."
            if best["epoch"]
            else f"No epoch of {len(result.history) - 1} beat the ImageNet start (AUROC of a probe "
            f"on held-out training patients {start['auroc']:.3f}): no encoder was kept. {further}"
        )
    elif result.encoder is None:
        yield f"No epoch was finished yet: there is no encoder to keep. {further}"
    if result.encoder:
        name = result.encoder.card.name
        yield f"{result.encoder.path} (sha256 {result.encoder.card.sha256[:12]})"
        yield (
            f"Fit a model on it: python -m core train --recipe probe --encoder {name} --data FOLDER"
        )
