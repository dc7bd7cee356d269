"""`encoders`: frozen networks of the field that models are fitted on."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from core.cli.encoders_compare import compare
from core.cli.encoders_pretrain import pretrain
from core.cli.output import AsJson, plain, print_json
from core.errors import EncoderError

if TYPE_CHECKING:
    from core.encoders.card import EncoderCard, Preparation

_COLOURS = 3
_COMMERCIAL = {"yes": "allowed", "no": "not allowed", "unknown": "unknown"}

encoders = typer.Typer(
    help="Frozen networks, pretrained on pathology, that models are fitted on.",
    no_args_is_help=True,
)
encoders.command()(compare)
encoders.command()(pretrain)
Name = Annotated[str, typer.Argument(help="An encoder, as `encoders list` calls it.")]


@encoders.command("list")
def list_encoders(*, as_json: AsJson = False) -> None:
    """List every encoder at hand."""
    from core.encoders.shelf import encoders as all_encoders

    entries = all_encoders()
    if as_json:
        print_json(
            [
                {
                    "name": entry.name,
                    "title": entry.encoder.card.title if entry.encoder else None,
                    "sha256": entry.encoder.card.sha256 if entry.encoder else None,
                    "commercial": entry.encoder.card.commercial if entry.encoder else None,
                    "error": entry.error,
                }
                for entry in entries
            ]
        )
        return
    if not entries:
        typer.echo("No encoders. Add one: python -m core encoders add FILE.onnx --name NAME …")
    for entry in entries:
        what = _line(entry.encoder.card) if entry.encoder else f"REFUSED: {entry.error}"
        typer.echo(f"{plain(entry.name)}  {plain(what)}")


@encoders.command()
def show(name: Name, *, as_json: AsJson = False) -> None:
    """Show an encoder's card."""
    from core.encoders.shelf import find_encoder

    card = find_encoder(name).card
    if as_json:
        typer.echo(card.to_json(), nl=False)
        return
    size = card.input
    places = "none" if card.grid is None else f"{card.grid[0]}×{card.grid[1]}, {card.maps}"
    for label, text in (
        ("Name", card.name),
        ("Title", card.title),
        ("Source", card.source),
        ("Licence", f"{card.licence}; commercial use {card.commercial}"),
        ("Citation", card.citation),
        ("Input", f"{size.width}×{size.height} px, {_scale(size)}"),
        ("Colours", f"RGB / 255, minus {_three(size.mean)}, over {_three(size.deviation)}"),
        ("Features", f"{card.dimension:,}, {card.features}"),
        ("Places", places),
        ("Made from", f"SHA-256 {card.made_from}"),
        ("SHA-256", card.sha256),
    ):
        typer.echo(f"{label + ':':<11} {plain(text)}")


@encoders.command()
def verify(
    name: Annotated[str | None, typer.Argument(help="By default every one.")] = None,
) -> None:
    """Compute every hash of the encoders anew; the exit code is 1 if anything is off."""
    from core.encoders.shelf import encoders as all_encoders
    from core.encoders.shelf import find_encoder, verify_encoder
    from core.settings import get_settings

    names = [entry.name for entry in all_encoders()]
    if name is not None and name not in names:
        find_encoder(name)
    faulty = False
    for each in names if name is None else [name]:
        try:
            verify_encoder(get_settings().encoders / each)
            typer.echo(f"{plain(each)}: sound")
        except EncoderError as error:
            faulty = True
            typer.echo(f"{plain(each)}: {plain(str(error))}")
    if faulty:
        raise typer.Exit(1)


@encoders.command()
def remove(
    name: Name, *, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False
) -> None:
    """Delete an encoder for good; models that rest on it do not answer until it is added again."""
    from core.encoders.shelf import remove_encoder

    if not yes:
        typer.confirm(f"Delete the encoder {plain(name)} for good?", abort=True)
    remove_encoder(name)
    typer.echo(f"{plain(name)} was deleted.")


