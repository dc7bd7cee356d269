"""One person under several names, in every split, until somebody says otherwise."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.datasets.audit.accepted import Decisions, apply_decisions, load_decisions, save_decisions
from core.datasets.audit.patient_findings import patient_findings
from core.datasets.leak import leak_meter
from core.datasets.open import open_dataset
from core.datasets.people import look_alikes
from core.datasets.records import Dataset
from core.datasets.spelling import ids_of
from core.datasets.split import split_dataset
from core.errors import DatasetError

WAYS = {
    "zeros": ("{}", "00{}"),
    "fraction": ("{}", "{}.0"),
    "case": ("p{}", "P{}"),
    "no width": ("{}", "{}\u200b"),
    "unicode": ("Ä{}", "A\u0308{}"),
    "blanks": ("p {}", "p\u00a0{}"),
}


@pytest.fixture
def manifest(tmp_path: Path, draw: Callable[..., Path]) -> Callable[..., Path]:
    def write(*ways: str, people: int = 5) -> Path:
        rows = ["path,label,patient"]
        for person in range(1, people + 1):
            for number in range(4):
                draw(tmp_path / f"{person}_{number}.png", 8, 8, person * 10 + number)
                name = ways[number % len(ways)].format(person)
                rows.append(f"{person}_{number}.png,{number // 2},{name}")
        path = tmp_path / "images.csv"
        path.write_text("\n".join(rows), encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize("ways", WAYS.values(), ids=WAYS)
def test_look_alikes_are_one_person_in_every_split(
    manifest: Callable[..., Path], ways: tuple[str, str]
) -> None:
    dataset = open_dataset(manifest(*ways))
    assert dataset.records["patient"].nunique() == 5
    assert len(look_alikes(dataset)) == 5
    person = dataset.records["path"].str[0].to_numpy()
    for seed in range(3):
        split = split_dataset(dataset, "patient", seed)
        parts = [set(person[rows]) for rows in split.parts().values()]
        assert sum(map(len, parts)) == 5
        leaky = split_dataset(dataset, "image", seed)
        seen = np.isin(person[leaky.test], person[leaky.train]).sum()
        assert leak_meter(leaky, dataset).patient_in_training == seen
    (finding,) = (f for f in patient_findings(dataset) if f.code == "patients-look-alike")
    assert (finding.severity, finding.count) == ("error", 5)


def test_somebody_may_say_that_they_are_different_people(manifest: Callable[..., Path]) -> None:
    dataset = open_dataset(manifest("{}", "00{}"))
    (finding,) = (f for f in patient_findings(dataset) if f.code == "patients-look-alike")
    decided = Decisions(fingerprint=dataset.fingerprint)
    assert decided.undecided(finding) == 5
    one, apart = (decided.deciding_people(finding, apart=apart) for apart in (False, True))
    assert one.undecided(finding) == apart.undecided(finding) == 0
    assert apply_decisions(dataset, one).records["patient"].nunique() == 5
    save_decisions(apart, dataset)
    several = apply_decisions(dataset, load_decisions(dataset))
    assert several.records["patient"].nunique() == 10
    assert not look_alikes(several)
    assert apart.forgetting(finding).undecided(finding) == 5


def test_sound_ids_stay_as_they_are(manifest: Callable[..., Path]) -> None:
    dataset = open_dataset(manifest("p{}"))
    assert not dataset.written
    assert "error" not in {finding.severity for finding in patient_findings(dataset)}


def test_neighbouring_ids_of_idc_are_one_woman(tiny_idc: Path) -> None:
    dataset = open_dataset(tiny_idc, neighbours=True)
    ids = sorted(set(open_dataset(tiny_idc).records["patient"]), key=int)
    assert set(dataset.records["patient"]) == {"+".join(ids)}
    assert ids_of("+".join(ids)) == ids
    assert sorted(set(dataset.records["slide"]), key=int) == ids


def test_only_idc_has_neighbours(manifest: Callable[..., Path]) -> None:
    path = manifest("{}")
    with pytest.raises(DatasetError, match="Only in IDC"):
        open_dataset(path, neighbours=True)
    assert isinstance(open_dataset(path), Dataset)
