"""Check what a new run would do, in the background, then start it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from core.durations import duration
from core.errors import LobuleError
from pages.runs.table import choose
from pages.runs.words import as_markdown
from pages.shared.dataset_choice import note_questions
from pages.shared.jobs import Job, Jobs
from pages.shared.plain import as_html, notice, table

if TYPE_CHECKING:
    from core.training.planning.plan import Plan
    from core.training.request.request import Request


MOST_KEPT = 20  # checks
_PARTS = {
    "train": "Training",
    "validation": "Validation (picks the best epoch)",
    "test": "Test (judges the result)",
    "all": "All, in rotating folds",
}


@dataclass(eq=False)
class PlanJob(Job):
    """One check; `plan` is there once it has ended well."""

    deed = "check this"

    request: "Request"
    plan: "Plan | None" = None

    def work(self) -> None:
        """Check the request."""
        from core.training.planning.plan import plan  # noqa: PLC0415 - pandas

        self.plan = plan(self.request)


@st.cache_resource(show_spinner=False)
def _jobs() -> Jobs[str, PlanJob]:
    return Jobs(MOST_KEPT)


def _check_anew(request: "Request") -> None:
    """Start a check, unless one of the same is running."""
    _jobs().start(request.model_dump_json(), lambda: PlanJob(request), anew=True)


def _checked(request: "Request") -> PlanJob | None:
    """The check of exactly this, if anybody has asked for it."""
    return _jobs().get(request.model_dump_json())


def running_checks() -> int:
    """How many checks have not ended yet."""
    return _jobs().running


def _forget(request: "Request") -> None:
    """Forget a check, since what it rests on has changed: its run was started."""
    _jobs().forget(request.model_dump_json())


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
    job = _checked(request)
    able = job is not None and job.plan is not None and not job.plan.refusals
    with st.container(horizontal=True, vertical_alignment="center", key="start_actions"):
        # No callback: it would check what the form held before the field that one has just left.
        check = st.button(
            "Check again" if job and not job.running else "Check",
            key="check",
            type="secondary" if able else "primary",
            disabled=job is not None and job.running,
            help="Opens the dataset and times a few steps. Nothing is trained.",
        )
        start = st.button(
            "Start training",
            key="start",
            type="primary" if able else "secondary",
            disabled=not able,
            help="Continues when this page is closed.",
        )
        if job is None:
            st.caption("Check first.")
        elif job.running:
            st.caption("Opening the dataset and timing a few steps …")
    if check:
        _check_anew(request)
        st.rerun()
    if start and able:
        _start(request)
    if job and job.error:
        notice(job.error, "error")
    if job and job.plan:
        _offer_choices(request, job.plan)
        _show_plan(job.plan, ahead)
    with st.expander("The same on the command line", key="command"):
        from core.training.request.request import command_of  # noqa: PLC0415 - pandas

        command = command_of(request, str(request.data)) + " --replace" * request.replace
        st.code(command, language="sh", wrap_lines=True)


def _offer_choices(request: "Request", plan: "Plan") -> None:
    """Let the form ask from now on for what the check has found, as the Datasets page does."""
    offered = st.session_state.setdefault("offered", {})
    without = st.session_state.setdefault("without_scale", set())
    news = False
    if not request.magnifications and len(plan.magnifications) > 1 and request.data not in offered:
        offered[request.data], news = plan.magnifications, True
    if not plan.scale_known and request.data not in without:
        without.add(request.data)
        news = True
    news |= note_questions(request.data, plan.undecided, plan.dataset)
    if news:
        st.rerun()


def _show_plan(plan: "Plan", ahead: int) -> None:
    """Say what would happen, or why it cannot.

    Parameters
    ----------
    plan : Plan
    ahead : int
        Runs that train or wait already.
    """
    for refusal in plan.refusals:
        notice(f"It cannot run: {refusal}", "error")
    if plan.parts:
        table(
            ("Part", "Patients", "Images", *plan.classes),
            [
                (
                    _PARTS.get(name, name),
                    f"{part.patients:,}",
                    f"{part.images:,}",
                    *(f"{part.classes.get(label, 0):,} images" for label in plan.classes),
                )
                for name, part in plan.parts.items()
            ],
            caption="Patients and images of each part",
        )
    facts = _facts(plan)
    if ahead and not plan.refusals:
        others = "1 other run" if ahead == 1 else f"{ahead} other runs"
        facts["Begins"] = f"after {others}: one trains at a time"
    if facts:
        rows = "".join(
            f"<div><dt>{name}</dt><dd>{as_html(fact)}</dd></div>" for name, fact in facts.items()
        )
        st.html(f'<dl class="lobule-numbers lobule-facts">{rows}</dl>')
    if plan.notes:
        notes = "".join(f"<li>{as_html(note)}</li>" for note in plan.notes)
        st.html(f'<h4>About the data</h4><ul class="lobule-list">{notes}</ul>')


def _facts(plan: "Plan") -> dict[str, str]:
    facts = {}
    if plan.device:
        facts["Device"] = plan.device
    if plan.seconds is not None and plan.seconds_an_epoch is not None:
        times = f"{plan.epochs} epochs" if plan.epochs else "per pass"
        facts["Time, at most"] = (
            f"{duration(plan.seconds)}: {times} of {duration(plan.seconds_an_epoch)}"
            + (f", also for each of {plan.folds} folds" if plan.folds else "")
            + ", plus reading and judging"
        )
    if plan.crops > 1:
        facts["Squares"] = f"{plan.crops} per image"
    if plan.disk_free and not plan.refusals:
        facts["Disk"] = (
            f"{plan.disk_needed / 1e6:,.0f} MB needed, {plan.disk_free / 1e9:,.1f} GB free"
        )
    return facts


def _start(request: "Request") -> None:
    from core.training.jobs import start  # noqa: PLC0415 - pandas

    try:
        run = start(request)
    except LobuleError as error:
        notice(str(error), "error")
        return
    _forget(request)
    choose(run)
    st.rerun()
