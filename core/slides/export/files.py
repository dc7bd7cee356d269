"""The files that an answer can be taken away as."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from core.errors import SlideError
from core.slides.answering.folder import find_answer
from core.slides.answering.load import SlideAnswer, load_answer
from core.slides.export.dicom_context import context_of
from core.slides.export.dicom_maps import dicom_map, dicom_segmentation
from core.slides.export.dicom_report import dicom_report
from core.slides.export.geojson import geojson
from core.slides.export.ome_tiff import ome_tiff
from core.slides.export.tiles_csv import tiles_csv


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """A kind of file."""

    title: str
    """For people."""
    suffix: str
    mime: str
    write: Callable[[SlideAnswer, Path], bytes]
    """Of an answer and the slide's file or folder."""


def _report(answer: SlideAnswer, slide: Path) -> bytes:
    from core.slides.export.report_pdf import report_pdf  # noqa: PLC0415 - fonts

    return report_pdf(answer, slide, datetime.now(UTC))


FORMATS: dict[str, ExportFormat] = {
    "geojson": ExportFormat(
        "Outlines and tiles for QuPath (GeoJSON)",
        "geojson",
        "application/geo+json",
        lambda answer, _: geojson(answer),
    ),
    "tiff": ExportFormat(
        "Heatmap (pyramidal OME-TIFF)", "ome.tiff", "image/tiff", lambda answer, _: ome_tiff(answer)
    ),
    "dicom-seg": ExportFormat(
        "Regions (DICOM segmentation)",
        "seg.dcm",
        "application/dicom",
        lambda answer, slide: dicom_segmentation(answer, context_of(answer, slide)),
    ),
    "dicom-map": ExportFormat(
        "Probabilities (DICOM parametric map)",
        "map.dcm",
        "application/dicom",
        lambda answer, slide: dicom_map(answer, context_of(answer, slide)),
    ),
    "dicom-sr": ExportFormat(
        "Measurements (DICOM structured report)",
        "sr.dcm",
        "application/dicom",
        lambda answer, slide: dicom_report(answer, context_of(answer, slide)),
    ),
    "csv": ExportFormat("Tiles (CSV)", "csv", "text/csv", lambda answer, _: tiles_csv(answer)),
    "pdf": ExportFormat("Report (PDF)", "pdf", "application/pdf", _report),
}
"""By the name that the command line takes."""


def export(answer: str, kind: str) -> tuple[str, bytes]:
    """Return a file's name and content.

    Parameters
    ----------
    answer
        The id of a finished answer.
    kind
        One of `FORMATS`.

    Raises
    ------
    SlideError
        If there is no such answer or format, or the answer is not finished.
    """
    if kind not in FORMATS:
        raise SlideError(f"There is no format {kind[:40]!r}. Choose one of: {', '.join(FORMATS)}.")
    loaded = load_answer(answer)
    if loaded is None or loaded.summary is None:
        raise SlideError(f"The answer {answer} is not finished. Resume it, then export it.")
    slide = find_answer(answer).read_request().slide
    # Named by the answer: a slide's file may be called by a patient's name.
    return f"{answer}.{FORMATS[kind].suffix}", FORMATS[kind].write(loaded, slide)
