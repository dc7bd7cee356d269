"""`explain check`: whether a model's explanations tell what it learnt."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.cli.output import AsJson, plain, print_json, stage_bars
from core.errors import LobuleError

if TYPE_CHECKING:
    from core.registry.card_parts import Randomisation

explain = typer.Typer(help="What drove a model's answers.", no_args_is_help=True)


@explain.callback()
def _group() -> None:
    """What drove a model's answers."""


@explain.command()
def check(
    model: Annotated[str, typer.Argument(help="A model, as `models list` calls it.")],
    data: Annotated[
        Path | None,
        typer.Option(help="Folder or manifest of real images; by default synthetic ones."),
    ] = None,
    *,
    shipped: Annotated[
        bool,
        typer.Option(
            "--shipped", help="Also write into the card of a model that ships with Lobule."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Draw the model's weights anew and see which explanations change (Adebayo et al. 2018).

    A method whose maps stay the same shows the picture, not what the model learnt, and is marked
    so in the card of a model of your own.
    """
    try:
        found, written = _check(model, data, shipped=shipped)
    except KeyboardInterrupt:
        typer.echo("Stopped: nothing was written.", err=True)
        raise typer.Exit(130) from None
    except LobuleError as error:
        typer.echo(plain(str(error)), err=True)
        raise typer.Exit(1) from error
    if as_json:
        print_json({"model": model, "written": written, **found.model_dump(mode="json")})
        return
    _print(found)
    if written:
        typer.echo(f"Written into the card of {plain(model)}.")
    else:
        typer.echo(f"{plain(model)} ships with Lobule: its card stays as it is without --shipped.")


def _check(model: str, data: Path | None, *, shipped: bool) -> "tuple[Randomisation, bool]":
    from core.registry.manage import rewrite_card
    from core.registry.shelf import find, shelf

    package = find(model)
    of_user = not next(entry for entry in shelf() if entry.name == model).shipped
    from core.explain.check import check_explanations
    from core.explain.check_images import PHANTOM, dataset_inputs, phantom_inputs
    from core.inference.classifier import get_classifier

    inputs, images_of = (
        (phantom_inputs(package.card), PHANTOM)
        if data is None
        else dataset_inputs(package.card, data)
    )
    with stage_bars() as progress:
        test = check_explanations(get_classifier(package), inputs, images_of, progress)
    write = of_user or shipped
    if write:
        rewrite_card(package, explanations=test)
    return test, write


def _print(test: "Randomisation") -> None:
    from core.explain.methods.catalogue import METHODS

    typer.echo(
        f"Maps of {test.images} {plain(test.images_of)}, before and after the weights of all "
        f"{test.layers} layers were drawn anew (mean of {len(test.methods[0].by_draw)} draws)."
    )
    typer.echo(f"Unchanged from a rank correlation of {test.threshold:g} on.")
    titles: dict[str, str] = {name: words.title for name, words in METHODS.items()}
    for check in test.methods:
        steps = ", ".join(f"{step.layers}: {step.correlation:.2f}" for step in check.cascade)
        draws = ", ".join(f"{value:.2f}" for value in check.by_draw)
        verdict = "UNCHANGED" if check.unchanged else "changes"
        typer.echo(
            f"{titles.get(check.method, check.method):<11} {verdict:<9}  rank correlation "
            f"{check.correlation:.2f} (draws {draws}), structural similarity "
            f"{check.cascade[-1].similarity:.2f}; by layers drawn, from the last: {steps}"
        )
