"""Findings on images that show the same, by what they cross."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from core.datasets.audit.finding import Finding, Severity, first_few, number
from core.datasets.records import Dataset

Groups = Sequence[NDArray[np.int64]]

_KEEP_ONE = "Keep one image of each group and drop the others."
_ADVICE = {
    "across-classes": "At least one label is wrong. Look at them, and keep only the one "
    "with the right label.",
    "across-patients": "Either the patients are one person or a file was misplaced: a "
    "split by patient leaks. " + _KEEP_ONE,
    "across-parts": "These test or validation images were seen in training: figures flatter. Drop "
    "the copies, or split by patient.",
    "": "They count several times in training and in every figure. " + _KEEP_ONE,
}
_SEVERITIES: dict[str, Severity] = {
    "across-classes": "error",
    "across-patients": "error",
    "across-parts": "error",
    "": "warning",
}
_CROSSED = {
    "across-classes": ", under different classes",
    "across-patients": ", under different patients",
    "across-parts": ", in different parts of the split",
    "": "",
}


def duplicate_findings(
    dataset: Dataset,
    exact: Groups,
    near: Groups,
    parts: Mapping[str, NDArray[np.int64]] | None = None,
) -> list[Finding]:
    """Findings on duplicates ("duplicate…") and near duplicates ("near-duplicate…").

    A group that crosses classes is not told again for crossing patients. One that crosses the parts
    of a given split is told for that besides.

    Parameters
    ----------
    dataset : Dataset
    exact, near : sequence of int64 arrays
        Rows of each group.
    parts : mapping, optional
        Rows of each part of a split, by its name.
    """
    paths = dataset.records["path"].to_numpy(dtype=object)
    labels = dataset.records["label"].to_numpy()
    patients = dataset.records["patient"].to_numpy(dtype=object)
    part_of = np.full(len(paths), "", dtype=object)
    for name, rows in (parts or {}).items():
        part_of[rows] = name

    def crosses(group: NDArray[np.int64]) -> str:
        if len(set(labels[group])) > 1:
            return "across-classes"
        if dataset.patients_known and len(set(patients[group])) > 1:
            return "across-patients"
        return ""

    findings = []
    for code, groups, words in (
        ("duplicate", exact, "have the same pixels as another"),
        ("near-duplicate", near, "show nearly the same as another"),
    ):
        sorted_out: dict[str, list[NDArray[np.int64]]] = {name: [] for name in _ADVICE}
        for group in groups:
            sorted_out[crosses(group)].append(group)
            if len(set(part_of[group]) - {""}) > 1:
                sorted_out["across-parts"].append(group)
        for crossed, crossing in sorted_out.items():
            if crossing:
                rows = np.concatenate(crossing)
                findings.append(
                    Finding(
                        code=f"{code}-{crossed}".rstrip("-"),
                        severity=_SEVERITIES[crossed],
                        count=len(rows),
                        message=f"{number(len(rows), 'image')} {words}{_CROSSED[crossed]}: "
                        f"{number(len(crossing), 'group')} of two or more.",
                        advice=_ADVICE[crossed],
                        examples=first_few(" = ".join(paths[group[:4]]) for group in crossing),
                        files=tuple(paths[rows]),
                    )
                )
    return findings
