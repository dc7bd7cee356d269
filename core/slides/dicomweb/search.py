"""Slides in the archive, by QIDO-RS (DICOM PS3.18)."""

from dataclasses import dataclass
from typing import Any

from core.rights import Deed, require
from core.slides.dicomweb.client import ImageArchive, archive

MOST = 200
_SLIDES = "SM"  # slide microscopy
_FIELDS = ("PatientID", "AccessionNumber", "StudyDate", "SeriesDescription")
_TAGS = {
    "study": "0020000D",
    "series": "0020000E",
    "patient_id": "00100020",
    "accession": "00080050",
    "date": "00080020",
    "description": "0008103E",
    "files": "00201209",
}


@dataclass(frozen=True, slots=True)
class RemoteSlide:
    """A slide that the archive has. Names of patients are not asked for."""

    study: str
    series: str
    """UID of the series, by which it is fetched."""
    patient_id: str
    accession: str
    date: str
    """YYYY-MM-DD; empty if it is not said."""
    description: str
    files: int | None
    """How many there are, if it is said."""


def search(*, patient_id: str = "", accession: str = "") -> list[RemoteSlide]:
    """Return slides of the archive, 200 at most.

    Parameters
    ----------
    patient_id, accession
        Of the patient and of the order; `*` stands for anything. Empty: of all.

    Raises
    ------
    SlideError
        If no archive is named, or it cannot be asked.
    """
    require(Deed.ANSWER_SLIDES)
    filters = {"PatientID": patient_id, "AccessionNumber": accession}
    with archive() as known:
        return _series(known, {name: value for name, value in filters.items() if value})


def find(series: str) -> RemoteSlide | None:
    """Return the slide of a series; None if the archive has none.

    Raises
    ------
    SlideError
        As `search`.
    """
    with archive() as known:
        slides = _series(known, {"SeriesInstanceUID": series})
        return next((slide for slide in slides if slide.series == series), None)


def _series(known: ImageArchive, filters: dict[str, Any]) -> list[RemoteSlide]:
    matches = known.client.search_for_series(
        search_filters={"Modality": _SLIDES, **filters}, fields=_FIELDS, limit=MOST
    )
    slides = [_slide(match) for match in matches]
    return [slide for slide in slides if slide.study and slide.series]


def _slide(match: dict[str, Any]) -> RemoteSlide:
    values = {name: value_of(match, tag) for name, tag in _TAGS.items()}
    date, files = values.pop("date"), values.pop("files")
    if len(date) == 8:  # noqa: PLR2004 - YYYYMMDD
        date = f"{date[:4]}-{date[4:6]}-{date[6:]}"
    return RemoteSlide(**values, date=date, files=int(files) if files.isdigit() else None)


def value_of(entry: dict[str, Any], tag: str, at: int = 0) -> str:
    """Value of a tag in DICOM's JSON, as text; empty if it is missing."""
    values = (entry.get(tag) or {}).get("Value") or []
    return str(values[at]) if len(values) > at else ""
