import json
from dataclasses import replace
from pathlib import Path

import cv2
import pytest

from core.datasets.audit import audit as module
from core.datasets.audit.audit import audit
from core.datasets.audit.audit_result import Audit
from core.datasets.open import open_dataset
from core.errors import DatasetError, Stopped
from tests.core.datasets.audit.conftest import Write, make_dataset, picture


def test_json_holds_all_of_it_and_comes_back(sound: Path, write: Write) -> None:
    write("1/p0_wrong.png", picture(0))
    result = audit(make_dataset(sound))
    text = json.dumps(result.to_json(), allow_nan=False)
    assert Audit.model_validate_json(text) == result
    assert set(json.loads(text)) == {
        *("schema_version", "dataset", "task", "images", "unreadable", "patients", "classes"),
        *("magnifications", "findings", "colour", "duplicates", "near_duplicates"),
    }
    assert set(json.loads(text)["findings"][0]) == {
        *("code", "severity", "count", "message", "advice", "examples", "files", "patients"),
    }
    assert (result.images, result.unreadable, result.patients) == (49, 0, 12)
    assert [(c.name, c.images, c.patients) for c in result.classes] == [
        ("healthy", 24, 6),
        ("ill", 25, 7),
    ]
    order = [finding.severity for finding in result.findings]
    assert order == sorted(order, key=["error", "warning", "note"].index)


def test_an_unchanged_dataset_is_not_judged_again(
    sound: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged = []
    original = module.judge_colour
    monkeypatch.setattr(
        module, "judge_colour", lambda *a, **k: judged.append(1) or original(*a, **k)
    )
    first = audit(make_dataset(sound))
    assert audit(make_dataset(sound)) == first
    assert len(judged) == 1
    relabelled = make_dataset(sound)
    relabelled.records.loc[0, "label"] = 1
    assert audit(relabelled) != first
    write("1/p1_0.png", picture(0))
    assert not audit(make_dataset(sound)).sound
    assert len(judged) == 3


def test_cancelling_stops_at_any_stage(sound: Path, tmp_path: Path) -> None:
    stages: list[str] = []
    audit(
        make_dataset(sound), folder=tmp_path / "a", progress=lambda stage, _: stages.append(stage)
    )
    for stage in dict.fromkeys(stages):
        seen: list[str] = []
        with pytest.raises(Stopped):
            audit(
                make_dataset(sound),
                folder=tmp_path / stage,
                progress=lambda stage, _, seen=seen: seen.append(stage),
                cancelled=lambda stage=stage, seen=seen: stage in seen,
            )


def test_no_images_is_said(sound: Path) -> None:
    dataset = make_dataset(sound)
    with pytest.raises(DatasetError, match="no images"):
        audit(replace(dataset, records=dataset.records.iloc[:0]))


def test_images_that_nobody_can_read_are_an_answer(tmp_path: Path) -> None:
    for label in (0, 1):
        (tmp_path / "data" / f"{label}").mkdir(parents=True)
        (tmp_path / "data" / f"{label}" / "p_0.png").write_bytes(b"")
    result = audit(make_dataset(tmp_path / "data"))
    assert (result.unreadable, result.colour) == (2, None)
    assert not result.sound


@pytest.mark.slow
@pytest.mark.exhaustive
def test_real_patches(shared: Path) -> None:
    folder = shared / "data" / "idc"
    result = audit(open_dataset(folder))
    found = {finding.code: finding for finding in result.findings}
    labels = {path.name: len(list(path.iterdir())) for path in folder.iterdir() if path.is_dir()}
    assert (result.patients, result.unreadable) == (len(labels), 0)
    assert result.images == len(list(folder.glob("*/?/*.png")))
    assert (result.duplicates, result.near_duplicates) == ((), ())
    with_both = sum(classes == 2 for classes in labels.values())
    assert found["patient-predicts-class"].count == len(labels) - with_both
    assert found["sizes-differ"].count == sum(
        cv2.imread(str(path)).shape != (50, 50, 3) for path in folder.glob("*/?/*.png")
    )
    # Patches of the edge of the glass, without tissue, and green ink: seen by eye.
    assert {"8913/0/8913_idx5_x851_y601_class0.png"} <= set(found["stain-outliers"].files)
    assert found["stain-outliers"].count < 0.024 * result.images
    assert result.colour is not None
    # Of 258 patients others found 0.86, pooled over images and not over patients.
    assert 0.82 < result.colour.auroc < 0.9
    assert result.colour.patients_with_every_class == with_both


@pytest.mark.slow
def test_real_fields(shared: Path) -> None:
    result = audit(open_dataset(shared / "data" / "breakhis"))
    found = {finding.code: finding for finding in result.findings}
    conflicts = [example.split(":")[0] for example in found["label-conflict"].examples]
    assert conflicts == ["14-13412", "14-21998", "14-29960"]
    assert (result.duplicates, result.near_duplicates) == ((), ())
    assert result.colour is not None
    assert 0.75 < result.colour.auroc < 0.88
    by_subtype = audit(open_dataset(shared / "data" / "breakhis", task="subtype"))
    few = {f.code: f for f in by_subtype.findings}["class-cannot-be-split"]
    assert [example.split(":")[0] for example in few.examples] == ["adenosis"]
