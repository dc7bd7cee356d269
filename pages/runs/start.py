"""Check what a new run would do, then start it."""

import shlex
from typing import TYPE_CHECKING

import streamlit as st

from core.errors import LobuleError
from pages.runs.list import choose
from pages.runs.plan_job import check_anew, checked, forget
from pages.runs.plan_view import show_plan
from pages.runs.words import as_markdown
from pages.shared.plain import notice

if TYPE_CHECKING:
    from core.training.planning.plan import Plan
    from core.training.request.request import Request


def check_and_start(request: "Request", changes: list[str], ahead: int) -> None:
    """Draw the buttons, what the check has found, and the command that would do the same.

    Parameters
    ----------
    request : Request
    changes : list of str
        Of the recipe's settings, as `core.training.request.override` takes them.
    ahead : int
        Runs that train or wait already.
    """
    if changes:
        st.caption(f"Changed from the recipe: {as_markdown(', '.join(changes))}")
    job = checked(request)
    able = job is not None and job.plan is not None and not job.plan.refusals
    with st.container(horizontal=True, vertical_alignment="center", key="start_actions"):
        # No callback: it would check what the form held before the field that one has just left.
        check = st.button(
            "Check again" if job and not job.running else "Check",
            key="check",
            type="secondary" if able else "primary",
            disabled=job is not None and job.running,
            help="Opens the dataset, divides it, and times a few steps. Nothing is trained.",
        )
        start = st.button(
            "Start training",
            key="start",
            type="primary" if able else "secondary",
            disabled=not able,
            help="It trains in a process of its own, whatever becomes of this page.",
        )
        if job is None:
            st.caption("Check first: it says what will happen, and refuses what cannot work.")
        elif job.running:
            st.caption("Opening the dataset and timing a few steps … this may take a minute.")
    if check:
        check_anew(request)
        st.rerun()
    if start and able:
        _start(request)
    if job and job.error:
        notice(job.error, "error")
    if job and job.plan:
        _offer_choices(request, job.plan)
        show_plan(job.plan, ahead)
    with st.expander("The same on the command line", key="command"):
        st.code(_command(request, changes), language="sh", wrap_lines=True)


def _offer_choices(request: "Request", plan: "Plan") -> None:
    """Let the form ask for magnifications and the scale from now on, as the Datasets page does."""
    offered = st.session_state.setdefault("offered", {})
    without = st.session_state.setdefault("without_scale", set())
    news = False
    if not request.magnifications and len(plan.magnifications) > 1 and request.data not in offered:
        offered[request.data], news = plan.magnifications, True
    if not plan.scale_known and request.data not in without:
        without.add(request.data)
        news = True
    if news:
        st.rerun()


def _start(request: "Request") -> None:
    from core.training.jobs import start  # noqa: PLC0415 - pandas

    try:
        run = start(request)
    except LobuleError as error:
        notice(str(error), "error")
        return
    forget(request)
    choose(run)
    st.rerun()


def _command(request: "Request", changes: list[str]) -> str:
    words = ["python", "-m", "core", "train", "--recipe", request.recipe.name]
    words += ["--data", str(request.data), "--name", request.name]
    for magnification in request.magnifications or ():
        words += ["--magnification", magnification]
    if request.patient_pattern:
        words += ["--patient-pattern", request.patient_pattern]
    if request.um_per_px is not None:
        words += ["--um-per-px", f"{request.um_per_px:g}"]
    for change in changes:
        words += ["--set", change]
    return shlex.join([*words, *(["--replace"] if request.replace else [])])
