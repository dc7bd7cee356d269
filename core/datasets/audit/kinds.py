"""Findings on the kinds of files: masks among images, and kinds that tell the class."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.datasets.audit.facts import KNOWN_FORMATS
from core.datasets.audit.finding import Finding, first_few, number
from core.datasets.audit.groups import blank
from core.datasets.audit.scan import Scan
from core.datasets.records import Dataset

FEW_LEVELS = 8
"""A picture of tissue has more levels of lightness; a mask has two, a map of regions a few."""
FAR_APART = 30.0
"""Scales of one dataset that differ by this factor were hardly all meant."""

_TELLING = (
    0.1  # how much more often a kind of file must give the class away than the commonest does
)
_MASK = r"(?:masks?|seg(?:mentation)?s?|annot(?:ation)?s?|labels?|gt|ground[ _-]?truths?)"
_MASK_NAMES = (
    re.compile(rf"(?P<of>.*?)[ _.-]*{_MASK}[ _.-]*(?P<rest>\d*)", re.IGNORECASE),
    re.compile(rf"{_MASK}(?:[ _.-]+of)?[ _.-]+(?P<of>.+?)(?P<rest>)", re.IGNORECASE),
)
_MASK_FOLDER = re.compile(rf"(?:.*[ _.-])?{_MASK}(?:[ _.-].*)?", re.IGNORECASE)


def kind_findings(dataset: Dataset, scan: Scan) -> Iterator[Finding]:
    """Yield the findings on kinds of files, sizes and scales."""
    paths = dataset.records["path"].to_numpy(dtype=object)
    yield from _masks(paths, scan.facts)
    labels = dataset.records["label"].to_numpy()
    readable = scan.facts["readable"]
    formats = np.array(KNOWN_FORMATS, dtype=object)[scan.facts["format"][readable]]
    yield from _telling("format-tells-class", "The file format", formats, labels[readable], dataset)
    sizes = np.array(
        [f"{w}×{h} px" for w, h in scan.facts[["width", "height"]][readable].tolist()], dtype=object
    )
    yield from _telling("size-tells-class", "The size in pixels", sizes, labels[readable], dataset)
    yield from _shapes(paths, scan.facts)
    yield from _scales(dataset)


def _masks(paths: NDArray[np.object_], facts: NDArray[np.void]) -> Iterator[Finding]:
    few = facts["readable"] & (facts["levels"] <= FEW_LEVELS)
    stems = {str(PurePosixPath(path).with_suffix("")).casefold() for path in paths}
    twins = np.array([_is_twin(path, stems) for path in paths], dtype=bool)
    masks = (few & ~(blank(facts) & ~twins)) | twins
    if masks.any():
        count = int(masks.sum())
        named = int(twins.sum())
        yield Finding(
            code="masks",
            severity="warning",
            count=count,
            message=f"{number(count, 'image looks', 'images look')} like masks and not tissue: of "
            f"two colours or a few ({int(few.sum()):,}), or named as the mask of another image "
            f"({named:,}).",
            advice="Drop them, or move the masks to another folder.",
            examples=first_few(paths[masks]),
            files=tuple(paths[masks]),
        )


def _shapes(paths: NDArray[np.object_], facts: NDArray[np.void]) -> Iterator[Finding]:
    stretched = facts["readable"] & ~facts["square"]
    if stretched.any():
        count = int(stretched.sum())
        yield Finding(
            code="pixels-not-square",
            severity="warning",
            count=count,
            message=f"{number(count, 'file states', 'files state')} non-square pixels: the tissue "
            "in them is stretched.",
            advice="Drop them, or export them again with square pixels.",
            examples=first_few(paths[stretched]),
            files=tuple(paths[stretched]),
        )


def _is_twin(path: str, stems: set[str]) -> bool:
    """Whether a file is named as another image with a word for a mask, or lies in such a folder."""
    folder, _, name = str(PurePosixPath(path).with_suffix("")).rpartition("/")
    if any(_MASK_FOLDER.fullmatch(part) for part in folder.split("/")[1:]):
        return True
    prefix = f"{folder}/" if folder else ""
    for pattern in _MASK_NAMES:
        match = pattern.fullmatch(name)
        if match and match["of"]:
            candidates = {match["of"], match["of"] + match["rest"]} - {name}
            if any((prefix + candidate).casefold() in stems for candidate in candidates):
                return True
    return False


def _telling(
    code: str,
    traits: str,
    kinds: NDArray[np.object_],
    labels: NDArray[np.int64],
    dataset: Dataset,
) -> Iterator[Finding]:
    """Say so where a kind of file gives the class away."""
    if len(set(kinds)) < 2 or len(set(labels)) < 2:  # noqa: PLR2004 - nothing to tell apart
        return
    table = pd.crosstab(pd.Series(kinds, name="kind"), pd.Series(labels, name="label"))
    total = int(table.to_numpy().sum())
    by_kind = float(table.max(axis=1).sum() / total)
    by_class = float(table.sum().max() / total)
    # Many kinds with an image each give away any class, and say nothing.
    if by_kind - by_class < _TELLING or len(table) * 4 > total:
        return
    yield Finding(
        code=code,
        severity="warning",
        count=total,
        message=f"{traits} gives away the class: it alone predicts {by_kind:.0%} of the images "
        f"correctly; always guessing the commonest class, {by_class:.0%}. A model may learn "
        "how images were saved instead of the disease.",
        advice="Export all images alike from the source; converting them afterwards does not "
        "remove the traces.",
        examples=first_few(
            f"{kind}: {', '.join(_counts(row, dataset.classes))}" for kind, row in table.iterrows()
        ),
    )


def _counts(row: pd.Series, classes: tuple[str, ...]) -> Iterator[str]:
    for label, count in row.items():
        if count:
            yield f"{count:,} {classes[int(str(label))]}"


def _scales(dataset: Dataset) -> Iterator[Finding]:
    scales = dataset.records["um_per_px"].dropna()
    if scales.empty or scales.max() < FAR_APART * scales.min():
        return
    fine, coarse = dataset.records.loc[[scales.idxmin(), scales.idxmax()], "path"]
    yield Finding(
        code="scales-far-apart",
        severity="warning",
        count=len(scales),
        message=f"Scales are {scales.max() / scales.min():,.0f} times apart: from "
        f"{scales.min():g} to {scales.max():g} µm/px.",
        advice="Check the units: no model is trained on both.",
        examples=(f"{fine}: {scales.min():g} µm/px", f"{coarse}: {scales.max():g} µm/px"),
    )
