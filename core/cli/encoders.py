"""`encoders`: frozen networks of the field that models are fitted on."""

from typing import Annotated

import typer

from core.cli.encoders_add import add
from core.cli.encoders_compare import compare
from core.cli.encoders_pretrain import pretrain
from core.cli.output import AsJson, plain, print_json
from core.errors import EncoderError

encoders = typer.Typer(
    help="Frozen networks, pretrained on pathology, that models are fitted on.",
    no_args_is_help=True,
)
encoders.command()(add)
encoders.command()(compare)
encoders.command()(pretrain)
Name = Annotated[str, typer.Argument(help="An encoder, as `encoders list` calls it.")]


@encoders.command("list")
def list_encoders(
    *,
    known: Annotated[
        bool, typer.Option("--known", help="Published ones that can be added by name.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List every encoder at hand, or those that can be added by name."""
    if known:
        _list_known(as_json=as_json)
        return
    from core.encoders.shelf import encoders as all_encoders
    from core.encoders.words import encoder_line

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
        typer.echo(
            "No encoders. `python -m core encoders list --known` lists published ones; `encoders "
            "add FILE.onnx --name NAME …` adds one from a file."
        )
    for entry in entries:
        line = encoder_line(entry.encoder.card) if entry.encoder else f"REFUSED: {entry.error}"
        typer.echo(f"{plain(entry.name)}  {plain(line)}")


def _list_known(*, as_json: bool) -> None:
    from core.encoders.catalogue import known_encoders
    from core.encoders.words import LIMITS

    entries = known_encoders()
    if as_json:
        print_json([entry.model_dump(mode="json") for entry in entries])
        return
    for entry in entries:
        typer.echo(
            f"{entry.name:<16} {entry.title}: {entry.dimension:,} features, "
            f"{entry.megabytes:,} MB, {entry.licence}{LIMITS[entry.commercial]}"
            f"{'; asks for a token' * entry.gated}"
        )
        typer.echo(f"{'':<16} {entry.page}")
    typer.echo("Add one: python -m core encoders add NAME --agree")


@encoders.command()
def show(name: Name, *, as_json: AsJson = False) -> None:
    """Show an encoder's card."""
    from core.encoders.shelf import find_encoder
    from core.encoders.words import converted, learnt_from, scale_of

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
        ("Input", f"{size.width}×{size.height} px, {scale_of(size)}"),
        ("Colours", f"RGB / 255, minus {_three(size.mean)}, over {_three(size.deviation)}"),
        ("Features", f"{card.dimension:,}, {card.features}"),
        ("Output", card.tensor or ""),
        ("Places", places),
        ("Made from", f"SHA-256 {card.made_from}"),
        ("Converted", converted(card)),
        ("Learnt from", learnt_from(card)),
        ("SHA-256", card.sha256),
    ):
        if text:
            typer.echo(f"{label + ':':<12} {plain(text)}")


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


def _three(values: tuple[float, ...]) -> str:
    return ", ".join(f"{value:g}" for value in values)
