"""`explain check` and `explain where`: whether explanations tell what was learnt, and where."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.cli.output import AsJson, plain, print_json, stage_bars
from core.errors import PackageError
from core.explain.methods.catalogue import METHODS, methods_for

if TYPE_CHECKING:
    from core.registry.card_parts import Located, Randomisation

Shipped = Annotated[
    bool,
    typer.Option("--shipped", help="Also write into the card of a model that ships with Lobule."),
]

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
    shipped: Shipped = False,
    as_json: AsJson = False,
) -> None:
    """Draw the model's weights anew and see which explanations change (Adebayo et al. 2018).

    A method whose maps stay the same shows the picture, not what the model learnt, and is marked
    so in the card of a model of your own.
    """
    with _ending_in_words():
        checked, written = _check(model, data, shipped=shipped)
    if as_json:
        print_json({"model": model, "written": written, **checked.model_dump(mode="json")})
        return
    _print(checked)
    _say_whether(model, written=written)


@explain.command()
def where(
    model: Annotated[
        str, typer.Argument(help="A model of two classes, as `models list` calls it.")
    ],
    regions: Annotated[
        Path,
        typer.Option(help="Folder of regions, each with its mask: 1.jpg and 1_tumour.png."),
    ],
    um_per_px: Annotated[
        float, typer.Option(help="Scale of the regions, µm/px.", min=0.05, max=20)
    ],
    only: Annotated[
        list[str] | None,
        typer.Option(help="An explanation to try; may be repeated. All of them by default."),
    ] = None,
    called: Annotated[
        str, typer.Option(help="What they are, for the card.")
    ] = "with a pathologist's mask of the tumour",
    *,
    shipped: Shipped = False,
    as_json: AsJson = False,
) -> None:
    """Compare the probability map and the explanations with where a pathologist saw tumour."""
    with _ending_in_words():
        located, written = _where(model, regions, um_per_px, only, called, shipped=shipped)
    if as_json:
        print_json({"model": model, "written": written, **located.model_dump(mode="json")})
        return
    for line in located_table(located):
        typer.echo(plain(line))
    _say_whether(model, written=written)


@contextmanager
def _ending_in_words() -> Iterator[None]:
    """End the command with a sentence where it is stopped or cannot go on."""
    try:
        yield
    except KeyboardInterrupt:
        typer.echo("Stopped: nothing was written.", err=True)
        raise typer.Exit(130) from None


def _say_whether(model: str, *, written: bool) -> None:
    if written:
        typer.echo(f"Written into the card of {plain(model)}.")
    else:
        typer.echo(f"{plain(model)} ships with Lobule: its card stays as it is without --shipped.")


def located_table(located: "Located") -> list[str]:
    """Both tables as Markdown: whole regions, and within tiles."""
    lines = [
        "| region | what | AUROC | highest in tumour | tumour found | rest called tumour |",
        "|---|---|---|---|---|---|",
    ]
    for region in located.regions:
        share = f"{region.found:.0%} | {region.called_besides:.0%}"
        for shown, auroc, points, shares in (
            ("probability map", region.probability_map, region.map_points, share),
            ("heatmap", region.heatmap, region.heatmap_points, "– | –"),
            ("nuclei", region.nuclei, region.nuclei_point, "– | –"),
        ):
            highest = "yes" if points else "no"
            lines.append(f"| {region.name} | {shown} | {auroc:.3f} | {highest} | {shares} |")
    lines += ["", f"| within {located.tiles} tiles | AUROC, mean over tiles |", "|---|---|"]
    lines.append(f"| nuclei | {located.nuclei:.3f} |")
    lines += [f"| {each.method} | {each.auroc:.3f} |" for each in located.methods]
    return lines


def _where(
    model: str,
    folder: Path,
    um_per_px: float,
    only: list[str] | None,
    called: str,
    *,
    shipped: bool,
) -> "tuple[Located, bool]":
    from core.registry.manage import rewrite_card
    from core.registry.shelf import find, shelf
    from core.registry.shipped import vouch_again

    package = find(model)
    of_user = not next(entry for entry in shelf() if entry.name == model).shipped
    from core.explain.localisation import locate, regions_of
    from core.inference.classifier import get_classifier

    known = methods_for(package)
    methods = tuple(only or known)
    if unknown := sorted(set(methods) - set(known)):
        raise PackageError(
            f"There is no explanation {unknown[0]!r} of {model!r}. Choose among {', '.join(known)}."
        )
    regions = regions_of(folder, um_per_px)
    with stage_bars() as progress:
        located = locate(get_classifier(package), regions, called, methods, progress)
    write = of_user or shipped
    if write:
        rewrite_card(package, located=located)
        if not of_user:
            vouch_again(package.path)
    return located, write


def _check(model: str, data: Path | None, *, shipped: bool) -> "tuple[Randomisation, bool]":
    from core.registry.manage import rewrite_card
    from core.registry.shelf import find, shelf
    from core.registry.shipped import vouch_again

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
        if not of_user:
            vouch_again(package.path)
    return test, write


def _print(test: "Randomisation") -> None:
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
