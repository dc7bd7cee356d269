"""The worked examples in the docstrings of what others call first."""

import doctest
from importlib import import_module
from pathlib import Path

import pytest

SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    "name",
    [
        "core.datasets.open.open_dataset",
        "core.datasets.split.split_dataset",
        pytest.param("core.datasets.audit.audit.audit", marks=SLOW),
        pytest.param("core.training.run.train", marks=SLOW),
        pytest.param("core.assessment.assess.assess", marks=SLOW),
        pytest.param("core.diagnosis.diagnose", marks=SLOW),
    ],
)
def test_the_example_gives_what_it_says(name: str, tiny_idc: Path) -> None:
    module, _, function = name.rpartition(".")
    entry = getattr(import_module(module), function)
    (example,) = doctest.DocTestFinder(recurse=False).find(
        entry, function, globs=vars(import_module(module)) | {"folder": tiny_idc}
    )
    assert example.examples
    said: list[str] = []
    result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example, out=said.append)
    assert not result.failed, "".join(said)
