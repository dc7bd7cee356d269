"""Small whole slides, written from pixels in several formats, so that what is read is known."""

from pathlib import Path

import cv2
import imagecodecs
import numpy as np
from numpy.typing import NDArray
from pydicom.uid import (
    UID,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    RLELossless,
    generate_uid,
)

from benchmarks.parts.dicom_slide import dicom_level
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
        height, width = level.shape[:2]
        tiles = [
            _padded(level[y : y + tile, x : x + tile], tile)
            for y in range(0, height, tile)
            for x in range(0, width, tile)
        ]
        dataset = dicom_level(
            [CODERS.get(syntax, np.ndarray.tobytes)(one) for one in tiles],
            (width, height),
            tile,
            um_per_px * levels[0].shape[1] / width / 1000,
            index,
            syntax=syntax,
            flavour=flavour,
            uids=uids,
        )
        for name, value in (changes or {}).items():
            setattr(dataset, name, value)
        path = folder / f"{flavour.lower()}-{index}-{len(list(folder.iterdir()))}.dcm"
        dataset.save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths


def _padded(part: Pixels, tile: int) -> Pixels:
    whole = np.full((tile, tile, 3), 255, np.uint8)
    whole[: part.shape[0], : part.shape[1]] = part
    return whole
