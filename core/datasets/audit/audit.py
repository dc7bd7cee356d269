"""The audit: read every image once, then say what should be known before anyone trains on it."""

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.datasets.audit.audit_result import Audit, ClassCount
from core.datasets.audit.colour import colour_finding, judge_colour
from core.datasets.audit.duplicates import duplicate_findings
from core.datasets.audit.finding import SEVERITIES
from core.datasets.audit.groups import exact_groups, near_groups
from core.datasets.audit.kinds import kind_findings
from core.datasets.audit.memory import VERSION, write_aside
from core.datasets.audit.patient_findings import patient_findings
from core.datasets.audit.quality import quality_findings
from core.datasets.audit.scan import Scan, name_of, places, read_pixels, scan
from core.datasets.records import Dataset
from core.errors import DatasetError, Stopped
from core.roots import bounds
from core.settings import get_settings

# Higher whenever the same facts lead to other findings.
_JUDGING = 2
Progress = Callable[[str, float], None]
Parts = Mapping[str, NDArray[np.int64]]


def audit(
    dataset: Dataset,
    *,
    folder: Path | None = None,
    parts: Parts | None = None,
    progress: Progress = lambda _stage, _done: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Audit:
    """Audit a dataset. Nothing in its folder is touched.

    Parameters
    ----------
    dataset : Dataset
    folder : Path, optional
        Where what was measured is kept for the next audit; in the cache of the settings by default.
    parts : mapping, optional
        Rows of each part of a split, by its name (`Split.parts()`): duplicates that cross them are
        told.
    progress : callable
        Told the stage, in words, and the share of it that is done, in [0, 1].
    cancelled : callable
        Asked often, from several threads, whether to stop.

    Raises
    ------
    Stopped
        If cancelled; images measured so far are not read again the next time.
    DatasetError
        If the dataset has no images, or what was measured cannot be written.

    Examples
    --------
    Two of eight patients have images of one class only, and the classes differ in colour:

    >>> from core.datasets.open import open_dataset
    >>> result = audit(open_dataset(folder))
    >>> result.images, result.patients, result.sound
    (140, 8, True)
    >>> for finding in result.findings:
    ...     print(finding.severity, finding.code)
    warning patient-predicts-class
    warning colour-predicts-class
    note reader-note
    """
    if dataset.records.empty:
        raise DatasetError(f"{dataset.root} has no images to audit. Choose another folder.")

    def stop() -> None:
        if cancelled():
            raise Stopped("Audit stopped; the next one continues from there.")

    folder = folder or get_settings().cache / "audit"
    scanned = scan(dataset, folder, lambda done: progress("Reading images", done), cancelled)
    file = folder / f"{name_of(dataset.root)}.json"
    key = _key(dataset, scanned, parts)
    before = None if scanned.read else _recall(file, key)
    if before is not None:
        progress("Reading images", 1.0)
        return before
    result = judge(dataset, scanned, parts, progress, stop)
    content = f'{{"key": "{key}", "audit": {result.model_dump_json()}}}'.encode()
    write_aside(file, content)
    return result


def judge(
    dataset: Dataset,
    scanned: Scan,
    parts: Parts | None = None,
    progress: Progress = lambda _stage, _done: None,
    stop: Callable[[], None] = lambda: None,
) -> Audit:
    """Say what is to be known of images that were measured.

    As `audit`, but nothing is kept; `stop` is called often and may raise. Only candidates for near
    duplicates are read again.
    """
    facts, records = scanned.facts, dataset.records
    paths = records["path"].to_numpy(dtype=object)
    stop()
    progress("Looking for duplicates", 0.0)
    files, allowed = places(dataset.root, paths.tolist()), bounds(dataset.root)
    exact = exact_groups(facts)
    near = near_groups(facts, exact, lambda row: read_pixels(files[row], allowed), stop)
    stop()
    progress("Judging colour alone", 0.0)
    readable = np.flatnonzero(facts["readable"])
    patients = records["patient"].to_numpy(dtype=object)
    labels = records["label"].to_numpy()
    colour = judge_colour(
        facts["colour"][readable],
        labels[readable],
        patients[readable],
        patients_known=dataset.patients_known,
    )
    stop()
    findings = [
        *quality_findings(dataset, scanned),
        *duplicate_findings(dataset, exact, near, parts),
        *kind_findings(dataset, scanned),
        *patient_findings(dataset),
        colour_finding(colour),
    ]
    known = dataset.patients_known
    return Audit(
        dataset=dataset.name,
        task=dataset.task,
        images=len(records),
        unreadable=len(records) - len(readable),
        patients=len(set(patients)) if known else None,
        classes=tuple(
            ClassCount(
                name=name,
                images=int((labels == label).sum()),
                patients=len(set(patients[labels == label])) if known else None,
            )
            for label, name in enumerate(dataset.classes)
        ),
        magnifications={
            str(name): int(count)
            for name, count in records["magnification"].value_counts().sort_index().items()
        },
        findings=tuple(sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))),
        colour=colour,
        duplicates=tuple(tuple(paths[group]) for group in exact),
        near_duplicates=tuple(tuple(paths[group]) for group in near),
    )


def duplicate_rows(result: Audit, dataset: Dataset) -> list[list[int]]:
    """Groups of rows that show the same, exactly or nearly, as the leak meter takes them.

    Images that the dataset no longer has, because they were dropped, are left out.
    """
    rows = {path: row for row, path in enumerate(dataset.records["path"])}
    groups = [*result.duplicates, *result.near_duplicates]
    present = (sorted(rows[path] for path in group if path in rows) for group in groups)
    return [group for group in present if len(group) > 1]


def _key(dataset: Dataset, scanned: Scan, parts: Parts | None) -> str:
    """Digest of everything that findings depend on."""
    digest = hashlib.sha256(scanned.facts.tobytes())
    about = (VERSION, _JUDGING, dataset.name, dataset.task, dataset.classes, dataset.patients_known)
    digest.update(json.dumps([*about, dataset.notes, scanned.reasons]).encode())
    for name in ("path", "patient", "slide", "subtype", "magnification"):
        digest.update("\0".join(dataset.records[name].tolist()).encode())
    digest.update(dataset.records["label"].to_numpy().tobytes())
    digest.update(dataset.records["um_per_px"].to_numpy().tobytes())
    digest.update(json.dumps(sorted(dataset.written.items())).encode())
    for name, rows in (parts or {}).items():
        digest.update(name.encode() + np.ascontiguousarray(rows).tobytes())
    return digest.hexdigest()


def _recall(file: Path, key: str) -> Audit | None:
    try:
        saved = json.loads(file.read_bytes())
        return Audit.model_validate(saved["audit"]) if saved["key"] == key else None
    except (OSError, ValueError, TypeError, KeyError):
        return None
