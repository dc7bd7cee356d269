"""`models adopt`: a network that was made elsewhere, put among the models."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from core.adoption.inside import scales_itself
from core.cli.dataset_options import PatientPattern
from core.cli.output import plain, stage_bars

if TYPE_CHECKING:
    from core.adoption.network import FlatNetwork
    from core.registry.card import Card


def adopt(
    file: Annotated[
        Path, typer.Argument(help="A .keras, a whole-model .h5, or a SavedModel as .zip.")
    ],
    classes: Annotated[
        list[str],
        typer.Option(
            metavar="NAME",
            help=(
                "A class, in the order of the outputs, once per class; or all, separated by commas."
            ),
        ),
    ],
    name: Annotated[str, typer.Option(help="Name of the model here.")],
    *,
    positive: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Which of the two is positive, if their names do not say so."
        ),
    ] = None,
    um_per_px: Annotated[
        float | None, typer.Option(help="Scale of its training images, µm/px.")
    ] = None,
    field: Annotated[
        float | None,
        typer.Option(
            help="Side of the square one training image showed, µm; by default the input at that "
            "scale."
        ),
    ] = None,
    scaling: Annotated[
        Literal["unit", "signed", "pixels", "imagenet", "caffe"] | None,
        typer.Option(
            help="How it wants colours: unit 0 to 1, signed −1 to 1, pixels 0 to 255 (also where "
            "it scales them itself), imagenet mean and deviation, caffe mean and blue first. "
            "If omitted, all are tried on --data."
        ),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Labelled folder or manifest to judge it on.")
    ] = None,
    unseen: Annotated[
        bool,
        typer.Option("--unseen", help="It was not trained on any patient in --data."),
    ] = False,
    patient_pattern: PatientPattern = None,
    side: Annotated[
        int | None,
        typer.Option(help="Side of the input, px, if the network takes any.", min=8, max=4096),
    ] = None,
    title: Annotated[str | None, typer.Option(help="What pages call it.")] = None,
) -> None:
    """Put a network that was made elsewhere among the models; with --data it is judged.

    Without --data its card says that nobody judged it, and it answers only where it is asked for by
    name.
    """
    from core.adoption.adopt import adopt as run
    from core.adoption.foreign import read_foreign
    from core.adoption.network import build_flat
    from core.adoption.request import Adoption, check_scale, order_of
    from core.registry.manage import refuse_name

    request = Adoption(
        name=name,
        classes=_apart(classes),
        positive=positive,
        um_per_px=um_per_px,
        field_um=field,
        scaling=scaling,
        title=title,
        data=data,
        patient_pattern=patient_pattern,
        unseen=unseen,
        side=side,
    )
    refuse_name(name)
    check_scale(request)
    foreign = read_foreign(file)
    order = order_of(request, foreign)
    network = build_flat(foreign, "pixels", order, side)
    _print_network(network, scales_itself(network.model))
    with stage_bars() as progress:
        package = run(foreign, request, progress)
    _print_judgement(package.card)
    typer.echo(f"{package.path} (sha256 {package.model_sha256[:12]})")


def _apart(classes: list[str]) -> tuple[str, ...]:
    parts = classes[0].split(",") if len(classes) == 1 else classes
    return tuple(part.strip() for part in parts)


def _print_network(network: "FlatNetwork", inside: str | None) -> None:
    weights = sum(layer.weights for layer in network.layers)
    typer.echo(f"A flat network of {len(network.layers)} layers, {weights:,} weights.")
    typer.echo(f"Heatmaps explain {plain(network.heatmap_layer)}, the last convolutional layer.")
    if inside:
        typer.echo(f"It scales colours itself ({plain(inside)}): --scaling pixels leaves them so.")
    for change in network.changes:
        typer.echo(plain(change))


def _print_judgement(card: "Card") -> None:
    from core.cli.train_output import report
    from core.registry.card_words import reservations

    if card.evaluation:
        typer.echo(report(card.evaluation))
    for text in reservations(card):
        typer.echo(plain(text))
