"""Scales that a manifest or a request states, and those that files state themselves."""

import math
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.counts import counted
from core.datasets.listing import quoted
from core.errors import DatasetError, ImageError
from core.imaging.formats import read_header
from core.imaging.scale import NOT_STATED, StatedScale, agree
from core.settings import get_settings

_SAMPLED = 1000


def file_scales(root: Path, paths: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """What files state of themselves.

    All files are looked into if one of a thousand, evenly spread, states a scale.

    Returns
    -------
    scales : float64 array, shape (paths,)
        µm/px; NaN where a file states none that can be used.
    stretched : bool array, shape (paths,)
        Whether a file states pixels that are not square.
    """
    scales = np.full(len(paths), math.nan)
    stretched = np.zeros(len(paths), dtype=bool)
    some = np.unique(np.linspace(0, len(paths) - 1, min(_SAMPLED, len(paths))).astype(np.int64))
    with ThreadPoolExecutor() as pool:
        stated = list(pool.map(lambda row: _stated(root / paths[row]), some.tolist()))
        scales[some], stretched[some] = _columns(stated)
        if len(some) < len(paths) and np.isfinite(scales).any():
            scales, stretched = _columns(list(pool.map(lambda path: _stated(root / path), paths)))
    return scales, stretched


def _columns(
    stated: list[StatedScale],
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    scales = [math.nan if scale.um_per_px is None else scale.um_per_px for scale in stated]
    return np.array(scales, np.float64), np.array([not scale.square for scale in stated], bool)


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
    of_files, stretched = file_scales(root, paths)
    stated_twice = np.flatnonzero(np.isfinite(stated) & np.isfinite(of_files))
    wrong = [row for row in stated_twice.tolist() if not agree(stated[row], of_files[row])]
    if wrong:
        row = wrong[0]
        raise DatasetError(
            f"{source} states {stated[row]:g} µm/px for {quoted([paths[row]])}, and the file "
            f"itself states {of_files[row]:g} µm/px; {counted(len(wrong), 'image')} disagree. "
            "Correct the wrong one, or leave it out."
        )
    filled = np.isnan(stated) & np.isfinite(of_files)
    notes = []
    if stretched.any():
        notes.append(
            f"{counted(int(stretched.sum()), 'file')} state non-square pixels, such as "
            f"{quoted([paths[int(np.argmax(stretched))]])}: the tissue in them is stretched."
        )
    if not filled.any():
        return records, tuple(notes)
    values = sorted(set(of_files[filled].round(4).tolist()))
    span = f"{values[0]:g}" + (f" to {values[-1]:g}" if len(values) > 1 else "")
    notes.append(
        f"{counted(int(filled.sum()), 'file')} of {len(paths):,} state their scale: {span} µm/px."
    )
    return records.assign(um_per_px=np.where(filled, of_files, stated)), tuple(notes)


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
            f"A scale of {um_per_px:g} µm/px was given, but the images in {root} state their "
            f"own ({listed} µm/px). Leave --um-per-px out."
        )


def _stated(path: Path) -> StatedScale:
    try:
        if os.stat(path).st_size > get_settings().max_image_bytes:  # noqa: PTH116 - as fast as can be
            return NOT_STATED
        return read_header(path.read_bytes()).scale
    except (ImageError, OSError, ValueError):
        return NOT_STATED
