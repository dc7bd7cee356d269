"""Small whole slides, written from pixels in several formats, so that what is read is known."""

from pathlib import Path

import cv2
import imagecodecs
import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    RLELossless,
    VLWholeSlideMicroscopyImageStorage,
    generate_uid,
)

from core.imaging.stain import RGB_FROM_HED

Pixels = NDArray[np.uint8]


def _rle(tile: Pixels) -> bytes:
    from pydicom.pixels.encoders.native import _encode_segment  # noqa: PLC0415

    segments = [bytes(_encode_segment(tile[..., at].tobytes(), tile.shape[1])) for at in range(3)]
    offsets = np.cumsum([64, *map(len, segments[:-1])])
    header = np.zeros(16, "<u4")
    header[0], header[1:4] = 3, offsets
    return header.tobytes() + b"".join(segments)


CODERS = {
    JPEG2000Lossless: lambda tile: imagecodecs.jpeg2k_encode(
        tile, codecformat="j2k", reversible=True, mct=True
    ),
    JPEGBaseline8Bit: lambda tile: imagecodecs.jpeg8_encode(tile, level=95),
    JPEGLSLossless: imagecodecs.jpegls_encode,
    RLELossless: _rle,
}


def section(width: int, height: int, seed: int = 0) -> Pixels:
    """Noise in the colours of two stains, (height, width, 3), that differs from pixel to pixel."""
    generator = np.random.default_rng(seed)
    coarse = generator.uniform(0, 1, (height // 16 + 2, width // 16 + 2, 2)).astype(np.float32)
    stains = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    stains += generator.normal(0, 0.1, stains.shape)
    light = 255 * np.exp(-np.clip(stains, 0, None) @ RGB_FROM_HED[:2])
    return np.clip(light, 0, 255).astype(np.uint8)


def pyramid(pixels: Pixels, count: int, factor: int = 2) -> list[Pixels]:
    """The pixels, and so many smaller ones by area averaging, sides rounded down."""
    levels = [pixels]
    for power in range(1, count):
        step = factor**power
        height, width = (max(1, side // step) for side in pixels.shape[:2])
        part = np.ascontiguousarray(pixels[: height * step, : width * step])
        levels.append(cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA))
    return levels


def write_tiff(
    path: Path,
    levels: list[Pixels],
    *,
    kind: str = "plain",
    tile: int = 32,
    um_per_px: float | None = None,
    compression: str | None = "deflate",
    label: Pixels | None = None,
) -> Path:
    """Write a pyramid as a "plain" tiled TIFF, "ome" or "svs"."""
    import tifffile  # noqa: PLC0415 - takes a while

    height, width = levels[0].shape[:2]
    shape = {"tile": (tile, tile), "photometric": "rgb", "compression": compression}
    with tifffile.TiffWriter(path, ome=kind == "ome", bigtiff=kind == "ome") as file:
        if kind == "ome":
            said: dict[str, object] = {"axes": "YXS"}
            if um_per_px is not None:
                said |= {"PhysicalSizeX": um_per_px, "PhysicalSizeY": um_per_px}
            file.write(levels[0], subifds=len(levels) - 1, metadata=said, **shape)
            for level in levels[1:]:
                file.write(level, subfiletype=1, **shape)
            return path
        words = ""
        if kind == "svs":
            scale = "" if um_per_px is None else f"|MPP = {um_per_px}"
            words = (
                f"Aperio Image Library v12.0.0\r\n{width}x{height} [0,0 {width}x{height}] "
                f"({tile}x{tile}) ZIP/RGB|AppMag = 20{scale}"
            )
        for index, level in enumerate(levels):
            file.write(
                level,
                description=words,
                metadata=None,
                subfiletype=0 if kind == "svs" or index == 0 else 1,
                **shape,
            )
            if kind == "svs" and index == 0:  # where its thumbnail stands
                small = cv2.resize(levels[0], (16, 16), interpolation=cv2.INTER_AREA)
                file.write(small, description=words, metadata=None, photometric="rgb")
        if label is not None:
            high, wide = label.shape[:2]
            file.write(
                label,
                description=f"Aperio Image Library v12.0.0\r\nlabel {wide}x{high}",
                metadata=None,
                photometric="rgb",
                subfiletype=1,
                rowsperstrip=high,
            )
    return path


def write_dicom(
    folder: Path,
    levels: list[Pixels],
    *,
    tile: int = 32,
    um_per_px: float = 0.5,
    syntax: UID = ExplicitVRLittleEndian,
    flavour: str = "VOLUME",
    uids: tuple[str, str, str] | None = None,
    changes: dict[str, object] | None = None,
) -> list[Path]:
    """Write a file for each level; the same uids (study, series, frame) make one slide of all."""
    folder.mkdir(parents=True, exist_ok=True)
    uids = uids or (generate_uid(), generate_uid(), generate_uid())
    paths = []
    for index, level in enumerate(levels):
        spacing = um_per_px * levels[0].shape[1] / level.shape[1] / 1000
        dataset = _dataset(level, tile, spacing, syntax, f"{flavour} {index}", uids)
        for name, value in (changes or {}).items():
            setattr(dataset, name, value)
        path = folder / f"{flavour.lower()}-{index}-{len(list(folder.iterdir()))}.dcm"
        dataset.save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths


def _dataset(
    level: Pixels, tile: int, spacing: float, syntax: UID, kind: str, uids: tuple[str, str, str]
) -> FileDataset:
    height, width = level.shape[:2]
    flavour, index = kind.split()
    tiles = [
        _padded(level[y : y + tile, x : x + tile], tile)
        for y in range(0, height, tile)
        for x in range(0, width, tile)
    ]
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
    made.InstanceNumber = int(index) + 1
    made.ContentDate, made.ContentTime = "20260102", "1200"
    made.AcquisitionDateTime = "202601021200"
    _scan(made, flavour, index, width, height, spacing)
    return _with_pixels(made, tiles, tile, syntax)


def _scan(
    made: FileDataset, flavour: str, index: str, width: int, height: int, spacing: float
) -> None:
    made.ImageType = ["ORIGINAL", "PRIMARY", flavour, "NONE" if index == "0" else "RESAMPLED"]
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


def _with_pixels(made: FileDataset, tiles: list[Pixels], tile: int, syntax: UID) -> FileDataset:
    made.SamplesPerPixel, made.PlanarConfiguration, made.NumberOfFrames = 3, 0, len(tiles)
    made.Rows = made.Columns = tile
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 8, 8, 7, 0
    made.LossyImageCompression = "00"
    made.PhotometricInterpretation = {
        JPEGBaseline8Bit: "YBR_FULL_422",
        JPEG2000Lossless: "YBR_RCT",
    }.get(syntax, "RGB")
    if syntax in CODERS:
        made.PixelData = encapsulate([CODERS[syntax](one) for one in tiles])
        made["PixelData"].VR, made["PixelData"].is_undefined_length = "OB", True
    else:
        made.PixelData = np.stack(tiles).tobytes()
        made["PixelData"].VR = "OB"
    return made


def _padded(part: Pixels, tile: int) -> Pixels:
    whole = np.full((tile, tile, 3), 255, np.uint8)
    whole[: part.shape[0], : part.shape[1]] = part
    return whole
