"""`runs`: list, show, cancel and resume training runs."""

import os
import sys
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from core.cli.output import AsJson, plain, print_json
from core.cli.train import add_model, do_run
from core.durations import duration
from core.errors import LobuleError
from core.training.watch import Watch, epoch_line

if TYPE_CHECKING:
    from core.training.jobs import RunState

runs = typer.Typer(help="Training runs.", no_args_is_help=True)
_UNREADABLE = "unreadable"
Run = Annotated[str, typer.Argument(help="The run's id, as `runs list` gives it.")]


@runs.command("list")
def list_all(*, as_json: AsJson = False) -> None:
    """List every run, the one asked for last first."""
    from core.training.jobs import list_runs, list_unreadable

    states, unreadable = list_runs(), list_unreadable()
    if as_json:
        print_json(
            [_run_json(state) for state in states]
            + [{"id": run.id, "state": _UNREADABLE, "message": run.reason} for run in unreadable]
        )
        return
    rows: list[tuple[str, str, str]] = [
        (state.id, state.state, _standing(state)) for state in states
    ]
    rows += [(run.id, _UNREADABLE, run.reason) for run in unreadable]
    if not rows:
        typer.echo("No runs. `python -m core train` starts one.")
        return
    width = max(len(name) for name, *_ in rows)
    for name, state, words in rows:
        typer.echo(f"{name:<{width}}  {state:<11}  {plain(words)}")


@runs.command()
def show(run: Run, *, as_json: AsJson = False) -> None:
    """Show how a run stands."""
    from core.training.jobs import read_run

    state = read_run(run)
    if as_json:
        print_json({**_run_json(state), "history": state.history})
        return
    for label, text in _lines(state):
        typer.echo(f"{label + ':' if label else '':<11}{plain(text)}")


@runs.command()
def cancel(run: Run) -> None:
    """Ask a run to stop within a step or two; the best so far is kept.

    A model that is being judged is not finished then; `runs resume` judges it.
    """
    from core.training.jobs import cancel as ask

    ask(run)
    typer.echo(f"{run} was asked to stop.")


@runs.command()
def resume(run: Run) -> None:
    """Go on with a run from its last finished epoch, here, as `train` does."""
    from core.training.jobs import resume_here

    do_run(lambda watch: resume_here(run, watch))


@runs.command()
def shelve(
    run: Run,
    *,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace a model of this name.")
    ] = False,
) -> None:
    """Add a run's model to the models; of a cancelled run, the best so far."""
    add_model(run, replace=replace)


@runs.command(hidden=True)
def work(run: Run, lock: Annotated[int, typer.Option()]) -> None:
    """Do a run that another process has started."""
    from core.training.jobs import work_on

    os.set_inheritable(lock, False)  # noqa: FBT003 (its only form)
    work_on(run, lock, Watch())


@runs.command("time", hidden=True)
def time_steps() -> None:
    """Answer the question on stdin, how long a recipe's steps take, in a line of JSON."""
    from core.training.planning.time_steps import time_steps as run
    from core.training.planning.timing import TimingReply, TimingRequest

    question = TimingRequest.model_validate_json(sys.stdin.read())
    try:
        answer = TimingReply(timing=run(question.recipe, question.classes))
    except LobuleError as error:
        answer = TimingReply(refusal=str(error))
    typer.echo("\n" + answer.model_dump_json())


def _standing(state: "RunState") -> str:
    recipe = f"{state.request.recipe.name} on {state.request.data.name}"
    match state.state:
        case "waiting":
            return f"{recipe}, number {state.place_in_line} in line"
        case "running":
            left = f", about {duration(state.eta_seconds)} left" if state.eta_seconds else ""
            epoch = f", epoch {state.epoch} of {state.epochs}" if state.epoch else ""
            return f"{recipe}: {state.stage} {state.done:.0%}{epoch}{left}"
        case _:
            number = len(state.history)
            return f"{recipe}, {number} epoch{'s' * (number != 1)}"


def _lines(state: "RunState") -> Iterator[tuple[str, str]]:
    request = state.request
    yield "Run", state.id
    yield "State", state.state
    yield "Recipe", f"{request.recipe.name}, split by {request.recipe.split}"
    yield "Data", str(request.data)
    yield "Asked", _moment(state.asked)
    if state.started:
        yield "Started", _moment(state.started)
    if state.ended:
        yield "Ended", _moment(state.ended)
    if state.device:
        yield "Device", state.device
    if state.state in {"waiting", "running"}:
        yield "Now", _standing(state)
    if state.message:
        yield "Message", state.message
    if state.package:
        yield "Model", str(state.package)

    for row in state.history:
        yield "", epoch_line(row)


def _run_json(state: "RunState") -> dict[str, object]:
    return {
        "id": state.id,
        "state": state.state,
        "request": state.request.model_dump(mode="json"),
        "stage": state.stage,
        "done": state.done,
        "epoch": state.epoch,
        "epochs": state.epochs,
        "step": state.step,
        "steps": state.steps,
        "eta_seconds": state.eta_seconds,
        "asked": state.asked.isoformat(),
        "started": state.started.isoformat() if state.started else None,
        "ended": state.ended.isoformat() if state.ended else None,
        "message": state.message,
        "device": state.device,
        "package": str(state.package) if state.package else None,
        "place_in_line": state.place_in_line,
        "latest": state.latest,
    }


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S}"
