"""Put each bug of the list into a copy of the project and see that the tests notice it.

    python tests/mutants/run.py [NAME ...]

Names choose mutants or whole areas; all are tried without. Ends with 1 if a mutant survives, and
with 2 if the list is out of date or its tests fail without any bug. Real images are not looked at.
"""

import os
import shutil
import signal
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Literal, NamedTuple

import hypothesis
import pytest

ROOT = Path(__file__).resolve().parents[2]
LIST = Path(__file__).with_name("list.toml")
COPIES = 2
LIMIT = 240
"""Seconds for the tests of one mutant; a bug that makes them endless is noticed as well."""
_LEFT_OUT = (".git", ".venv", "var", "docs", ".*_cache", ".hypothesis", "__pycache__")
_BROKEN = 70
LIBRARIES = (
    *("cv2", "pandas", "PIL.Image", "pydantic", "scipy.optimize"),
    *("scipy.stats", "sklearn.linear_model", "sklearn.metrics", "sklearn.model_selection"),
)
"""What most tests import, save TensorFlow, whose threads a new process would lack."""

Outcome = Literal["killed", "killed by time", "SURVIVED", "BROKEN"]
"""Broken: no test ran to its end, so none noticed anything."""


@dataclass(frozen=True)
class Mutant:
    """One bug.

    Attributes
    ----------
    area : str
        Of the science that it is in.
    name : str
    breaks : str
        What goes wrong, in a sentence.
    file : str
        Where it is, from the root of the checkout.
    old, new : str
        The text that it replaces, which occurs once in the file, and the text in its place.
    tests : tuple of str
        Files or node ids that pytest takes; one of their tests must fail.
    """

    area: str
    name: str
    breaks: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    def applied_to(self, source: str) -> str:
        """The file's text with the bug in it.

        Raises
        ------
        ValueError
            If the old text does not occur exactly once.
        """
        occurrences = source.count(self.old)
        if occurrences != 1:
            raise ValueError(
                f"Mutant {self.name!r}: its old text occurs {occurrences} times in {self.file}, "
                f"not once. Bring {LIST.name} up to date."
            )
        return source.replace(self.old, self.new)


def read_mutants(path: Path = LIST) -> list[Mutant]:
    """All mutants, area by area."""
    with path.open("rb") as file:
        areas = tomllib.load(file)
    return [
        Mutant(area=area, **{**entry, "tests": tuple(entry["tests"])})
        for area, entries in areas.items()
        for entry in entries
    ]


class Trial(NamedTuple):
    """What became of a mutant; `said` is the end of what pytest printed."""

    mutant: Mutant
    outcome: Outcome
    seconds: float
    said: str


class Running(NamedTuple):
    """Tests that another process runs in a copy."""

    folder: Path
    output: Path
    begun: float
    mutant: Mutant | None


def start(folder: Path, tests: Sequence[str], mutant: Mutant | None = None) -> tuple[int, Running]:
    """Run tests in a copy, in a process that has this one's libraries; its number.

    Importing NumPy, pandas and SciPy takes longer than most of the tests.
    """
    running = Running(folder, folder.with_suffix(".output"), time.monotonic(), mutant)
    number = os.fork()
    if number:
        return number, running
    code = _BROKEN
    try:
        with running.output.open("wb") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        os.chdir(folder)
        # A mutant may be as long as the original and as new: compiled, they look the same.
        sys.dont_write_bytecode = True
        os.environ["LOBULE_TEST_DATA"] = str(folder / "none")
        signal.alarm(LIMIT if mutant else 0)
        # Rewriting assertions would find libraries that are imported already, and warn of it.
        options = ("-x", "-q", "--no-header", "--tb=line", "--assert=plain", "-pno:cacheprovider")
        chosen = ("--hypothesis-profile=mutants", "--hypothesis-seed=0")
        code = pytest.main([*options, *chosen, *tests])
        sys.stdout.flush()
    finally:
        os._exit(code)


def finish(running: dict[int, Running]) -> tuple[Running, Outcome, str]:
    """Wait for one of the processes; what it was, what came of it, and its last lines."""
    number, status = os.wait()
    done = running.pop(number)
    outcomes: dict[int, Outcome] = {
        0: "SURVIVED",
        1: "killed",  # pytest's code for a test that failed
        -signal.SIGALRM: "killed by time",
    }
    outcome = outcomes.get(os.waitstatus_to_exitcode(status), "BROKEN")
    return done, outcome, "\n".join(done.output.read_text(errors="replace").splitlines()[-15:])


