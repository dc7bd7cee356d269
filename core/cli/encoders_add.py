"""`encoders add`: a published encoder by its name, or any from a file."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

import typer

from core.cli.encoders_compare import compare
from core.cli.output import plain, stage_bars
from core.errors import EncoderError
from core.fields import NAME

_COMMERCIAL = {"yes": "allowed", "no": "not allowed", "unknown": "unknown"}


def add(
    given: Annotated[
        str,
        typer.Argument(
            metavar="FILE|NAME",
            help="An .onnx or .xml file, a folder with one, or a name of `encoders list --known`.",
        ),
    ],
    *,
    name: Annotated[str | None, typer.Option(help="What to call it here.")] = None,
    agree: Annotated[
        bool, typer.Option("--agree", help="Of a known one: you have read its licence and agree.")
    ] = False,
    token: Annotated[
        str | None,
        typer.Option(
            envvar="HF_TOKEN", help="Of a known one whose authors want to be asked: your token."
        ),
    ] = None,
    source: Annotated[
        str | None, typer.Option(help="Where it comes from; others find it there.")
    ] = None,
    licence: Annotated[
        str | None, typer.Option(help="Its licence, such as CC-BY-NC-ND-4.0.")
    ] = None,
    commercial: Annotated[
        Literal["yes", "no", "unknown"] | None,
        typer.Option(help="Whether the licence allows commercial use; every card says so."),
    ] = None,
    citation: Annotated[str | None, typer.Option(help="What to cite.")] = None,
    title: Annotated[
        str | None, typer.Option(help="What pages call it; its name unless given.")
    ] = None,
    size: Annotated[
        int | None,
        typer.Option(help="Side of its input, px; 224 unless given.", min=16, max=1024),
    ] = None,
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
    data: Annotated[
        Path | None,
        typer.Option(help="Folder of a labelled dataset: fit a probe on it there, and print that."),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace an encoder of this name.")
    ] = False,
) -> None:
    """Add an encoder: a published one by its name, or any in ONNX or OpenVINO's format.

    A published one is fetched once you agree to its licence, and converted once where it is for
    PyTorch (see `requirements-encoders.txt`). From a file, --name, --source, --licence,
    --commercial and --citation are needed. Either is tried on two made-up pictures in a process of
    its own, which may take only so much memory and time.
    """
    from core.encoders.catalogue import known_encoders
    from core.encoders.words import encoder_line

    if given in {known.name for known in known_encoders()} and not Path(given).exists():
        from core.encoders.hub import add_known

        published = {
            "--source": source,
            "--licence": licence,
            "--commercial": commercial,
            "--citation": citation,
            "--title": title,
            "--size": size,
            "--um-per-px": um_per_px,
            "--mean": mean,
            "--deviation": deviation,
            "--features": features,
            "--tensor": tensor,
        }
        if idle := [option for option, value in published.items() if value is not None]:
            raise EncoderError(
                f"{given} is used as it was published: leave {', '.join(idle)} out. To use it "
                "otherwise, add it from a file."
            )
        try:
            with stage_bars() as on_stage:
                encoder = add_known(
                    given,
                    agreed=agree,
                    token=token,
                    called=name,
                    replace=replace,
                    on_stage=on_stage,
                )
        except KeyboardInterrupt:
            typer.echo("Stopped. What was fetched is kept: the same command goes on.", err=True)
            raise typer.Exit(130) from None
    else:
        from core.encoders.add import About, add_encoder
        from core.encoders.given import graph_file
        from core.encoders.stated import stated_preparation

        file = _graph_or_known(given, graph_file)
        stated = {
            "--name": name,
            "--source": source,
            "--licence": licence,
            "--commercial": commercial,
            "--citation": citation,
        }
        if missing := [option for option, value in stated.items() if not value]:
            raise EncoderError(f"To add an encoder from a file, state {', '.join(missing)} too.")
        about = About(
            name=str(name),
            title=title or str(name),
            source=str(source),
            licence=str(licence),
            commercial=_COMMERCIAL[str(commercial)],  # type: ignore[arg-type]
            citation=str(citation),
            input=stated_preparation(
                size or 224,
                um_per_px,
                {
                    "mean": ("--mean", mean or None),
                    "deviation": ("--deviation", deviation or None),
                },
            ),
            features=features.replace("-", " ") if features else None,  # type: ignore[arg-type]
            tensor=tensor,
        )
        encoder = add_encoder(file, about, replace=replace)
    typer.echo(f"{plain(str(encoder.path))} (sha256 {encoder.card.sha256[:12]})")
    typer.echo(plain(encoder_line(encoder.card)))
    if data:
        compare([encoder.card.name], data=data)
    typer.echo(
        f"Fit a model on it: python -m core train --recipe probe --encoder "
        f"{plain(encoder.card.name)} --data FOLDER"
    )


def _graph_or_known(name_or_path: str, graph_file: Callable[[Path], Path]) -> Path:
    """The graph that a path means; a word that is no path was meant as a name."""
    from core.encoders.catalogue import known_encoder

    if not Path(name_or_path).exists() and NAME.fullmatch(name_or_path):
        known_encoder(name_or_path)
    return graph_file(Path(name_or_path))