@encoders.command()
def add(
    given: Annotated[
        Path, typer.Argument(metavar="FILE", help="An .onnx or .xml file, or a folder with one.")
    ],
    *,
    name: Annotated[str, typer.Option(help="What to call it here.")],
    source: Annotated[str, typer.Option(help="Where it comes from; others find it there.")],
    licence: Annotated[str, typer.Option(help="Its licence, such as CC-BY-NC-ND-4.0.")],
    commercial: Annotated[
        Literal["yes", "no", "unknown"],
        typer.Option(help="Whether the licence allows commercial use; every card says so."),
    ],
    citation: Annotated[str, typer.Option(help="What to cite.")],
    title: Annotated[
        str | None, typer.Option(help="What pages call it; its name unless given.")
    ] = None,
    size: Annotated[int, typer.Option(help="Side of its input, px.", min=16, max=1024)] = 224,
    um_per_px: Annotated[
        float | None, typer.Option(help="Scale that it was trained at, µm/px.", min=0.01, max=100)
    ] = None,
    mean: Annotated[
        str | None, typer.Option(help="Mean of R, G, B in 0 to 1; ImageNet's unless given.")
    ] = None,
    deviation: Annotated[
        str | None, typer.Option(help="Standard deviation likewise; ImageNet's unless given.")
    ] = None,
    features: Annotated[
        Literal["as-they-come", "class-token", "mean-of-tokens", "class-token-and-mean"] | None,
        typer.Option(help="What of tokens describes an image; the class token unless given."),
    ] = None,
    tensor: Annotated[
        str | None, typer.Option(help="Name of the output that is meant, where there are several.")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace an encoder of this name.")
    ] = False,
) -> None:
    """Add an encoder from ONNX or OpenVINO's format.

    It is read and tried on two made-up pictures in a process of its own, which may take only so
    much memory and time.
    """
    from core.encoders.add import About, add_encoder

    about = About(
        name=name,
        title=title or name,
        source=source,
        licence=licence,
        commercial=_COMMERCIAL[commercial],  # type: ignore[arg-type]
        citation=citation,
        input=_preparation(size, um_per_px, mean, deviation),
        features=features.replace("-", " ") if features else None,  # type: ignore[arg-type]
        tensor=tensor,
    )
    encoder = add_encoder(given, about, replace=replace)
    typer.echo(f"{plain(str(encoder.path))} (sha256 {encoder.card.sha256[:12]})")
    typer.echo(plain(_line(encoder.card)))
    typer.echo(
        f"Fit a model on it: python -m core train --recipe probe --encoder {plain(name)} --data "
        "FOLDER"
    )


def _preparation(
    size: int, um_per_px: float | None, mean: str | None, deviation: str | None
) -> "Preparation":
    from pydantic import ValidationError

    from core.encoders.card import Preparation
    from core.wrong_values import in_words

    stated = {"mean": mean, "deviation": deviation}
    colours = {what: _three_numbers(what, text) for what, text in stated.items() if text}
    try:
        return Preparation(height=size, width=size, um_per_px=um_per_px, **colours)
    except ValidationError as error:
        raise EncoderError(f"The input cannot be as stated. {in_words(error, 'input')}.") from error


def _three_numbers(what: str, text: str) -> tuple[float, ...]:
    try:
        numbers = tuple(float(part) for part in text.split(","))
    except ValueError:
        numbers = ()
    if len(numbers) != _COLOURS:
        raise EncoderError(
            f"--{what} {text!r} is not three numbers. Write R,G,B such as 0.485,0.456,0.406."
        )
    return numbers


def _line(card: "EncoderCard") -> str:
    limits = {"allowed": "", "not allowed": ", not for commercial use", "unknown": ""}
    size = card.input
    return (
        f"{card.title}: {card.dimension:,} features of {size.width}×{size.height} px, "
        f"{_scale(size)} ({card.licence}{limits[card.commercial]})"
    )


def _scale(size: "Preparation") -> str:
    return "scale not stated" if size.um_per_px is None else f"trained at {size.um_per_px:g} µm/px"


def _three(values: tuple[float, ...]) -> str:
    return ", ".join(f"{value:g}" for value in values)
