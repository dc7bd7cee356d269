"""Answer a slide: wait for the turn, answer its tiles, and write down how it ends."""

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from core.errors import SlideError, Stopped
from core.jobs.control import written_end
from core.jobs.folder import wait_turn, write_log
from core.jobs.lock import let_go
from core.registry.package import Package
from core.registry.shelf import find
from core.settings import get_settings
from core.slides.answering import network
from core.slides.answering.answer import answer_tiles
from core.slides.answering.events import AnswerEvents
from core.slides.answering.folder import AnswerFolder
from core.slides.answering.given import kind_of, read_given
from core.slides.answering.order import View, read_view
from core.slides.answering.plan import SlidePlan, make_plan, read_plan, write_plan
from core.slides.answering.records import UNREADABLE, Records, read_records
from core.slides.answering.result import write_result
from core.slides.answering.state import AnswerState, every_state, state_of
from core.slides.answering.summary import sample_of, summarise
from core.slides.slide import Slide, open_slide
from core.slides.stain import why_not_stained

_SECONDS_BETWEEN = 1.0
Told = Callable[[AnswerState], None]


def work(folder: AnswerFolder, on_state: Told | None = None) -> AnswerState:
    """Do the answer of a slide whose lock this process holds.

    Parameters
    ----------
    folder
        Of the answer.
    on_state
        Given how it stands, about once a second.

    Raises
    ------
    Stopped
        If it was cancelled.
    LobuleError
        If it failed. What went wrong is written down either way.
    """
    events = AnswerEvents(folder.events)
    teller = AnswerTeller(folder, events, on_state)
    with written_end(folder, events, lambda error: _in_words(error, folder), SlideError):
        turn = wait_turn(get_settings().slide_answers, teller.ahead, teller.check, teller.waits)
        try:
            answer_slide(folder, teller, lambda slide: _plan(folder, slide, teller))
        finally:
            let_go(turn)
    teller.finish()
    return state_of(folder)


class AnswerTeller:
    """Writes down how far an answer is, and hears whether it is to stop."""

    def __init__(self, folder: AnswerFolder, events: AnswerEvents, on_state: Told | None) -> None:
        self._folder = folder
        self._events = events
        self._told = on_state
        self._written = 0.0
        self._stage = ""

    def begin(self) -> None:
        """Write down that it begins, with space set aside for its end."""
        self._events.reserve()
        self.write("started")

    def finish(self) -> None:
        """Write down that all of it is answered."""
        write_log(self._folder, "Finished")
        self._events.write_end("finished")

    def check(self) -> None:
        """Stop where somebody has asked to.

        Raises
        ------
        Stopped
            Then.
        """
        if self._folder.cancel.exists():
            raise Stopped(
                "The answer was cancelled. The tiles answered so far are kept: resume it."
            )

    def ahead(self) -> int:
        """Count the answers that come first."""
        living = [each for each in every_state()[::-1] if each.state in {"waiting", "running"}]
        names = [each.id for each in living]
        return names.index(self._folder.id) if self._folder.id in names else 0

    def waits(self, others: int) -> None:
        """Say how many answers come first."""
        slides = "another slide" if others == 1 else f"{others} other slides"
        self.stage(f"Waiting for {slides} to be answered", 0.0)

    def stage(self, name: str, done: float) -> None:
        """Write down what is being done, and stop there if it is to stop."""
        self.check()
        if name != self._stage or self._is_time():
            if name != self._stage:
                write_log(self._folder, name)
            self._stage = name
            self.write("stage", name=name, done=done)

    def tiles(self, done: int, unreadable: int, mm2: float, *, last: bool = False) -> None:
        """Write down how many tiles are done."""
        if last or self._is_time():
            self._stage = ""
            self.write("tiles", done=done, unreadable=unreadable, mm2=mm2)

    def write(self, event: str, **values: object) -> None:
        """Write an event down, and tell whoever watches."""
        self._written = time.monotonic()
        self._events.write(event, **values)
        if self._told:
            self._told(state_of(self._folder))

    def _is_time(self) -> bool:
        return time.monotonic() - self._written >= _SECONDS_BETWEEN


