import json
from pathlib import Path

import pytest

from core.datasets.audit.accepted import (
    apply_decisions,
    default_file,
    load_decisions,
    save_decisions,
)
from core.datasets.audit.audit import audit
from core.datasets.audit.finding import Finding
from core.errors import DatasetError
from tests.core.datasets.audit.conftest import Write, make_dataset, picture


def named(*files: str) -> Finding:
    return Finding(
        code="blank", severity="error", count=len(files), message="", advice="", files=files
    )


def test_decisions_come_back_and_leave_the_data_alone(sound: Path, home: Path) -> None:
    before = {path: path.read_bytes() for path in sound.rglob("*.png")}
    dataset = make_dataset(sound)
    decisions = load_decisions(dataset)
    assert not decisions.drop
    decisions = decisions.dropping(named("0/p0_0.png", "0/p0_1.png")).keeping(named("0/p0_1.png"))
    file = save_decisions(decisions, dataset)
    assert file == default_file(dataset)
    assert file.parent == home / "audits"
    assert json.loads(file.read_text()) == {
        "fingerprint": dataset.fingerprint,
        "drop": ["0/p0_0.png"],
        "keep": ["0/p0_1.png"],
        "one_person": [],
        "apart": [],
    }
    loaded = load_decisions(make_dataset(sound))
    assert loaded == decisions
    smaller = apply_decisions(dataset, loaded)
    assert set(dataset.records["path"]) - set(smaller.records["path"]) == {"0/p0_0.png"}
    assert smaller.records.index.tolist() == list(range(47))
    assert {path: path.read_bytes() for path in sound.rglob("*.png")} == before


def test_what_is_undecided_is_counted(sound: Path) -> None:
    decisions = load_decisions(make_dataset(sound)).keeping(named("a", "b"))
    assert decisions.undecided(named("a", "b")) == 0
    assert decisions.undecided(named("a", "c", "d")) == 2
    assert decisions.undecided(named()) == 1
    back = decisions.dropping(named("c")).forgetting(named("a", "c"))
    assert (back.drop, back.keep) == (frozenset(), {"b"})


def test_dropping_what_the_audit_names_makes_it_sound(sound: Path, write: Write) -> None:
    write("1/p0_wrong.png", picture(0))
    dataset = make_dataset(sound)
    result = audit(dataset)
    assert not result.sound
    decisions = load_decisions(dataset)
    for finding in result.findings:
        if finding.severity == "error":
            decisions = decisions.dropping(finding)
    assert audit(apply_decisions(dataset, decisions)).sound


def test_decisions_about_another_dataset_are_refused(
    sound: Path, write: Write, tmp_path: Path
) -> None:
    dataset = make_dataset(sound)
    file = save_decisions(load_decisions(dataset), dataset, tmp_path / "run" / "decisions.json")
    write("0/p0_0.png", picture(999))
    changed = make_dataset(sound)
    with pytest.raises(DatasetError, match="do not fit"):
        load_decisions(changed, file)
    with pytest.raises(DatasetError, match="do not fit"):
        apply_decisions(changed, load_decisions(dataset, file))
    file.write_text("{}")
    with pytest.raises(DatasetError, match="holds no decisions"):
        load_decisions(changed, file)


def test_impossible_decisions_are_refused(sound: Path) -> None:
    dataset = make_dataset(sound)
    decisions = load_decisions(dataset)
    with pytest.raises(DatasetError, match=r"not in .*nowhere\.png"):
        save_decisions(decisions.dropping(named("nowhere.png")), dataset)
    with pytest.raises(DatasetError, match="All 48 images"):
        apply_decisions(dataset, decisions.dropping(named(*dataset.records["path"])))
