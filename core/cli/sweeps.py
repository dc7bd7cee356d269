"""`sweep` and `sweeps`: many recipes, settings and seeds at once, and an honest table."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli.output import AsJson, markdown, plain, print_json, stage_bars
from core.durations import duration
from core.errors import LobuleError, Stopped

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.training.sweep.jobs import SweepState
    from core.training.sweep.jobs.work import Told
    from core.training.sweep.result import SweepResult

sweeps = typer.Typer(help="Sweeps over recipes, settings and seeds.", no_args_is_help=True)
SweepId = Annotated[str, typer.Argument(help="The sweep's id, as `sweeps list` gives it.")]


def sweep(
    file: Annotated[
        Path, typer.Argument(help="A .toml file: the data, recipes, what of them varies, seeds.")
    ],
    *,
    as_json: AsJson = False,
) -> None:
    """Try recipes, settings and seeds on one dataset, and print a table that cannot fool.

    The winner is chosen on validation patients, its figure comes from nested folds. Computes on
    this machine, or on the Ray cluster that LOBULE_RAY names. Ctrl-C stops it; `sweeps resume` goes
    on.
    """
    from core.training.sweep.jobs import sweep_here
    from core.training.sweep.sweep_file import load_sweep

    sweep_file = load_sweep(file)
    _do(lambda on_state: sweep_here(sweep_file, on_state), as_json=as_json)


@sweeps.command("list")
def list_all(*, as_json: AsJson = False) -> None:
    """List every sweep, the one asked for last first."""
    from core.training.sweep.jobs import list_sweeps

    states = list_sweeps()
    if as_json:
        print_json([_as_json(state) for state in states])
        return
    if not states:
        typer.echo("No sweeps. `python -m core sweep FILE.toml` starts one.")
    width = max((len(state.id) for state in states), default=0)
    for state in states:
        typer.echo(f"{state.id:<{width}}  {state.state:<11}  {plain(_standing(state))}")


@sweeps.command()
def show(sweep: SweepId, *, as_json: AsJson = False) -> None:
    """Show how a sweep stands and where it is computed; of a finished one, the table."""
    from core.training.sweep.jobs import read_result, read_sweep

    state, result = read_sweep(sweep), read_result(sweep)
    if as_json:
        result_row = {} if result is None else {"result": result.model_dump(mode="json")}
        print_json({**_as_json(state), **result_row})
        return
    typer.echo(f"{state.id}  {state.state}  {plain(_standing(state))}")
    if state.on:
        typer.echo(f"On {plain(state.on)}")
    for task in state.running if state.state == "running" else ():
        again = f", begun {task.times} times" if task.times > 1 else ""
        typer.echo(f"    {plain(task.name)}: {task.done:.0%} on {plain(task.where)}{again}")
    if state.state != "finished":
        for task in state.each.values():
            if task.state == "refused":
                typer.echo(f"    ▲ {plain(task.name)}: {plain(task.message or '')}")
    elif result is not None:
        _print_result(state, result)


@sweeps.command()
def cancel(sweep: SweepId) -> None:
    """Ask a sweep to stop on every machine; answers that are there are kept."""
    from core.training.sweep.jobs import cancel as ask

    ask(sweep)
    typer.echo(f"{sweep} was asked to stop.")


@sweeps.command()
def resume(sweep: SweepId, *, as_json: AsJson = False) -> None:
    """Go on with a sweep, here; what was computed is not computed again."""
    from core.training.sweep.jobs import resume_here

    _do(lambda on_state: resume_here(sweep, on_state), as_json=as_json)


@sweeps.command(hidden=True)
def work(sweep: SweepId, lock: Annotated[int, typer.Option()]) -> None:
    """Do a sweep that another process has started."""
    from core.training.sweep.jobs import work_on

    os.set_inheritable(lock, False)  # noqa: FBT003 (its only form)
    work_on(sweep, lock)


def _do(run: "Callable[[Told], SweepState]", *, as_json: bool) -> None:
    known: list[str] = []
    try:
        with stage_bars() as bars:

            def on_state(state: "SweepState") -> None:
                if not known:
                    known.append(state.id)
                    typer.echo(f"Sweep {state.id}", err=True)
                if state.stage:
                    bars(state.stage, state.done)

            state = run(on_state)
    except KeyboardInterrupt:
        typer.echo(f"Stopped. What was computed is kept. {_go_on(known)}", err=True)
        raise typer.Exit(130) from None
    except Stopped as error:
        typer.echo(plain(str(error)), err=True)
        raise typer.Exit(130) from error
    except LobuleError as error:
        typer.echo(f"There is no table. {plain(str(error))} {_go_on(known)}".rstrip(), err=True)
        raise typer.Exit(1) from error
    from core.training.sweep.jobs import read_result

    result = read_result(state.id)
    if as_json:
        print_json({"id": state.id, **(result.model_dump(mode="json") if result else {})})
    elif result is not None:
        _print_result(state, result)


def _go_on(known: list[str]) -> str:
    return f"`python -m core sweeps resume {known[0]}` goes on." if known else ""


def _print_result(state: "SweepState", result: "SweepResult") -> None:
    from core.training.sweep.table import MEANINGS, command_of_winner, judged_alike, rows, verdict

    lines = [judged_alike(result), "", *markdown(MEANINGS, rows(result))]
    lines += ["", *verdict(result), "", "To train it on all patients:"]
    for line in [*lines, command_of_winner(result, state.request)]:
        typer.echo(plain(line))


def _standing(state: "SweepState") -> str:
    if state.state in {"cancelled", "failed", "interrupted"}:
        return state.message or ""
    if state.state == "finished" or not state.tasks:
        return state.stage if state.state != "finished" else f"{state.tasks} pieces of work"
    left = "" if state.seconds_left is None else f", about {duration(state.seconds_left)} left"
    return f"{state.tasks_done} of {state.tasks} pieces of work done{left}"


def _as_json(state: "SweepState") -> dict[str, Any]:
    return {
        "id": state.id,
        "state": state.state,
        "stage": state.stage,
        "done": state.done,
        "on": state.on,
        "tasks": state.tasks,
        "tasks_done": state.tasks_done,
        "seconds_left": state.seconds_left,
        "message": state.message,
        "pieces": [
            {
                "key": key,
                "name": task.name,
                "state": task.state,
                "where": task.where,
                "done": task.done,
                "seconds": task.seconds,
                "times": task.times,
                "message": task.message,
            }
            for key, task in state.each.items()
        ],
    }
