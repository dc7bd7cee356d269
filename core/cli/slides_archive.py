"""`slides search` and `slides download`: slides of the archive that LOBULE_DICOMWEB_URL names."""

from dataclasses import asdict
from typing import Annotated

import typer

from core.cli.output import AsJson, plain, print_json, stage_bars


def search(
    patient: Annotated[str, typer.Option(help="The patient's id; * stands for anything.")] = "",
    accession: Annotated[str, typer.Option(help="The order's accession number.")] = "",
    *,
    as_json: AsJson = False,
) -> None:
    """List slides of the image archive (LOBULE_DICOMWEB_URL)."""
    from core.slides.dicomweb import search as ask

    studies = ask(patient_id=patient, accession=accession)
    if as_json:
        print_json([asdict(slide) for slide in studies])
        return
    if not studies:
        typer.echo("The image archive has no such slide.")
    for slide in studies:
        known = (slide.patient_id, slide.accession, slide.date, slide.description)
        typer.echo(f"{slide.series}  {plain(', '.join(word for word in known if word))}")


def download(
    series: Annotated[str, typer.Argument(help="The slide's series UID, as `search` gives it.")],
) -> None:
    """Fetch a slide from the image archive; one that broke off goes on."""
    from core.slides.dicomweb import download as fetch

    with stage_bars() as bars:
        folder = fetch(series, lambda fetched, files, _: bars("Fetching", fetched / files))
    typer.echo(plain(str(folder)))
