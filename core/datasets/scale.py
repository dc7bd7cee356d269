"""Scales that a manifest or a request states, and those that files state themselves."""

import math
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.datasets.listing import counted, quoted
from core.errors import DatasetError, ImageError
from core.imaging.formats import read_header
from core.imaging.scale import agree
from core.settings import get_settings

_SAMPLED = 1000


def file_scales(root: Path, paths: Sequence[str]) -> NDArray[np.float64]:
    """The scale that each file states of itself, µm/px; NaN where it states none that can be used.

    All files are looked into if one of a thousand, evenly spread, states a scale.
    """
    scales = np.full(len(paths), math.nan)
    some = np.unique(np.linspace(0, len(paths) - 1, min(_SAMPLED, len(paths))).astype(np.int64))
    with ThreadPoolExecutor() as pool:
        scales[some] = list(pool.map(lambda row: _scale_of(root / paths[row]), some.tolist()))
        if len(some) < len(paths) and np.isfinite(scales).any():
            scales[:] = list(pool.map(lambda path: _scale_of(root / path), paths))
    return scales


def with_file_scales(
    root: Path, records: pd.DataFrame, source: str
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Fill in scales that files state themselves, and say so.

    Parameters
    ----------
    root : Path
    records : pandas.DataFrame
    source : str
        What states the scales that the records have, for an error.

    Raises
    ------
    DatasetError
        If a scale of the records contradicts that of its file.
    """
    stated = records["um_per_px"].to_numpy(dtype=np.float64)
    paths = records["path"].tolist()
    own = file_scales(root, paths)
    both = np.flatnonzero(np.isfinite(stated) & np.isfinite(own))
    wrong = [row for row in both.tolist() if not agree(stated[row], own[row])]
    if wrong:
        row = wrong[0]
        raise DatasetError(
            f"{source} states {stated[row]:g} µm/px for {quoted([paths[row]])}, and the file "
            f"itself states {own[row]:g} µm/px; so it is for {counted(len(wrong), 'image')}. Find "
            "out which is right, and correct the other, or leave it out."
        )
    filled = np.isnan(stated) & np.isfinite(own)
    if not filled.any():
        return records, ()
    values = sorted(set(own[filled].round(4).tolist()))
    span = f"{values[0]:g}" + (f" to {values[-1]:g}" if len(values) > 1 else "")
    note = (
        f"{counted(int(filled.sum()), 'file')} of {len(paths):,} state their scale: {span} µm/px."
    )
    scales = np.where(filled, own, stated)
    return records.assign(um_per_px=scales), (note,)


def refuse_contradiction(um_per_px: float, records: pd.DataFrame, root: Path) -> None:
    """Refuse a scale that was stated for images that have others.

    Raises
    ------
    DatasetError
        Naming both.
    """
    scales = records["um_per_px"].dropna()
    other = [scale for scale in sorted(scales.unique()) if not agree(scale, um_per_px)]
    if other:
        listed = ", ".join(f"{scale:g}" for scale in other[:6])
        raise DatasetError(
            f"A scale of {um_per_px:g} µm/px was given, and the images in {root} have scales of "
            f"their own ({listed} µm/px). Leave --um-per-px out."
        )


def _scale_of(path: Path) -> float:
    try:
        if os.stat(path).st_size > get_settings().max_image_bytes:  # noqa: PTH116 - as fast as can be
            return math.nan
        scale = read_header(path.read_bytes()).scale.um_per_px
    except (ImageError, OSError, ValueError):
        return math.nan
    return math.nan if scale is None else scale
