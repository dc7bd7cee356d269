"""A level of a DICOM whole slide (VL Whole Slide Microscopy Image) from frames that are ready."""

from collections.abc import Sequence

from pydicom import Dataset
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    VLWholeSlideMicroscopyImageStorage,
    generate_uid,
)

_COLOURS = {JPEGBaseline8Bit: "YBR_FULL_422", JPEG2000Lossless: "YBR_RCT"}


def dicom_level(
    frames: Sequence[bytes],
    size: tuple[int, int],
    tile: int,
    spacing: float,
    index: int = 0,
    *,
    syntax: UID = JPEGBaseline8Bit,
    flavour: str = "VOLUME",
    uids: tuple[str, str, str],
) -> FileDataset:
    """Return a level, ready to be saved.

    Parameters
    ----------
    frames
        Tiles row by row, coded as `syntax` says.
    size
        Width and height, px.
    tile
        Side of a tile, px.
    spacing
        Of pixels, mm.
    index
        0 for the finest level.
    flavour
        "VOLUME", or "LABEL", "OVERVIEW", "THUMBNAIL".
    uids
        Of the study, the series and the frame of reference: the same for all levels.
    """
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    meta.MediaStorageSOPClassUID = VLWholeSlideMicroscopyImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    made = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    made.SOPClassUID = VLWholeSlideMicroscopyImageStorage
    made.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    made.StudyInstanceUID, made.SeriesInstanceUID, made.FrameOfReferenceUID = uids
    made.PatientName, made.PatientID, made.Modality = "Nobody^Known", "0", "SM"
    made.StudyDate, made.StudyTime, made.StudyID, made.SeriesNumber = "20260102", "1200", "1", 1
    made.InstanceNumber = index + 1
    made.ContentDate, made.ContentTime = "20260102", "1200"
    made.AcquisitionDateTime = "202601021200"
    _describe(made, flavour, index, size, spacing)
    made.SamplesPerPixel, made.PlanarConfiguration, made.NumberOfFrames = 3, 0, len(frames)
    made.Rows = made.Columns = tile
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 8, 8, 7, 0
    made.LossyImageCompression = "01" if syntax == JPEGBaseline8Bit else "00"
    made.PhotometricInterpretation = _COLOURS.get(syntax, "RGB")
    made.PixelData = encapsulate(list(frames)) if syntax.is_compressed else b"".join(frames)
    made["PixelData"].VR = "OB"
    made["PixelData"].is_undefined_length = syntax.is_compressed
    return made


def _describe(
    made: FileDataset, flavour: str, index: int, size: tuple[int, int], spacing: float
) -> None:
    """Say what is in the picture, and how large it is."""
    width, height = size
    made.ImageType = ["ORIGINAL", "PRIMARY", flavour, "NONE" if index == 0 else "RESAMPLED"]
    made.ContainerIdentifier, made.ImageOrientationSlide = "0", [0, 1, 0, 1, 0, 0]
    made.DimensionOrganizationType = "TILED_FULL"
    made.TotalPixelMatrixColumns, made.TotalPixelMatrixRows = width, height
    made.TotalPixelMatrixFocalPlanes, made.NumberOfOpticalPaths = 1, 1
    made.ImagedVolumeWidth, made.ImagedVolumeHeight = width * spacing, height * spacing
    made.ImagedVolumeDepth, made.FocusMethod, made.ExtendedDepthOfField = 1.0, "AUTO", "NO"
    made.SpecimenLabelInImage = "YES" if flavour == "LABEL" else "NO"
    made.BurnedInAnnotation = made.SpecimenLabelInImage
    origin = Dataset()
    origin.XOffsetInSlideCoordinateSystem = origin.YOffsetInSlideCoordinateSystem = 0
    made.TotalPixelMatrixOriginSequence = [origin]
    path = Dataset()
    path.OpticalPathIdentifier = "0"
    light = Dataset()
    light.CodeValue, light.CodingSchemeDesignator = "111744", "DCM"
    light.CodeMeaning = "Brightfield illumination"
    path.IlluminationTypeCodeSequence = [light]
    made.OpticalPathSequence = [path]
    measures, groups, frame = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = [spacing, spacing], 0.001
    frame.FrameType = made.ImageType
    groups.PixelMeasuresSequence = [measures]
    groups.WholeSlideMicroscopyImageFrameTypeSequence = [frame]
    made.SharedFunctionalGroupsSequence = [groups]
