"""`evaluate`: a model on any dataset, judged by patient."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.cli.dataset_options import GroupNeighbours, PatientPattern, Positive
from core.cli.output import AsJson, plain, print_json, stage_bars

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.assessment.assess import Assessment
    from core.datasets.records import Dataset


def evaluate(
    model: Annotated[str, typer.Argument(help="A model, as `models list` calls it.")],
    data: Annotated[Path, typer.Option(help="Folder or manifest of the dataset.")],
    magnification: Annotated[
        list[str] | None,
        typer.Option(help="Evaluate on these only, such as 100X; may be given several times."),
    ] = None,
    patient_pattern: PatientPattern = None,
    positive: Positive = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="CSV file for the answers, one row per image. Default: a new folder in "
            "LOBULE_HOME/evaluations."
        ),
    ] = None,
    *,
    group_neighbours: GroupNeighbours = False,
    robustness: Annotated[
        bool,
        typer.Option(
            "--robustness/--no-robustness",
            help="Also try changed images: stain, blur, JPEG, brightness, scale. Takes up to 17 "
            "times as long.",
        ),
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Evaluate a model on a dataset, beside colour alone, with 95 % intervals by patient.

    Writes the answers to a file and says where. Says so where the model was trained on the
    dataset's patients.
    """
    from core.assessment.place import place_for
    from core.assessment.summary import lines, to_json
    from core.assessment.table import write_predictions
    from core.datasets.open import open_dataset

    try:
        assessment = _assess(
            model,
            partial(
                open_dataset,
                data,
                magnifications=magnification or None,
                patient_pattern=patient_pattern,
                positive=positive,
                neighbours=group_neighbours,
            ),
            robustness=robustness,
        )
        table = out or place_for(assessment.package.card.name, assessment.dataset.name)
        write_predictions(assessment.predictions, table)
    except KeyboardInterrupt:
        typer.echo("Stopped: nothing was written.", err=True)
        raise typer.Exit(130) from None
    if as_json:
        print_json({**to_json(assessment), "answers": str(table)})
        return
    for line in lines(assessment):
        typer.echo(plain(line))
    typer.echo(f"Answers: {plain(str(table))}")


def _assess(model: str, opened: "Callable[..., Dataset]", *, robustness: bool) -> "Assessment":
    from core.registry.shelf import find

    package = find(model)
    dataset = opened(task=package.card.task, model_classes=package.card.classes)
    from core.assessment.assess import assess

    with stage_bars() as progress:
        return assess(package, dataset, progress, robustness=robustness)