def answer_slide(
    folder: AnswerFolder,
    teller: AnswerTeller,
    planned: Callable[[Slide], tuple[SlidePlan, Package]],
) -> None:
    """Answer what a folder asks for, and write the answer into it.

    Parameters
    ----------
    folder
        Of the answer.
    teller
        Told how far it is.
    planned
        Gives the plan, which it has written down, and the model that answers by it.

    Raises
    ------
    LobuleError
        If the slide cannot be answered.
    OSError
        If the folder cannot be written to.
    """
    teller.begin()
    request = folder.read_request()
    started = time.monotonic()
    with open_slide(request.slide) as slide:
        if slide.info.fingerprint != request.fingerprint:
            raise SlideError(
                f"{request.name} is another slide than the one that was to be answered: its file "
                "was changed or replaced. Put back what was there, or ask for a new answer."
            )
        plan, package = planned(slide)
        teller.write("planned", model=plan.model, tiles=int(plan.used.sum()), mm2=plan.tissue_mm2)
        teller.stage("Loading the model", 0.0)
        loaded = network.load_network(package)
        _answer_tiles(folder, slide, plan, loaded, teller)
        teller.stage("Summing up", 0.0)
        answers = read_given(folder, plan)
        spread = sample_of(slide, plan, loaded, answers)
    result = summarise(plan, answers, spread)
    write_result(folder, plan, result, time.monotonic() - started)


def _plan(folder: AnswerFolder, slide: Slide, teller: AnswerTeller) -> tuple[SlidePlan, Package]:
    """Return the plan that was kept, or make one, with the model that answers by it."""
    saved = read_plan(folder)
    if saved is None:
        teller.stage("Choosing the model", 0.0)
        request = folder.read_request()
        _check_stain(slide)
        name, package = network.choose_model(slide, request)
        return new_plan(folder, slide, package, name, teller)
    package = find(saved.model)
    if package.model_sha256 != saved.model_sha256:
        raise SlideError(
            f"The model {saved.model!r} is another one than when this answer began. Ask for a new "
            "answer, or put the former model back and resume."
        )
    return saved, package


def new_plan(
    folder: AnswerFolder, slide: Slide, package: Package, name: str, teller: AnswerTeller
) -> tuple[SlidePlan, Package]:
    """Return the plan by which a model answers a slide, written down, and the model.

    Parameters
    ----------
    folder
        Of the answer.
    slide
    package, name
        The model, and what the shelf calls it.
    teller
        Told how far it is.

    Raises
    ------
    LobuleError
        As `core.slides.answering.plan.make_plan`.
    OSError
        If the folder cannot be written to.
    """
    plan = make_plan(slide, package, name, folder.read_request(), teller.stage)
    write_plan(folder, plan)
    return plan, package


def _check_stain(slide: Slide) -> None:
    """Refuse fluorescence and other stains; what cannot be looked at whole is not refused."""
    try:
        doubt = why_not_stained(slide)
    except SlideError:  # a part of it is damaged; the rest is answered
        return
    if doubt:
        raise SlideError(f"{slide.info.name} is not answered. {doubt}")


def _answer_tiles(
    folder: AnswerFolder,
    slide: Slide,
    plan: SlidePlan,
    loaded: network.SlideNetwork,
    teller: AnswerTeller,
) -> None:
    kind = kind_of(plan)
    records = Records(folder.tiles, kind)
    try:
        before = read_records(folder.tiles, kind)
        # What could not be read before is tried again: it may have been copied anew.
        sound = before["tile"][before["state"] != UNREADABLE]
        done = np.zeros(len(plan.used), np.bool_)
        done[sound] = True
        areas = plan.tile_mm2()
        unreadable = 0

        def answered(tiles: NDArray[np.int64], failed: int) -> None:
            nonlocal unreadable
            teller.check()
            done[tiles] = True
            unreadable += failed
            teller.tiles(int(done.sum()), unreadable, float(areas[done].sum()))

        def view() -> View | None:
            return read_view(folder.look)

        teller.tiles(int(done.sum()), 0, float(areas[done].sum()), last=True)
        answer_tiles(slide, plan, loaded, records, kind, done.copy(), view, answered)
        records.flush()
        teller.tiles(int(done.sum()), unreadable, float(areas[done].sum()), last=True)
    finally:
        records.close()


def _in_words(error: Exception, folder: AnswerFolder) -> str:
    can_resume = "The tiles answered so far are kept: the answer can be resumed."
    if isinstance(error, MemoryError):
        return f"There is not enough memory. End other programs, then resume. {can_resume}"
    if isinstance(error, OSError):
        return (
            f"The answer cannot be written to {folder.path}: {error.strerror or error}. Make room "
            f"or allow writing there. {can_resume}"
        )
    return f"Fault in the program: {error!r}. {folder.log} has the details. {can_resume}"
