"""Work in the background: one job for all who ask the same, with progress, a stop and an end."""

import logging
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar, Generic, TypeVar

import streamlit as st

from core.atomic import FULL, is_full
from core.durations import duration
from core.errors import LobuleError, Stopped
from core.rights import Person, acting, who_acts

log = logging.getLogger(__name__)

_LEAST_SHARE = 0.02  # before that much is done, nobody can say how long the rest takes


@dataclass(eq=False, kw_only=True)
class Job:
    """Work in a thread of its own, which goes on whatever becomes of the page that began it.

    A kind of job is a subclass: its `work` does it, its fields hold what comes of it.

    Attributes
    ----------
    stage : str
        What is being done, in words.
    share : float
        How much of that stage is done, in [0, 1].
    running : bool
    stopped : bool
        Whether it ended early because somebody asked.
    error : str or None
        Why it failed, in words.
    """

    deed: ClassVar[str] = "do this"
    """Ends the sentence "Lobule could not …"."""

    stage: str = ""
    share: float = 0.0
    running: bool = False
    stopped: bool = False
    error: str | None = None
    _stop: threading.Event = field(default_factory=threading.Event, repr=False)
    _stage_began: tuple[float, float] = (0.0, 0.0)  # when, and with which share

    def work(self) -> None:
        """Do it; told to stop, it raises `Stopped` as soon as it can."""
        raise NotImplementedError

    @property
    def visible(self) -> tuple[object, ...]:
        """What a page shows of it, besides the progress: it is drawn anew when this changes."""
        return (self.running,)

    @property
    def stopping(self) -> bool:
        """Whether somebody has asked it to stop."""
        return self._stop.is_set()

    @property
    def seconds_left(self) -> float | None:
        """How long this stage will take yet; None while that cannot be said."""
        began, share = self._stage_began
        if not self.running or self.share - share < _LEAST_SHARE:
            return None
        return (time.monotonic() - began) * (1 - self.share) / (self.share - share)

    def start(self) -> None:
        """Begin; returns at once."""
        self.running = True
        run = partial(self._run, who_acts())  # the thread belongs to no window that could be asked
        threading.Thread(target=run, name=type(self).__name__, daemon=True).start()

    def stop(self) -> None:
        """Ask it to stop; returns at once."""
        self._stop.set()

    def report(self, stage: str, share: float = 0.0) -> None:
        """Note what is being done, and how much of it is done.

        Raises
        ------
        Stopped
            If somebody has asked to stop.
        """
        if self.stopping:
            raise Stopped
        self.note(stage, share)

    def note(self, stage: str, share: float = 0.0) -> None:
        """As `report`, but goes on whoever asks to stop."""
        share = min(max(share, 0.0), 1.0)
        if stage != self.stage:
            self._stage_began = time.monotonic(), share
        self.stage, self.share = stage, share

    def _run(self, person: Person) -> None:
        try:
            with acting(person):
                self.work()
        except Stopped:
            self.stopped = True
        except LobuleError as error:
            self.error = str(error)
        except Exception as error:
            log.exception("Lobule could not %s", self.deed)
            if is_full(error):
                self.error = f"Lobule could not {self.deed}: {FULL}"
                return
            self.error = f"Lobule could not {self.deed} because of a program error; see the log."
        finally:
            self.running = False


KeyT = TypeVar("KeyT", bound=Hashable)
JobT = TypeVar("JobT", bound=Job)


class Jobs(Generic[KeyT, JobT]):
    """Jobs by what they are about, shared by all sessions.

    Parameters
    ----------
    most_kept : int
        How many stay in memory: the longest unused of those that have ended are forgotten.
    """

    def __init__(self, most_kept: int) -> None:
        self._most_kept = most_kept
        self._jobs: dict[KeyT, JobT] = {}  # the longest unused first
        self._lock = threading.RLock()

    def get(self, key: KeyT) -> JobT | None:
        """The job about something, running or ended; None if there is none."""
        return self._jobs.get(key)

    def start(self, key: KeyT, make: Callable[[], JobT], *, anew: bool = False) -> JobT:
        """The job about something; made and started if there is none.

        With `anew`, it is also started where one has ended. Two never run at once.
        """
        with self._lock:
            job = self._jobs.get(key)
            if job is None or (anew and not job.running):
                job = make()
                job.start()
            self._jobs.pop(key, None)
            self._jobs[key] = job
            ended = [other for other, held in self._jobs.items() if not held.running]
            for other in ended[: max(0, len(self._jobs) - self._most_kept)]:
                if other != key:
                    del self._jobs[other]
        return job

    def forget(self, key: KeyT) -> None:
        """Drop the job about something; one that runs ends unseen."""
        with self._lock:
            self._jobs.pop(key, None)

    @property
    def running(self) -> int:
        """How many have not ended yet."""
        with self._lock:
            return sum(job.running for job in self._jobs.values())


# Streamlit tells fragments apart by their function and their place on the page: defined once and
# always drawn at one place, this one is the same in every run, and its timer finds it again.
@st.fragment(run_every=0.5)
def show_progress(
    job: Job, drawn: tuple[object, ...], key: str, help_on_stop: str | None = None
) -> None:
    """Show how far a job is, with a button that stops it; draws the page again when it must.

    Parameters
    ----------
    job : Job
    drawn : tuple
        Its `visible` when the page was drawn.
    key : str
        Of the button.
    help_on_stop : str, optional
        What becomes of what is done already.
    """
    if job.visible != drawn:
        st.rerun()
    left, right = st.columns([5, 1], vertical_alignment="center")
    left.progress(job.share, text=progress_in_words(job))
    right.button(
        "Stop",
        key=key,
        width="stretch",
        disabled=job.stopping,
        on_click=job.stop,
        help=help_on_stop,
    )


def progress_in_words(job: Job) -> str:
    """For instance "Reading images, 40%, about 12 s left …"."""
    parts = [job.stage]
    if job.share:
        parts.append(f"{job.share:.0%}")
    if seconds := job.seconds_left:
        parts.append(f"about {duration(seconds)} left")
    if job.stopping:
        parts.append("stopping")
    return ", ".join(part for part in parts if part) + " …"
