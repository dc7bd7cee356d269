"""`slides`: whole slides."""

import typer

from core.cli.slides_answer import answer, resume, work

slides = typer.Typer(help="Whole slides.", no_args_is_help=True)
slides.command()(answer)
slides.command()(resume)
slides.command(hidden=True)(work)
