"""An assessment for programs: its figures by group, worked out again by scikit-learn."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, recall_score, roc_auc_score

from core.assessment.assess import Assessment, assess
from core.assessment.summary import to_json
from core.datasets.records import Dataset
from core.registry.package import Package


@pytest.fixture(scope="module")
def found(package: Package, dataset: Dataset) -> Assessment:
    return assess(package, dataset)


def test_figures_of_each_magnification_subtype_and_patient(found: Assessment) -> None:
    # Patients 1 to 4 at 40X, the others at 100X; one subtype has images of one class only.
    own = found.predictions
    early = np.isin(own.patients.astype(str), ["1", "2", "3", "4"])
    subtypes = np.where(own.labels == 1, "ductal", "").astype(object)
    magnified = np.where(early, "40X", "100X").astype(object)
    grouped = replace(found, predictions=replace(own, magnifications=magnified, subtypes=subtypes))
    groups = to_json(grouped)["groups"]
    assert list(groups) == ["magnification", "subtype", "patient"]
    assert list(groups["magnification"]) == ["40X", "100X"]
    rows_of = {"40X": early, "100X": ~early}
    for name, rows in rows_of.items():
        group = groups["magnification"][name]
        assert (group["images"], group["patients"]) == (48, 4)
        expected = expected_figures(found, rows)
        for figure, value in expected.items():
            assert group["figures"][figure]["value"] == pytest.approx(value), (name, figure)
        assert "fewer than 5" in group["no_interval"]
    assert list(groups["patient"]) == [str(number) for number in range(1, 9)]
    for name, group in groups["patient"].items():
        assert (group["images"], group["patients"]) == (12, 1)
        rows = own.patients.astype(str) == name
        assert group["figures"]["auroc"]["value"] == pytest.approx(
            expected_figures(found, rows)["auroc"]
        )
    ductal = groups["subtype"]["ductal"]
    assert (ductal["images"], ductal["patients"]) == (48, 8)
    assert ductal["figures"]["auroc"]["value"] is None
    assert "All images are IDC" in ductal["figures"]["auroc"]["why"]
    assert ductal["figures"]["sensitivity"]["value"] == pytest.approx(
        expected_figures(found, own.labels == 1)["sensitivity"]
    )
    # What no image states has no groups.
    bare = replace(own, magnifications=np.full(96, "", dtype=object))
    assert to_json(replace(found, predictions=bare))["groups"]["magnification"] == {}


def expected_figures(found: Assessment, rows: np.ndarray) -> dict[str, float]:
    """Figures of some rows by scikit-learn; the tiny card's operating point is 0.4."""
    truth, chances = found.predictions.labels[rows], found.predictions.probabilities[rows, 1]
    calls = (chances >= 0.4).astype(int)
    expected = {"sensitivity": recall_score(truth, calls)}
    if len(set(truth)) == 2:
        expected["auroc"] = roc_auc_score(truth, chances)
        expected["balanced_accuracy"] = balanced_accuracy_score(truth, calls)
        expected["specificity"] = recall_score(truth, calls, pos_label=0)
    return expected
