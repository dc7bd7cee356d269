"""`train`: a recipe and a folder in, a model on the shelf out."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from core.errors import LobuleError

if TYPE_CHECKING:
    from core.registry.card import Evaluation
    from core.training.watch import Watch


def train(
    recipe: Annotated[str, typer.Option(help="Name of a recipe, or a .toml file.")],
    data: Annotated[Path, typer.Option(help="Folder of the dataset.")],
    name: Annotated[str, typer.Option(help="Name of the model.")],
    split: Annotated[
        Literal["patient", "image"] | None,
        typer.Option(help="By image leaks: only to reproduce published figures."),
    ] = None,
    folder: Annotated[
        Path | None, typer.Option(help="Where to put the model; LOBULE_HOME/models by default.")
    ] = None,
    *,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace a model of this name.")
    ] = False,
) -> None:
    """Train a model by a recipe and put it on the shelf."""
    from core.training.override import override  # noqa: PLC0415 - help comes at once
    from core.training.recipe import load_recipe  # noqa: PLC0415
    from core.training.request import Request  # noqa: PLC0415

    try:
        chosen = load_recipe(recipe)
        if split:
            chosen = override(chosen, [f"split={split}"])
        request = Request(recipe=chosen, data=data, name=name, folder=folder, replace=replace)
        from core.training.run import train as run  # noqa: PLC0415 - loads TensorFlow

        with _progress() as watch:
            package = run(request, watch)
    except LobuleError as error:
        typer.echo(f"No model was trained. {error}", err=True)
        raise typer.Exit(1) from error
    typer.echo(f"{package.path} (sha256 {package.model_sha256[:12]})")
    if package.card.evaluation:
        typer.echo(_report(package.card.evaluation))


@contextmanager
def _progress() -> Iterator["Watch"]:
    """One bar a stage, with the time left, on stderr."""
    from rich.console import Console  # noqa: PLC0415 - help comes at once
    from rich.progress import Progress as Bars  # noqa: PLC0415

    from core.training.watch import Watch  # noqa: PLC0415

    with Bars(console=Console(stderr=True)) as bars:
        stages: dict[str, object] = {}

        class Shown(Watch):
            def stage(self, name: str, done: float) -> None:
                if name not in stages:
                    stages[name] = bars.add_task(name, total=1.0)
                bars.update(stages[name], completed=done)  # type: ignore[arg-type]

        yield Shown()


def _report(evaluation: "Evaluation") -> str:
    def figure(value: float | None, interval: tuple[float, float] | None = None) -> str:
        text = "–" if value is None else f"{value:.3f}"
        return f"{text} ({interval[0]:.3f}–{interval[1]:.3f})" if interval else text

    lines = [
        "LEAKY SPLIT: " + evaluation.protocol if evaluation.leaky else evaluation.protocol,
        f"{evaluation.images} images of {evaluation.patients} patients. 95 % intervals by patient.",
        (
            f"AUROC {figure(evaluation.auroc, evaluation.auroc_interval)}, "
            f"colour alone {figure(evaluation.colour_auroc)}"
        ),
        (
            "Balanced accuracy "
            f"{figure(evaluation.balanced_accuracy, evaluation.balanced_accuracy_interval)}, "
            f"colour alone {figure(evaluation.colour_balanced_accuracy)}"
        ),
        "patient  images  positive  AUROC  balanced accuracy  at threshold  colour alone",
    ]
    lines += [
        f"{result.patient:>7}  {result.images:6d}  {result.positives:8d}  {figure(result.auroc)}  "
        f"{figure(result.balanced_accuracy):>17}  {result.threshold:12.3f}  "
        f"{figure(result.colour_auroc)} / {figure(result.colour_balanced_accuracy)}"
        for result in evaluation.by_patient
    ]
    return "\n".join([*lines, *evaluation.notes])
