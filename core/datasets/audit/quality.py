"""Findings on single images: unreadable, blank, out of focus, odd in size or stain."""

from collections import Counter
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from core.datasets.audit.facts import LIGHTNESS_DEVIATION
from core.datasets.audit.finding import Finding, first_few, number
from core.datasets.audit.groups import blank
from core.datasets.audit.scan import Scan
from core.datasets.records import Dataset

BLURRED, ODD_STAIN = -4.0, 5.0
"""How many robust deviations from the median make an image out of focus, or its stain odd."""

_FEWEST = 20  # images of a magnification, to say what is usual among them
_SPREAD_OF_NORMAL = 1.4826  # standard deviations in one median absolute deviation


def quality_findings(dataset: Dataset, scan: Scan) -> Iterator[Finding]:
    """Yield the findings on single images."""
    paths = dataset.records["path"].to_numpy(dtype=object)
    facts = scan.facts
    yield from _unreadable(paths, scan)
    yield from _sizes(paths, facts)
    is_blank = blank(facts)
    if is_blank.any():
        yield Finding(
            code="blank",
            severity="warning",
            count=int(is_blank.sum()),
            message=f"{number(int(is_blank.sum()), 'image is', 'images are')} blank: only glass, "
            "or one even colour.",
            advice="Look at them and drop those without tissue.",
            examples=first_few(paths[is_blank]),
            files=tuple(paths[is_blank]),
        )
    usable = facts["readable"] & ~is_blank
    if not usable.any():
        return
    blurred = np.zeros(len(facts), dtype=bool)
    magnifications = dataset.records["magnification"].to_numpy(dtype=object)
    for magnification in sorted(set(magnifications)):
        rows = np.flatnonzero(usable & (magnifications == magnification))
        blurred[rows] = _robust_deviations(_sharpness(facts[rows])) < BLURRED
    if blurred.any():
        order = np.flatnonzero(blurred)
        order = order[np.argsort(_sharpness(facts[order]), kind="stable")]
        yield Finding(
            code="out-of-focus",
            severity="warning",
            count=len(order),
            message=f"{number(len(order), 'image is', 'images are')} far less sharp than usual for "
            "their contrast: out of focus, or no tissue.",
            advice="Look at them, least sharp first. Drop those you could not judge yourself.",
            examples=first_few(paths[order]),
            files=tuple(paths[order]),
        )
    yield from _stains(dataset, facts, usable)


def _unreadable(paths: NDArray[np.object_], scan: Scan) -> Iterator[Finding]:
    facts = scan.facts
    for code, affected, words in (
        ("empty", ~facts["readable"] & (facts["size"] == 0), "empty"),
        ("unreadable", ~facts["readable"] & (facts["size"] != 0), "unreadable"),
    ):
        if affected.any():
            files = paths[affected]
            yield Finding(
                code=code,
                severity="error",
                count=len(files),
                message=f"{number(len(files), 'file')} of {len(paths):,} "
                f"{'is' if len(files) == 1 else 'are'} {words}.",
                advice="Copy them again from the source; if they are damaged there, drop them.",
                examples=first_few(f"{path}: {scan.reasons.get(path, words)}" for path in files),
                files=tuple(files),
            )


def _sizes(paths: NDArray[np.object_], facts: NDArray[np.void]) -> Iterator[Finding]:
    # Width and height in one number each: pairs of them cost many times as long to count.
    sizes = facts["width"].astype(np.int64) << 32 | facts["height"]
    counts = Counter(sizes[facts["readable"]].tolist())
    if len(counts) > 1:
        (usual, often), *_ = counts.most_common(1)
        others = (sizes != usual) & facts["readable"]
        yield Finding(
            code="sizes-differ",
            severity="note",
            count=int(others.sum()),
            message=f"{number(int(others.sum()), 'image differs', 'images differ')} in size "
            f"from the {often:,} of {_size(usual)}; there are {len(counts)} sizes.",
            advice="Images of another shape are stretched to the network's input. Drop slivers; "
            "cut large images into patches of one size.",
            examples=first_few(
                f"{paths[row]}: {_size(int(sizes[row]))}" for row in np.flatnonzero(others)
            ),
            files=tuple(paths[others]),
        )


def _size(width_and_height: int) -> str:
    return f"{width_and_height >> 32}×{width_and_height & 0xFFFFFFFF} px"


def _sharpness(facts: NDArray[np.void]) -> NDArray[np.float64]:
    """Logarithm of the Laplacian's variance over that of the lightness (Pech-Pacheco 2000)."""
    deviation = facts["colour"][:, LIGHTNESS_DEVIATION].astype(np.float64)
    return np.log((facts["focus"] + 1e-3) / (deviation + 1e-3) ** 2)


def _robust_deviations(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Deviations from the median in units of spread (Iglewicz & Hoaglin 1993); 0 if too few."""
    if len(values) < _FEWEST:
        return np.zeros_like(values)
    away = values - np.median(values, axis=0)
    spread = np.median(np.abs(away), axis=0) * _SPREAD_OF_NORMAL
    return away / np.maximum(spread, 1e-6)


def _stains(
    dataset: Dataset, facts: NDArray[np.void], usable: NDArray[np.bool_]
) -> Iterator[Finding]:
    """Tell of colours unlike the others', whatever the amount of tissue: the hue of the stain."""
    rows = np.flatnonzero(usable)
    density = facts["density"][rows].astype(np.float64)
    # The direction of the mean density: twice as much of the same stain does not change it.
    hue = density / np.maximum(np.linalg.norm(density, axis=1, keepdims=True), 1e-6)
    away = np.abs(_robust_deviations(hue)).max(axis=1)
    order = np.argsort(-away, kind="stable")
    rows = rows[order][away[order] > ODD_STAIN]
    if len(rows):
        paths = dataset.records["path"].to_numpy(dtype=object)[rows]
        patients = Counter(dataset.records["patient"].to_numpy(dtype=object)[rows])
        most, often = patients.most_common(1)[0]
        whose = f", {often:,} of patient {most}" if dataset.patients_known else ""
        yield Finding(
            code="stain-outliers",
            severity="warning",
            count=len(rows),
            message=f"{number(len(rows), 'image has', 'images have')} unusual colours{whose}: "
            "another stain, ink, a fold, or the edge of the glass.",
            advice="Look at them, the most unusual first. Drop what is not stained tissue; expect "
            "models to be wrong on patients stained differently.",
            examples=first_few(paths),
            files=tuple(paths),
        )
