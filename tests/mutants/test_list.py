"""The list of mutants keeps up with the code that it is about."""

import ast
from pathlib import Path

import pytest

from tests.mutants.run import ROOT, Mutant, read_mutants

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


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_tests_that_must_notice_exist(mutant: Mutant) -> None:
    assert mutant.tests
    for test in mutant.tests:
        file, _, function = test.partition("::")
        assert not function or function.partition("[")[0] in functions(ROOT / file), test


def functions(path: Path) -> set[str]:
    return {
        node.name
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef)
    }
