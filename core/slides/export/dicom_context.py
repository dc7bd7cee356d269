"""What a DICOM object that is made of a slide refers to: the slide's own file, or a stand-in.

A slide that is no DICOM has neither patient nor study. Its objects get a context of their own:
empty names, identifiers that follow from the slide's content, and a description that says so.
"""

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import SlideError
from core.slides.answering.load import SlideAnswer
from core.slides.dicom import files_of_series
from core.slides.opening import in_short
from core.slides.source import DICOM

if TYPE_CHECKING:
    from pydicom import Dataset

_WHOLE_SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"
_FRAME = 256
_MAY_BE_EMPTY = (
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "AccessionNumber"),
    *("StudyID", "StudyDate", "StudyTime", "ReferringPhysicianName"),
)
DERIVED = "Made of a slide that is no DICOM: no patient, identifiers by its content"
MADE: dict[str, Any] = {
    "manufacturer": "Lobule",
    "manufacturer_model_name": "Lobule",
    "software_versions": "0.1.0",
    "device_serial_number": "0",
}
SERIES_NUMBERS = {"segmentation": 901, "map": 902, "report": 903}


@dataclass(frozen=True)
class DicomContext:
    """The source of an object, and how pixels of the slide's finest level lie on the glass."""

    source: "Dataset"
    """The finest level, without its pixels."""
    origin: tuple[float, float, float]
    """Of the centre of the first pixel, mm."""
    orientation: tuple[float, ...]
    """Direction cosines of a row and of a column."""
    spacing: tuple[float, float]
    """Between rows and between columns, mm."""
    derived: bool
    """Whether the source is a stand-in."""

    def place(self, x: float, y: float) -> tuple[float, float, float]:
        """Return where on the glass a point lies, mm; x and y count pixel edges from 0."""
        down, across = self.spacing
        row, column = self.orientation[:3], self.orientation[3:]
        moved = [
            start + (x - 0.5) * across * along + (y - 0.5) * down * below
            for start, along, below in zip(self.origin, row, column, strict=True)
        ]
        return moved[0], moved[1], moved[2]


def context_of(answer: SlideAnswer, slide: Path) -> DicomContext:
    """Return what an answer's objects refer to.

    Parameters
    ----------
    answer
        Of the slide.
    slide
        Its file or folder.

    Raises
    ------
    SlideError
        If it is DICOM and cannot be read any more, or lacks what must be referred to.
    """
    if answer.plan.slide["format"] != DICOM:
        return _stand_in(answer)
    try:
        return _of_dicom(answer, slide)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise SlideError(
            f"{slide.name} does not say what DICOM objects of it must refer to "
            f"({in_short(error)}). Take the answer along in another format."
        ) from error


def _of_dicom(answer: SlideAnswer, slide: Path) -> DicomContext:
    from pydicom import dcmread  # noqa: PLC0415 - takes a while

    levels = [dcmread(path, stop_before_pixels=True) for path in files_of_series(slide)]
    source = max(levels, key=lambda level: int(level.TotalPixelMatrixColumns))
    _fill(source)
    start = source.TotalPixelMatrixOriginSequence[0]
    measures = source.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    origin = (
        float(start.XOffsetInSlideCoordinateSystem),
        float(start.YOffsetInSlideCoordinateSystem),
        float(start.get("ZOffsetInSlideCoordinateSystem", 0) or 0),
    )
    orientation = tuple(float(value) for value in source.ImageOrientationSlide)
    down, across = (float(value) for value in measures.PixelSpacing)
    if answer.plan.slide["um_per_px"] is None:  # it cannot be right: a user said another one
        down = across = answer.um_per_px / 1000
    return DicomContext(source, origin, orientation, (down, across), derived=False)


def uid_of(*parts: str) -> str:
    """Return an identifier that follows from texts: the same each time."""
    digest = hashlib.sha256("\0".join(parts).encode()).digest()
    return f"2.25.{int.from_bytes(digest[:16], 'big')}"


def saved(dataset: "Dataset") -> bytes:
    """Return a DICOM file."""
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _fill(source: "Dataset") -> None:
    """Leave empty what a patient's and a study's data must have and this source lacks."""
    for name in _MAY_BE_EMPTY:
        if name not in source:
            setattr(source, name, "")


def _stand_in(answer: SlideAnswer) -> DicomContext:
    from pydicom import Dataset  # noqa: PLC0415 - takes a while

    slide = answer.plan.slide
    print_, spacing = slide["fingerprint"], answer.um_per_px / 1000
    source = Dataset()
    source.SOPClassUID = _WHOLE_SLIDE
    source.SOPInstanceUID = uid_of(print_, "slide")
    source.StudyInstanceUID = uid_of(print_, "study")
    source.SeriesInstanceUID = uid_of(print_, "series")
    source.FrameOfReferenceUID = uid_of(print_, "glass")
    source.PositionReferenceIndicator = "SLIDE_CORNER"
    _fill(source)
    source.PatientID = f"lobule-{print_[:16]}"
    source.Modality = "SM"
    source.ImageType = ["DERIVED", "PRIMARY", "VOLUME", "NONE"]
    source.Rows = source.Columns = _FRAME
    source.TotalPixelMatrixColumns, source.TotalPixelMatrixRows = slide["width"], slide["height"]
    source.TotalPixelMatrixFocalPlanes = source.NumberOfOpticalPaths = 1
    across, down = -(-slide["width"] // _FRAME), -(-slide["height"] // _FRAME)
    source.NumberOfFrames = across * down
    source.SamplesPerPixel, source.BitsAllocated = 3, 8
    source.PhotometricInterpretation = "RGB"
    source.DimensionOrganizationType = "TILED_FULL"
    source.ImageOrientationSlide = [1, 0, 0, 0, 1, 0]
    source.ContainerIdentifier = f"lobule-{print_[:16]}"
    source.IssuerOfTheContainerIdentifierSequence = []
    source.ContainerTypeCodeSequence = []
    specimen = Dataset()
    specimen.SpecimenIdentifier = f"lobule-{print_[:16]}"
    specimen.SpecimenUID = uid_of(print_, "specimen")
    specimen.IssuerOfTheSpecimenIdentifierSequence = []
    specimen.SpecimenPreparationSequence = []
    source.SpecimenDescriptionSequence = [specimen]
    start = Dataset()
    start.XOffsetInSlideCoordinateSystem = start.YOffsetInSlideCoordinateSystem = 0
    source.TotalPixelMatrixOriginSequence = [start]
    measures = Dataset()
    measures.PixelSpacing = [spacing, spacing]
    measures.SliceThickness = 0.001
    shared = Dataset()
    shared.PixelMeasuresSequence = [measures]
    source.SharedFunctionalGroupsSequence = [shared]
    orientation = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    return DicomContext(source, (0.0, 0.0, 0.0), orientation, (spacing, spacing), derived=True)
