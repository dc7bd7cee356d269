"""The command line: answer images, train models, look after them and their data."""

import os

import typer

from core.cli.cases import cases
from core.cli.datasets import datasets
from core.cli.encoders import encoders
from core.cli.evaluate import evaluate
from core.cli.explain import explain
from core.cli.models import models
from core.cli.output import InWords
from core.cli.predict import predict
from core.cli.runs import runs
from core.cli.slides import slides
from core.cli.sweeps import sweep, sweeps
from core.cli.train import train
from core.extras import check_backend

# Before anything imports TensorFlow, whose chatter is no part of an answer.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

app = typer.Typer(
    cls=InWords,
    help="Lobule: answers on breast histology images, and the models behind them. "
    "For research use only.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def _begin() -> None:
    check_backend()


app.command()(predict)
app.command()(train)
app.command()(evaluate)
app.command()(sweep)
app.add_typer(explain, name="explain")
app.add_typer(runs, name="runs")
app.add_typer(sweeps, name="sweeps")
app.add_typer(models, name="models")
app.add_typer(encoders, name="encoders")
app.add_typer(datasets, name="datasets")
app.add_typer(slides, name="slides")
app.add_typer(cases, name="cases")
