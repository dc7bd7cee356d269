"""Do a sweep: compute what is missing, judge, and write down how it ends."""

import time
from collections.abc import Callable

from core.atomic import write_whole
from core.cluster import Note
from core.errors import Stopped, TrainingError
from core.evaluation.predictions_file import as_table
from core.jobs.control import written_end
from core.jobs.folder import wait_turn, write_log
from core.jobs.lock import let_go
from core.settings import get_settings
from core.training.jobs.line import line
from core.training.sweep.jobs.events import SweepEvents
from core.training.sweep.jobs.folder import SweepFolder
from core.training.sweep.jobs.state import SweepState, read_story, state_of
from core.training.sweep.teller import Teller

Told = Callable[[SweepState], None]
_SECONDS_BETWEEN = 1.0
_STEP = 0.02  # of a piece of work, and
_SECONDS_OF_A_PIECE = 10.0  # after which its progress is written down anyway


def work(folder: SweepFolder, on_state: Told) -> SweepState:
    """Do a sweep whose lock this process holds.

    Parameters
    ----------
    folder : SweepFolder
    on_state : callable
        Given how it stands, about once a second.

    Raises
    ------
    Stopped
        If it was cancelled. What was computed is kept.
    LobuleError
        If it failed. What went wrong is written down either way.
    """
    events = SweepEvents(folder.events)
    teller = _Listener(folder, events, on_state)
    with written_end(folder, events, _in_words, TrainingError):
        events.reserve()
        if get_settings().ray is not None:
            _do(folder, teller)
        else:
            get_settings().runs.mkdir(parents=True, exist_ok=True)
            turn = wait_turn(get_settings().runs, teller.ahead, teller.check, teller.waits)
            try:
                _do(folder, teller)
            finally:
                let_go(turn)
    write_log(folder, "Finished")
    events.write_end("finished")
    return state_of(folder)


def _in_words(error: Exception) -> str:
    return (
        f"Program error: {error!r}. The sweep's log has the details. What was computed is kept: "
        "the sweep can be resumed."
    )


def _do(folder: SweepFolder, teller: "_Listener") -> None:
    from core.training.sweep.run import run_sweep  # noqa: PLC0415 - loads TensorFlow

    result, predictions = run_sweep(folder.read_request(), folder.answers, teller)
    try:
        content = as_table(predictions).to_csv(index=False, lineterminator="\n")
        write_whole(folder.predictions, content)
        write_whole(folder.result, result.model_dump_json(indent=1))
    except OSError as error:
        raise TrainingError(
            f"The result cannot be written to {folder.path} ({error.strerror}). Free some space, "
            "and resume: what was computed is kept."
        ) from error


class _Listener(Teller):
    """Writes what it hears into the sweep's events and log, and says whether to stop."""

    def __init__(self, folder: SweepFolder, events: SweepEvents, on_state: Told) -> None:
        self._folder, self._events, self._told = folder, events, on_state
        self._stage = ""
        self._shown = self._written = 0.0
        self._of_piece: dict[str, tuple[float, float]] = {}

    def check(self) -> None:
        if self._folder.cancel.exists():
            raise Stopped(
                "The sweep was cancelled. Answers that were there are kept: resume it to go on."
            )
        if time.monotonic() - self._shown >= _SECONDS_BETWEEN:
            self._shown = time.monotonic()
            self._told(state_of(self._folder))

    def ahead(self) -> int:
        """Count the runs that were asked for earlier, and have not ended."""
        asked_at = state_of(self._folder).asked
        return sum(run.asked < asked_at for run in line())

    def waits(self, others: int) -> None:
        """Say how many runs have the device or come first."""
        runs = "another run" if others == 1 else f"{others} other runs"
        self.stage(f"Waiting for {runs} to train", 0.0)

    def begins(self, on: str) -> None:
        self._events.write("started", on=on)
        write_log(self._folder, f"Started on {on}")

    def dataset(self, fingerprint: str) -> None:
        known = read_story(self._folder).fingerprint
        if known is None:
            self._events.write("dataset", fingerprint=fingerprint)
        elif known != fingerprint:
            raise TrainingError(
                "The images or their labels have changed since this sweep began: the dataset's "
                f"fingerprint was {known[:12]} and is {fingerprint[:12]}. Restore them and "
                "resume, or start a new sweep."
            )

    def stage(self, name: str, done: float) -> None:
        new = name != self._stage
        if new:
            write_log(self._folder, name)
        if new or done >= 1 or time.monotonic() - self._written >= _SECONDS_BETWEEN:
            self._stage, self._written = name, time.monotonic()
            self._events.write("stage", name=name, done=done)
        self.check()

    def planned(self, tasks: int, known: int) -> None:
        self._events.write("planned", tasks=tasks, known=known)
        write_log(self._folder, f"{tasks} pieces of work, {known} of them done before")

    def heard(self, note: Note, name: str) -> None:
        now = time.monotonic()
        if note.kind != "doing":
            self._events.write(note.kind, key=note.key, name=name, where=note.where)
            write_log(self._folder, f"{name}: {note.kind} on {note.where}")
            self._of_piece[note.key] = (0.0, now)
            return
        share, at = self._of_piece.get(note.key, (0.0, 0.0))
        if note.done - share >= _STEP or now - at >= _SECONDS_OF_A_PIECE:
            self._of_piece[note.key] = (note.done, now)
            self._events.write("doing", key=note.key, done=note.done)

    def came(self, key: str, name: str, seconds: float, message: str | None) -> None:
        event = "done" if message is None else "refused"
        self._events.write(event, key=key, name=name, seconds=seconds, message=message)
        write_log(self._folder, f"{name}: {message or f'done in {seconds:.1f} s'}")
