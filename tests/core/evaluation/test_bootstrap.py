import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from core.evaluation.bootstrap import (
    draw_patients,
    interval,
    no_interval,
    percentiles,
)
from core.evaluation.ranking import weighted_auroc

MANY = np.repeat([f"p{number:02}" for number in range(30)], 3).astype(object)


def test_patients_are_drawn_whole_and_as_many_as_there_are() -> None:
    found = draw_patients(MANY, np.tile([0, 1, 1], 30), draws=40)
    assert not found.stratified
    assert (found.counts.sum(axis=1) == 30).all()
    weights = np.concatenate(list(found.weights(MANY)))
    assert weights.shape == (40, 90)
    assert (weights[:, 0::3] == weights[:, 1::3]).all()


def test_a_rare_class_is_in_every_draw() -> None:
    labels = np.zeros(90, dtype=np.int64)
    labels[:6] = 1  # patients 0 and 1
    found = draw_patients(MANY, labels, draws=200)
    assert found.stratified
    assert (found.counts[:, :2].sum(axis=1) == 2).all()
    assert (found.counts[:, 2:].sum(axis=1) == 28).all()
    assert found.counts[:, 0].std() > 0


def test_large_tables_are_worked_on_in_parts() -> None:
    patients = np.repeat(MANY, 1000)
    found = draw_patients(patients, np.zeros(len(patients), dtype=np.int64), draws=100)
    parts = list(found.weights(patients))
    assert len(parts) > 1
    assert sum(len(part) for part in parts) == 100


def test_reasons_for_no_interval() -> None:
    labels = np.tile([0, 1, 1], 30)
    assert no_interval(MANY, labels) is None
    assert "there are 4 patients" in no_interval(MANY[:12])
    assert "there is 1 patient," in no_interval(MANY[:2])
    labels = np.zeros(90, dtype=np.int64)
    labels[:3] = 1
    assert "all images of malignant are of one patient" in no_interval(
        MANY, labels, ("benign", "malignant")
    )
    assert no_interval(MANY) is None


def test_percentiles_leave_out_what_does_not_exist() -> None:
    assert percentiles(np.append(np.linspace(0, 1, 1001), np.nan)) == pytest.approx((0.025, 0.975))
    assert percentiles(np.array([np.nan])) is None


def test_no_interval_for_few_patients() -> None:
    values = np.linspace(0, 1, 1001)
    assert interval(values, MANY) == pytest.approx((0.025, 0.975))
    assert interval(values, MANY[:12]) is None


def test_pooled_interval_widens_with_the_patient_effect() -> None:
    random = np.random.default_rng(0)
    patients = np.repeat([f"p{i}" for i in range(20)], 20).astype(object)
    labels = random.integers(0, 2, 400)
    noise = random.normal(0, 1, 400)
    shift = np.repeat(random.normal(0, 2, 20), 20)

    def between(scores: np.ndarray) -> tuple[float, float]:
        drawn = draw_patients(patients, labels).weights(patients)
        return percentiles(np.concatenate([weighted_auroc(labels == 1, scores, w) for w in drawn]))

    narrow, wide = between(labels + noise), between(labels + noise + shift * labels)
    assert narrow[0] < roc_auc_score(labels, labels + noise) < narrow[1]
    assert wide[1] - wide[0] > narrow[1] - narrow[0]
