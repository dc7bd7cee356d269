"""A card that is long, or wrong in a thousand places, costs no more than it is worth."""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from core.errors import PackageError
from core.registry.card import Card
from core.registry.card_text import MOST_BYTES
from core.registry.package import Package, read_card
from core.settings import ROOT
from core.wrong_values import in_words


@pytest.fixture
def refusal(tmp_path: Path) -> Callable[[str], str]:
    """Write a card and return why it is refused."""

    def read(text: str) -> str:
        (tmp_path / "card.json").write_text(text)
        with pytest.raises(PackageError) as refused:
            read_card(tmp_path)
        return str(refused.value)

    return read


def test_a_card_that_is_too_long_is_not_read(refusal: Callable[[str], str]) -> None:
    assert "at most 4 MB" in refusal("[" * (MOST_BYTES + 1))


def test_a_list_without_end_is_named(refusal: Callable[[str], str]) -> None:
    card = {"schema_version": 1, "training": {"patients": [[1]] * 20_001}}
    assert "patients holds 20,001 entries, at most 20,000" in refusal(json.dumps(card))


def test_of_many_faults_the_first_are_named(refusal: Callable[[str], str]) -> None:
    words = refusal(json.dumps({"schema_version": 1, **{f"odd{n}": n for n in range(15_000)}}))
    assert len(words) < 2_000
    assert "more" in words


def test_faults_hold_nothing_of_what_was_given() -> None:
    secret = "x" * 1000
    with pytest.raises(ValidationError) as refused:
        Card.model_validate({secret: 1, "classes": [secret]})
    assert "x" * 101 not in in_words(refused.value, "card")


WRONG = """
import pathlib, resource, sys
from core.errors import PackageError
from core.registry.package import read_card
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    read_card(pathlib.Path(sys.argv[1]))
except PackageError:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.parametrize(
    ("lists", "length"), [(7, 19_000), (6, 8_000)], ids=["many values", "fewer values"]
)
def test_a_card_of_a_megabyte_takes_no_gigabytes(lists: int, length: int, tmp_path: Path) -> None:
    """It lacks most fields; beside each, pydantic would lay a copy of all that is there."""
    rows = [[[number] for number in range(length)] for _ in range(lists)]
    (tmp_path / "card.json").write_text(json.dumps({"schema_version": 1, "x": rows}))
    most = 3_000_000_000

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))

    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", WRONG, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=limit,
    )
    assert done.returncode == 0, done.stderr[-500:]
    assert int(done.stdout) < 400_000  # kB
    assert time.monotonic() - began < 20


def test_a_real_card_is_far_below(package: Package) -> None:
    """IDC's, of 279 patients."""
    assert read_card(package.path) == package.card
    assert (ROOT / "models" / "idc" / "card.json").stat().st_size < MOST_BYTES / 100
