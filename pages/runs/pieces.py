"""Where the pieces of work of a sweep are computed."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import streamlit as st

from pages.runs.words import SYMBOLS, moment
from pages.shared.plain import notice, quiet, table

if TYPE_CHECKING:
    from core.training.sweep.jobs import PieceState, SweepState

MOST_PIECES = 50
_ONCE = 1


def pieces_done(state: "SweepState") -> str:
    """How many pieces of work are done, of all."""
    if not state.tasks:
        return ""
    return f"{state.tasks_done:,} of {state.tasks:,} pieces of work done"


def show_pieces(state: "SweepState") -> None:
    """List what is computed now and where, then what was lost; the rest is only counted."""
    lost = [piece for piece in state.each.values() if piece.state == "lost"]
    now = [*state.running, *lost]
    if now:
        st.html("<h4>Where it is computed</h4>")
        table(
            ("Piece of work", "Machine", "State", "Done", "Since", "Begun"),
            [_row(piece) for piece in now[:MOST_PIECES]],
            caption="Where it is computed",
        )
    if len(now) > MOST_PIECES:
        quiet(f"{len(now) - MOST_PIECES:,} more are being computed.")
    say_refused(state)


def say_refused(state: "SweepState") -> None:
    """Say how many pieces gave no answer, and why the first of them did not."""
    refused = [piece for piece in state.each.values() if piece.state == "refused"]
    if refused:
        pieces = "1 piece" if len(refused) == _ONCE else f"{len(refused):,} pieces"
        first = refused[0]
        notice(f"{pieces} of work gave no answer. {first.name}: {first.message or 'unknown why'}")


def _row(piece: "PieceState") -> tuple[object, ...]:
    lost = piece.state == "lost"
    return (
        piece.name,
        piece.where or "–",
        _words(piece),
        "–" if lost else f"{piece.done:.0%}",
        _since(piece.began),
        {1: "once", 2: "twice"}.get(piece.times, f"{piece.times} times"),
    )


def _words(piece: "PieceState") -> str:
    if piece.state == "lost":
        return f"{SYMBOLS['interrupted']} lost, to be begun again"
    again = "" if piece.times == _ONCE else " (lost, begun again)"
    return f"{SYMBOLS['running']} running{again}"


def _since(began: float) -> str:
    """A time of day; the day, too, if it is not today."""
    words = moment(datetime.fromtimestamp(began, UTC))
    return words.removeprefix(f"{datetime.now().astimezone():%Y-%m-%d} ")
