"""A check of what a run will do, in the background: it times a few steps, which takes a while."""

import logging
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import streamlit as st

from core.errors import LobuleError

if TYPE_CHECKING:
    from core.training.planning.plan import Plan
    from core.training.request.request import Request

log = logging.getLogger(__name__)

MOST_KEPT = 20
_FAULT = "Lobule could not check this because of a fault in the program; its log says why."


@dataclass(eq=False)
class PlanJob:
    """One check; `plan` or `error` is there once it has ended."""

    request: "Request"
    running: bool = True
    plan: "Plan | None" = None
    error: str | None = None

    def start(self) -> None:
        """Begin; returns at once."""
        threading.Thread(target=self._run, name="plan", daemon=True).start()

    def _run(self) -> None:
        try:
            from core.training.planning.plan import plan  # noqa: PLC0415 - pandas

            self.plan = plan(self.request)
        except LobuleError as error:
            self.error = str(error)
        except Exception:
            log.exception("A run could not be checked")
            self.error = _FAULT
        finally:
            self.running = False


@dataclass
class _Jobs:
    by_request: dict[str, PlanJob] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


@st.cache_resource(show_spinner=False)
def _jobs() -> _Jobs:
    return _Jobs()


def check_anew(request: "Request") -> None:
    """Start a check, unless one of the same is running."""
    key, jobs = request.model_dump_json(), _jobs()
    with jobs.lock:
        job = jobs.by_request.pop(key, None)
        if job is None or not job.running:
            job = PlanJob(request)
            job.start()
        jobs.by_request[key] = job
        for old in list(jobs.by_request)[:-MOST_KEPT]:
            del jobs.by_request[old]


def checked(request: "Request") -> PlanJob | None:
    """The check of exactly this, if anybody has asked for it."""
    return _jobs().by_request.get(request.model_dump_json())


def running_checks() -> int:
    """How many checks have not ended yet."""
    return sum(job.running for job in list(_jobs().by_request.values()))


def forget(request: "Request") -> None:
    """Forget a check, since what it rests on has changed: its run was started."""
    with _jobs().lock:
        _jobs().by_request.pop(request.model_dump_json(), None)
