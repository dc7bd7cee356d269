"""Put each bug of the list into a copy of the project and see that the tests notice it.

    python tests/mutants/run.py [NAME ...]

Names choose mutants or whole areas; all are tried without. Ends with 1 if a mutant survives, and
with 2 if the list is out of date or its tests fail without any bug. Real images are not looked at.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Literal, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
LIST = Path(__file__).with_name("list.toml")
COPIES = 2
LIMIT = 240.0
"""Seconds for the tests of one mutant; a bug that makes them endless is noticed as well."""
_LEFT_OUT = (".git", ".venv", "var", "docs", ".*_cache", ".hypothesis", "__pycache__")
_PASSED, _FAILED = 0, 1  # of pytest's exit codes

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


def run_tests(folder: Path, tests: Sequence[str], limit: float | None) -> tuple[int, str]:
    """Run tests in a copy; pytest's exit code, and the last lines that it printed.

    Raises
    ------
    subprocess.TimeoutExpired
        After `limit` seconds.
    """
    pytest = (sys.executable, "-m", "pytest", "-x", "-q", "--no-header", "--tb=line")
    done = subprocess.run(
        [*pytest, "-p", "no:cacheprovider", "--hypothesis-seed=0", *tests],
        cwd=folder,
        env=os.environ
        # A mutant may be as long as the original and as new: compiled, they look the same.
        | {"PYTHONDONTWRITEBYTECODE": "1", "LOBULE_TEST_DATA": str(folder / "none")},
        capture_output=True,
        text=True,
        timeout=limit,
        check=False,
    )
    return done.returncode, "\n".join((done.stdout + done.stderr).splitlines()[-15:])


def try_mutant(mutant: Mutant, copies: "SimpleQueue[Path]") -> Trial:
    """Run the mutant's tests in a free copy with the bug in it; the copy is then as before."""
    folder = copies.get()
    file = folder / mutant.file
    source = file.read_text(encoding="utf-8")
    begun = time.monotonic()
    said = ""
    try:
        file.write_text(mutant.applied_to(source), encoding="utf-8")
        code, said = run_tests(folder, mutant.tests, LIMIT)
        outcomes: dict[int, Outcome] = {_PASSED: "SURVIVED", _FAILED: "killed"}
        outcome = outcomes.get(code, "BROKEN")
    except subprocess.TimeoutExpired:
        outcome = "killed by time"
    finally:
        file.write_text(source, encoding="utf-8")
        copies.put(folder)
    return Trial(mutant, outcome, time.monotonic() - begun, said)


def untouched_fails(mutants: Sequence[Mutant], folders: Sequence[Path]) -> str | None:
    """What pytest prints where a test of the list fails without any bug, else None."""
    tests = sorted({test for mutant in mutants for test in mutant.tests})
    # A file's tests stay together: its fixtures are made once.
    files = sorted({test.split("::")[0] for test in tests})
    shares = [[t for t in tests if t.split("::")[0] in files[i::COPIES]] for i in range(COPIES)]
    with ThreadPoolExecutor(COPIES) as pool:
        runs = pool.map(
            lambda each: run_tests(*each, None) if each[1] else (_PASSED, ""),
            zip(folders, shares, strict=True),
        )
        return next((said for code, said in runs if code != _PASSED), None)


def main(names: Sequence[str]) -> int:
    """Try the named mutants; the exit code."""
    mutants = [each for each in read_mutants() if not names or {each.name, each.area} & {*names}]
    begun = time.monotonic()
    try:
        for mutant in mutants:
            mutant.applied_to((ROOT / mutant.file).read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        say(str(error))
        return 2
    with tempfile.TemporaryDirectory(prefix="lobule-mutants-") as temporary:
        copies: SimpleQueue[Path] = SimpleQueue()
        folders = [Path(temporary, str(number), ROOT.name) for number in range(COPIES)]
        for folder in folders:
            shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*_LEFT_OUT))
            copies.put(folder)
        failure = untouched_fails(mutants, folders)
        if failure is not None:
            say(f"The tests of the list fail without any bug:\n{failure}")
            return 2
        say(f"{len(mutants)} mutants; without them their tests pass ({elapsed(begun)})")
        trials: list[Trial] = []
        with ThreadPoolExecutor(COPIES) as pool:
            for trial in pool.map(lambda mutant: try_mutant(mutant, copies), mutants):
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
