"""`encoders compare`: encoders on one dataset, in the same folds."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.cli.dataset_options import PatientPattern, Positive
from core.cli.output import AsJson, markdown, plain, print_json, stage_bars
from core.training.watch import Watch

if TYPE_CHECKING:
    from core.evaluation.compare import Difference
    from core.training.compare_encoders import EncoderComparison


class _Told(Watch):
    """Draws a bar for each stage."""

    def __init__(self, on_stage: Callable[[str, float], None]) -> None:
        self._told = on_stage

    def stage(self, name: str, done: float) -> None:
        self._told(name, done)


def compare(
    names: Annotated[list[str], typer.Argument(help="Encoders, as `encoders list` calls them.")],
    *,
    data: Annotated[Path, typer.Option(help="Folder or manifest of the dataset.")],
    recipe: Annotated[
        list[str] | None,
        typer.Option(help="A recipe with a probe to stand beside; may be given several times."),
    ] = None,
    um_per_px: Annotated[
        float | None, typer.Option(help="Scale of images that do not state one, µm/px.", min=0.01)
    ] = None,
    patient_pattern: PatientPattern = None,
    positive: Positive = None,
    as_json: AsJson = False,
) -> None:
    """Fit a probe on each encoder, judged in the same folds by patient, beside colour alone.

    Features are kept, so that a further comparison takes only what is new.
    """
    from core.training.compare_encoders import compare_encoders
    from core.training.request.recipe import load_recipe
    from core.training.request.request import Request

    request = Request(
        recipe=load_recipe("probe"),
        data=data,
        name="comparison",
        um_per_px=um_per_px,
        patient_pattern=patient_pattern,
        positive=positive,
    )
    try:
        with stage_bars() as on_stage:
            comparison = compare_encoders(request, names, recipe or (), _Told(on_stage))
    except KeyboardInterrupt:
        typer.echo("Stopped. Features that were computed are kept.", err=True)
        raise typer.Exit(130) from None
    if as_json:
        print_json(_as_json(comparison))
        return
    for line in _comparison_lines(comparison):
        typer.echo(plain(line))


def _comparison_lines(comparison: "EncoderComparison") -> Iterator[str]:
    """A Markdown table, and what choosing from it costs."""
    from core.training.comparison_table import flattery, judged_alike, pretrained_on, rows, titles

    yield judged_alike(comparison)
    yield ""
    yield from markdown(titles(comparison), rows(comparison))
    yield ""
    yield from pretrained_on(comparison)
    yield flattery(comparison)


def _as_json(comparison: "EncoderComparison") -> dict[str, object]:
    charged = comparison.charged
    return {
        "dataset": comparison.dataset,
        "best": charged.best,
        "apparent": charged.apparent,
        "charged": charged.charged,
        "encoders": [
            {
                "name": each.name,
                "auroc": each.evaluation.auroc,
                "auroc_interval": each.evaluation.auroc_interval,
                "balanced_accuracy": each.evaluation.balanced_accuracy,
                "colour_auroc": each.evaluation.colour_auroc,
                "beyond_colour": _difference_json(each.beyond_colour),
                "behind_best": None
                if each.behind_best is None
                else _difference_json(each.behind_best),
                "stain_shift": {
                    f"{shift.strength:g}": shift.auroc for shift in each.evaluation.stain_shift
                },
                "tells_patients": each.tells_patients,
                "milliseconds": each.milliseconds,
                "megabytes": each.megabytes,
                "seen": each.seen,
            }
            for each in comparison.compared
        ],
    }


def _difference_json(difference: "Difference") -> dict[str, object]:
    """A difference as JSON."""
    return {"difference": difference.difference, "interval": difference.interval}
