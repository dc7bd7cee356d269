from dataclasses import replace

import pytest

from core.datasets.audit.finding import Finding
from core.datasets.audit.patient_findings import patient_findings
from core.datasets.records import Dataset
from tests.core.datasets.audit.conftest import rows_dataset

Rows = list[tuple[str, int, str]]


def findings(dataset: Dataset) -> dict[str, Finding]:
    return {finding.code: finding for finding in patient_findings(dataset)}


def many(classes: int = 2, patients: int = 6) -> Rows:
    """Rows of so many patients of each class, two images each."""
    return [
        (f"{label}-{number}", label, "") for label in range(classes) for number in range(patients)
    ] * 2


def test_a_patient_under_two_subtypes_is_told() -> None:
    rows = [(f"{n}", 0, "adenosis") for n in range(6)] + [("0", 0, "fibroadenoma")]
    rows += [(f"m{n}", 1, "ductal carcinoma") for n in range(6)] + [("m1", 0, "adenosis")]
    within, across = (findings(rows_dataset(r, ("benign", "malignant"))) for r in (rows[:7], rows))
    assert within["label-conflict"].severity == "warning"
    assert across["label-conflict"].severity == "error"
    assert across["label-conflict"].count == 2
    assert across["label-conflict"].examples == (
        "0: adenosis (slide 0) and fibroadenoma (slide 0)",
        "m1: adenosis (slide m1) and ductal carcinoma (slide m1)",
    )
    assert len(across["label-conflict"].files) == 4


def test_two_classes_in_one_patient_of_many_are_told_and_in_most_are_not() -> None:
    rows = many(patients=10)
    conflict = findings(rows_dataset([*rows, ("0-0", 1, "")], ("a", "b")))["label-conflict"]
    assert (conflict.count, conflict.severity) == (1, "error")
    usual = [(patient, 1 - label, "") for patient, label, _ in rows]
    assert "label-conflict" not in findings(rows_dataset(rows + usual, ("a", "b")))
    assert "label-conflict" not in findings(rows_dataset(rows, ("a", "b")))


@pytest.mark.parametrize(
    ("patients", "code"),
    [
        (0, "class-cannot-be-held-out"),
        (1, "class-cannot-be-held-out"),
        (2, "class-cannot-be-split"),
        (3, "few-patients"),
        (4, "few-patients"),
        (5, None),
    ],
)
def test_classes_with_too_few_patients(patients: int, code: str | None) -> None:
    rows = many() + [(f"c{n}", 2, "") for n in range(patients)] * 2
    codes = {"class-cannot-be-held-out", "class-cannot-be-split", "few-patients"}
    found = findings(rows_dataset(rows, ("a", "b", "c")))
    assert codes & set(found) == ({code} if code else set())
    if code:
        assert found[code].examples[0].startswith(f"c: {patients} patient")


def test_how_far_the_patient_gives_the_class_away() -> None:
    # 10 + 10 images of patients with one class; one patient with 6 and 4: 26 of 30 guessed right.
    rows = [("x", 0, "")] * 10 + [("y", 1, "")] * 10 + [("z", 0, "")] * 6 + [("z", 1, "")] * 4
    found = findings(rows_dataset(rows, ("a", "b")))["patient-predicts-class"]
    assert (found.count, found.severity) == (2, "warning")
    assert "2 patients of 3" in found.message
    assert "87% of the images correctly" in found.message
    assert "guessing the commonest class, 53%" in found.message
    assert "every class: z." in found.advice
    assert found.examples == ("x: only “a”", "y: only “b”")
    diagnosis = findings(rows_dataset(many(), ("a", "b")))["patient-predicts-class"]
    assert (diagnosis.count, diagnosis.severity) == (12, "note")


def test_mixed_patients_give_nothing_away() -> None:
    rows = [(f"{n}", label, "") for n in range(6) for label in (0, 1)]
    assert "patient-predicts-class" not in findings(rows_dataset(rows, ("a", "b")))


def test_imbalance_is_told_by_class_patient_and_magnification() -> None:
    rows = [("x", 0, "")] * 40 + [("y", 1, "")] * 4
    dataset = rows_dataset(rows, ("a", "b"))
    records = dataset.records.assign(magnification=["40X"] * 30 + ["100X"] * 10 + [""] * 4)
    found = findings(replace(dataset, records=records))
    assert found["class-imbalance"].severity == "warning"
    assert "a has 40, b has 4 (10 times fewer)" in found["class-imbalance"].message
    assert "x has 40, y has 4" in found["patient-imbalance"].message
    assert "40X has 30, 100X has 10" in found["magnification-imbalance"].message
    even = findings(rows_dataset(many(), ("a", "b")))
    assert not [code for code in even if "imbalance" in code]


def test_unknown_patients_are_told_loudly() -> None:
    dataset = replace(rows_dataset(many(), ("a", "b")), patients_known=False, notes=("Look.",))
    found = findings(dataset)
    assert found["patients-unknown"].severity == "error"
    assert found["reader-note"].message == "Look."
    assert set(found) == {"patients-unknown", "reader-note"}
