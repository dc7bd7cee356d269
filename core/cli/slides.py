"""`slides`: list whole slides, tell of one, delete one; the doors to answers and archive."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.cli.output import AsJson, plain, print_json
from core.cli.slides_answer import answer, answers, export, resume, work
from core.cli.slides_archive import download, search
from core.errors import SlideError
from core.slides.in_words import size_words

if TYPE_CHECKING:
    from core.slides.slide import SlideInfo

slides = typer.Typer(help="Whole slides and DICOM.", no_args_is_help=True)


@slides.command("list")
def list_all(*, as_json: AsJson = False) -> None:
    """List the slides in the folders of LOBULE_SLIDES, and those uploaded or fetched."""
    from core.slides.roots import list_slides

    listed = list_slides()
    if as_json:
        print_json(
            [{"id": slide.id, "name": slide.name, "path": str(slide.path)} for slide in listed]
        )
        return
    if not listed:
        typer.echo("No slides. Name a folder that holds some in LOBULE_SLIDES.")
    for slide in listed:
        typer.echo(f"{slide.id}  {plain(str(slide.path))}")


@slides.command()
def info(
    slide: Annotated[Path, typer.Argument(help="A slide, or a folder of DICOM files.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Say what is known of a slide: format, size, scale, levels."""
    from core.slides.pyramid import damage_words
    from core.slides.serving import THUMBNAIL
    from core.slides.slide import open_slide
    from core.slides.stain import why_not_stained

    with open_slide(slide) as opened:
        known = opened.info
        damage = damage_words(opened, THUMBNAIL)
        try:
            doubt = why_not_stained(opened)
        except SlideError as error:
            doubt = str(error)
    if damage and damage != doubt:
        known = replace(known, notes=(*known.notes, damage))
    if as_json:
        print_json(_as_json(known, doubt))
        return
    for label, words in _lines(known, doubt):
        typer.echo(f"{label + ':':<14}{plain(words)}")


@slides.command()
def delete(
    slide: Annotated[str, typer.Argument(help="Its id, as `slides list` gives it.")],
    *,
    answers: Annotated[bool, typer.Option("--answers", help="Delete its answers, too.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete a slide that was uploaded or fetched; those of LOBULE_SLIDES never are."""
    from core.slides.answering.removal import remove, what_goes

    going = what_goes(slide)
    names = ", ".join(plain(each.name) for each in going.slides)
    if not yes:
        fate = "deleted, too" if answers else "kept"
        typer.confirm(
            f"Delete {names} for good? Answers: {len(going.answers):,}, {fate}.", abort=True
        )
    remove(slide, answers=answers)
    typer.echo(f"Deleted: {names}")


def _as_json(known: "SlideInfo", doubt: str | None) -> dict[str, object]:
    return {
        "path": str(known.path),
        "format": known.format,
        "width": known.width,
        "height": known.height,
        "um_per_px": known.um_per_px,
        "magnification": known.magnification,
        "downsamples": list(known.downsamples),
        "notes": list(known.notes),
        "fingerprint": known.fingerprint,
        "doubt": doubt,
    }


def _lines(known: "SlideInfo", doubt: str | None) -> list[tuple[str, str]]:
    size = f"{known.width:,} × {known.height:,} px"
    if known.um_per_px is not None:
        size += f", {size_words(known.width, known.height, known.um_per_px)}"
    scale = "none stated" if known.um_per_px is None else f"{known.um_per_px:g} µm/px"
    if known.scale_words:
        scale = f"none: the file {known.scale_words}"
    return [
        ("Slide", str(known.path)),
        ("Format", known.format),
        ("Size", size),
        ("Scale", scale),
        ("Objective", "not stated" if known.magnification is None else f"{known.magnification:g}×"),
        ("Levels", ", ".join(f"1/{step:g}" for step in known.downsamples)),
        ("Fingerprint", known.fingerprint),
        *(("Note", note) for note in known.notes),
        *([("Doubt", doubt)] if doubt else []),
    ]


slides.command()(search)
slides.command()(download)
slides.command()(answer)
slides.command()(answers)
slides.command()(resume)
slides.command()(export)
slides.command(hidden=True)(work)