def untouched_fails(mutants: Sequence[Mutant], folders: Sequence[Path]) -> str | None:
    """What pytest prints where a test of the list fails without any bug, else None."""
    tests = sorted({test for mutant in mutants for test in mutant.tests})
    # A file's tests stay together: its fixtures are made once.
    files = sorted({test.split("::")[0] for test in tests})
    running = {}
    for number, folder in enumerate(folders):
        share = [test for test in tests if test.split("::")[0] in files[number :: len(folders)]]
        if share:
            running.update([start(folder, share)])
    failures = []
    while running:
        _, outcome, said = finish(running)
        failures += [said] * (outcome != "SURVIVED")
    return "\n".join(failures) or None


def try_mutants(mutants: Sequence[Mutant], folders: Sequence[Path]) -> Iterator[Trial]:
    """Run each mutant's tests in a free copy with the bug in it; the copy is then as before."""
    free, running, waiting = list(folders), {}, list(mutants)[::-1]
    while waiting or running:
        while waiting and free:
            mutant, folder = waiting.pop(), free.pop()
            file = folder / mutant.file
            file.write_text(mutant.applied_to((ROOT / mutant.file).read_text()))
            running.update([start(folder, mutant.tests, mutant)])
        done, outcome, said = finish(running)
        assert done.mutant is not None
        shutil.copyfile(ROOT / done.mutant.file, done.folder / done.mutant.file)
        free.append(done.folder)
        yield Trial(done.mutant, outcome, time.monotonic() - done.begun, said)


def main(names: Sequence[str]) -> int:
    """Try the named mutants; the exit code."""
    mutants = [each for each in read_mutants() if not names or {each.name, each.area} & {*names}]
    begun = time.monotonic()
    try:
        for mutant in mutants:
            mutant.applied_to((ROOT / mutant.file).read_text())
    except (ValueError, OSError) as error:
        say(str(error))
        return 2
    for name in LIBRARIES:
        import_module(name)
    # One failing example is enough; to find the simplest takes minutes.
    hypothesis.settings.register_profile(
        "mutants",
        deadline=None,
        database=None,
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
    )
    with tempfile.TemporaryDirectory(prefix="lobule-mutants-") as temporary:
        folders = [Path(temporary, str(number)) for number in range(COPIES)]
        for folder in folders:
            shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*_LEFT_OUT))
        failure = untouched_fails(mutants, folders)
        if failure is not None:
            say(f"The tests of the list fail without any bug:\n{failure}")
            return 2
        say(f"{len(mutants)} mutants; without them their tests pass ({elapsed(begun)})")
        trials = []
        for trial in try_mutants(mutants, folders):
            trials.append(trial)
            say(
                f"{len(trials):3d}/{len(mutants)}  {trial.outcome:8s} {trial.seconds:6.1f} s  "
                f"{trial.mutant.area}: {trial.mutant.name}"
            )
    return report(trials, elapsed(begun))


def report(trials: Sequence[Trial], took: str) -> int:
    """Print a line an area and all that was not noticed; the exit code."""
    say("\narea                  mutants  killed  seconds")
    for area in dict.fromkeys(trial.mutant.area for trial in trials):
        own = [trial for trial in trials if trial.mutant.area == area]
        killed = sum(trial.outcome.startswith("killed") for trial in own)
        seconds = sum(trial.seconds for trial in own)
        say(f"{area:20s}  {len(own):7d}  {killed:6d}  {seconds:7.0f}")
    bad = [trial for trial in trials if not trial.outcome.startswith("killed")]
    for trial in bad:
        mutant = trial.mutant
        say(f"\n{trial.outcome}: {mutant.name}, {mutant.file}: {mutant.breaks}\n{trial.said}")
    say(f"\n{len(trials)} mutants in {took}; survivors: {len(bad) or 'none'}")
    return 1 if bad else 0


def say(text: str) -> None:
    """Print at once, also into a file."""
    print(text, flush=True)  # noqa: T201 - this is a program


def elapsed(begun: float) -> str:
    """Minutes and seconds since then."""
    minutes, seconds = divmod(round(time.monotonic() - begun), 60)
    return f"{minutes} min {seconds:02d} s"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
