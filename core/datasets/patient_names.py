"""Whose image it is, where the dataset's own names do not say."""

import json
import posixpath
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from core.counts import counted
from core.datasets.listing import quoted
from core.datasets.spelling import is_missing, path_key, patient_key, people_in
from core.datasets.text_table import read_text_table, row_names
from core.errors import DatasetError

TABLE = "patients.csv"
SEARCH_SECONDS = 10
"""That a pattern for patients may search for, in all paths together."""
UNKNOWN = (
    "THE PATIENTS ARE UNKNOWN, so any split may leak: images of one person may be on both "
    f"sides, and figures may be far too good. Name the patients in a file {TABLE} (columns "
    "path, patient) beside the images, or by a pattern."
)


def find_patients(
    folder: Path, images: Sequence[str], pattern: str | None
) -> tuple[list[str] | None, str]:
    """Find the patient of each image: by the pattern if given, else by `patients.csv`.

    Parameters
    ----------
    folder : Path
        Where `patients.csv` may lie.
    images : sequence of str
        Paths in it.
    pattern : str, optional
        Regular expression with a group named `patient`, searched for in each path.

    Returns
    -------
    patients : list of str or None
        One an image; None where they are unknown.
    note : str
        How they were found.

    Raises
    ------
    DatasetError
        If the pattern or the table is wrong or leaves an image without a patient.
    """
    if pattern is not None:
        patients = by_pattern(images, pattern)
        return patients, f"{counted(people_in(patients), 'patient')}, by the pattern “{pattern}”."
    if (folder / TABLE).is_file():
        patients = _by_table(folder / TABLE, images)
        return patients, f"{counted(people_in(patients), 'patient')}, by {TABLE}."
    return None, UNKNOWN


def by_pattern(images: Sequence[str], pattern: str) -> list[str]:
    """Return what the group `patient` of a regular expression finds in each path.

    Raises
    ------
    DatasetError
        If it is no regular expression with such a group, finds nothing in some path, or searches
        for longer than `SEARCH_SECONDS`.
    """
    example = r"for instance “(?P<patient>\d+)_”"
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise DatasetError(
            f"The pattern for patients, “{pattern}”, is not a regular expression ({error}). "
            f"Give one with a group named patient, {example}."
        ) from error
    if "patient" not in expression.groupindex:
        raise DatasetError(
            f"The pattern for patients, “{pattern}”, has no group named patient. Put one "
            f"around the part that names the patient, {example}."
        )
    patients = [(patient or "").strip() for patient in _search(pattern, images)]
    without = [path for path, patient in zip(images, patients, strict=True) if is_missing(patient)]
    if without:
        raise DatasetError(
            f"The pattern for patients, “{pattern}”, finds none in {len(without):,} of "
            f"{counted(len(images), 'path')}: {quoted(without)}. Change the pattern, or use a file "
            f"{TABLE}."
        )
    return patients


def _search(pattern: str, images: Sequence[str]) -> list[str | None]:
    """Search every path, in a process of its own: some patterns would go on for ever."""
    try:
        done = subprocess.run(  # noqa: S603 - our own program; the pattern is its input
            [sys.executable, "-I", str(Path(__file__).with_name("search_paths.py"))],
            input=json.dumps([pattern, list(images)]).encode(),
            capture_output=True,
            timeout=SEARCH_SECONDS,
            check=True,
        )
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
        raise DatasetError(
            f"The pattern for patients, “{pattern}”, has not searched "
            f"{counted(len(images), 'path')} within {SEARCH_SECONDS} s. Simplify it: a repetition "
            "within a repetition, such as (a+)+, can try without end."
        ) from error
    names: list[str | None] = json.loads(done.stdout)
    return names


def _by_table(path: Path, images: Sequence[str]) -> list[str]:
    rows = read_text_table(path, ("path", "patient"))
    empty = [at for at, row in enumerate(rows) if not row["path"] or is_missing(row["patient"])]
    if empty:
        words = quoted(sorted({row["patient"] for at in empty if (row := rows[at])["patient"]}))
        raise DatasetError(
            f"{path} has empty "
            f"cells{f', or cells that name nobody ({words}),' if words else ''} in "
            f"{row_names(empty)}. Fill them in."
        )
    named: dict[str, str] = {}
    for at, row in enumerate(rows):
        key = path_key(posixpath.normpath(row["path"].replace("\\", "/")))
        if patient_key(named.setdefault(key, row["patient"])) != patient_key(row["patient"]):
            raise DatasetError(
                f"{path} gives {quoted([key])} two patients, {quoted([named[key]])} and, in "
                f"{row_names([at])}, {quoted([row['patient']])}. Keep the right one."
            )
    places = defaultdict(list)
    for image in images:
        places[path_key(posixpath.basename(image))].append(image)
    patients, without = [], []
    for image in images:
        key = path_key(image)
        name = posixpath.basename(key)
        if key not in named and name in named and len(places[name]) > 1:
            raise DatasetError(
                f"{path} names {quoted([name])}, of which there are several: "
                f"{quoted(places[name])}. Write their paths relative to the folder instead."
            )
        patient = named.get(key) or named.get(name)
        if patient is None:
            without.append(image)
        else:
            patients.append(patient)
    if without:
        raise DatasetError(
            f"{path} gives no patient for {len(without):,} of "
            f"{counted(len(images), 'image')}: {quoted(without)}. Add a row for each."
        )
    return patients
