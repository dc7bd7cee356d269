"""The list of mutants keeps up with the code that it is about."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutants.run import ROOT, Mutant, Trial, read_mutants, report

MUTANTS = read_mutants()
FEWEST = 40
AREAS = {
    *("metrics", "bootstrap", "split", "leak meter", "calibration", "conformal", "threshold"),
    *("tiles", "grad-cam", "scope", "class order", "scale"),
}


def test_the_list_covers_every_area() -> None:
    assert len(MUTANTS) >= FEWEST
    assert {mutant.area for mutant in MUTANTS} >= AREAS
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_each_mutant_is_another_program(mutant: Mutant) -> None:
    source = (ROOT / mutant.file).read_text(encoding="utf-8")
    mutated = ast.parse(mutant.applied_to(source))
    assert ast.dump(mutated) != ast.dump(ast.parse(source))


def test_each_mutant_knows_its_names(tmp_path: Path) -> None:
    # One that does not is noticed by whatever runs it, and shows nothing of the tests.
    for number, mutant in enumerate(MUTANTS):
        source = (ROOT / mutant.file).read_text(encoding="utf-8")
        (tmp_path / f"{number}.py").write_text(mutant.applied_to(source), encoding="utf-8")
    checked = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "F821", str(tmp_path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_tests_that_must_notice_exist(mutant: Mutant) -> None:
    assert mutant.tests
    for test in mutant.tests:
        file, _, function = test.partition("::")
        assert not function or function.partition("[")[0] in functions(ROOT / file), test


def test_a_text_that_is_gone_or_not_alone_is_refused() -> None:
    mutant = MUTANTS[0]
    for source, times in (("", 0), (2 * mutant.old, 2)):
        with pytest.raises(ValueError, match=f"occurs {times} times in {mutant.file}"):
            mutant.applied_to(source)


def test_what_is_not_noticed_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    killed = [Trial(mutant, "killed", 1.0, "1 failed") for mutant in MUTANTS]
    assert report(killed, "2 min") == 0
    assert "survivors: none" in capsys.readouterr().out
    for outcome in ("SURVIVED", "BROKEN"):
        assert report([*killed[1:], killed[0]._replace(outcome=outcome)], "2 min") == 1
        assert f"{outcome}: {MUTANTS[0].name}" in capsys.readouterr().out


def functions(path: Path) -> set[str]:
    return {
        node.name
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef)
    }
