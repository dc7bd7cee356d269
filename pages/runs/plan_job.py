"""A check of what a run will do, in the background: it times a few steps, which takes a while."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from pages.shared.jobs import Job, Jobs

if TYPE_CHECKING:
    from core.training.planning.plan import Plan
    from core.training.request.request import Request

MOST_KEPT = 20


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


def check_anew(request: "Request") -> None:
    """Start a check, unless one of the same is running."""
    _jobs().start(request.model_dump_json(), lambda: PlanJob(request), anew=True)


def checked(request: "Request") -> PlanJob | None:
    """The check of exactly this, if anybody has asked for it."""
    return _jobs().get(request.model_dump_json())


def running_checks() -> int:
    """How many checks have not ended yet."""
    return _jobs().running


def forget(request: "Request") -> None:
    """Forget a check, since what it rests on has changed: its run was started."""
    _jobs().forget(request.model_dump_json())
