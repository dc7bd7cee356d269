"""Pixels of a TIFF page, by tifffile and imagecodecs; what these do not read, Pillow may."""

import io
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PIL.TiffImagePlugin import TiffImageFile

from core.imaging.header import Header, damaged, unsupported
from core.imaging.tiff.header import opened
from core.imaging.tiff.pieces import check_pieces

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffPage

_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _CMYK, _YCBCR = 0, 1, 2, 3, 5, 6
_OTHERS = {4: "a transparency mask", 8: "the colour space CIELAB", 9: "the colour space ICCLAB"}
_OTHERS |= {10: "the colour space ITULAB", 32803: "raw values of a camera"}
_OTHERS |= {34892: "raw values of a camera", 32844: "logarithmic brightness"}
_ASSOCIATED, _UNASSOCIATED = 1, 2
_OLD_JPEG, _APERIO_YCBCR = 6, 33003
_COLOURS, _WITH_ALPHA = 3, 4
_BY_EXTRA = {_ASSOCIATED: "RGBa", _UNASSOCIATED: "RGBA"}
_JPEG = {7, 33007}
_COLOUR_MAP, _INK_SET = 320, 332
_FULL, _FEW = 255, 0.01
_MOST_EXTRA = 2


def read_pixels(header: Header) -> tuple[PillowImage.Image | NDArray[np.uint16], str]:
    """Decode the picture of a header.

    Returns
    -------
    tuple
        A Pillow image of 8-bit samples in mode L, LA, RGB, RGBA, RGBa, RGBX or CMYK; or an
        (H, W, S) uint16 array of 1 to 4 samples as they are stored: 0 is white where the header
        says so. Then its stored mode in Pillow's words.

    Raises
    ------
    ImageError
        If the pixels are of a kind that is not read.
    """
    with opened(header.picture) as tiff:
        if header.planes:
            return _merged(
                header, [_samples(tiff, plane, header) for plane in header.planes]
            ), "RGB"
        page = cast("TiffPage", tiff.pages[header.page])
        if _only_pillow_reads(page):
            if page.compression == 1 and sum(page.databytecounts) < page.nbytes:
                raise unsupported("TIFF", "uncompressed YCbCr with subsampled colours")
            return _by_pillow(header)
        check_pieces(page, header.picture)
        samples = page.asarray(squeeze=False)
        # (planes, depth, height, width, samples), planes or samples being one.
        samples = np.moveaxis(samples[:, 0, ..., 0], 0, -1) if len(samples) > 1 else samples[0, 0]
        return _as_image(page, np.ascontiguousarray(samples))


def _samples(tiff: "TiffFile", index: int, header: Header) -> NDArray:
    """(H, W) of one page of several; or of one that lies behind the only page's pixels."""
    page = cast("TiffPage", tiff.pages[header.page])
    if index < len(tiff.pages):
        page = cast("TiffPage", tiff.pages[index])
        check_pieces(page, header.picture)
        return _positive(page, page.asarray(squeeze=False)[0, 0], 1)[..., 0]
    check_pieces(page, header.picture)
    size = page.nbytes
    start = page.dataoffsets[0] + index * size
    if not page.is_contiguous or start + size > len(header.picture):
        raise damaged("TIFF", "it ends before the last of its channels")
    plane = np.frombuffer(
        header.picture, np.dtype(page.dtype).newbyteorder(tiff.byteorder), page.size, start
    )
    return _positive(page, plane.reshape(page.imagelength, page.imagewidth, 1), 1)[..., 0]


def _merged(header: Header, planes: list[NDArray]) -> PillowImage.Image | NDArray[np.uint16]:
    if len({plane.shape for plane in planes}) > 1:
        raise unsupported("TIFF", "channels of different sizes")
    together = np.stack(planes, axis=-1)
    if header.bit_depth > 8:  # noqa: PLR2004
        return together.astype(np.uint16)
    return PillowImage.fromarray(_widened(together, header.bit_depth))


def _only_pillow_reads(page: "TiffPage") -> bool:
    uncoded = int(page.photometric) == _YCBCR and int(page.compression) not in {*_JPEG, 33003}
    coded_colours = page.compression in {33004, 33005, 34712, 50001, 50002, 34927}
    return int(page.compression) == _OLD_JPEG or (uncoded and not coded_colours)


def _by_pillow(header: Header) -> tuple[PillowImage.Image, str]:
    image = TiffImageFile(io.BytesIO(header.picture))
    image.seek(header.page)
    if image.size != (header.width, header.height):
        raise damaged("TIFF", "it declares two different sizes")
    # Given memory, Pillow's TIFF reader skips the global pixel limit and its warning.
    image.im = PillowImage.new(image.mode, image.size, None).im
    image.load()
    return image.convert("RGB"), image.mode


def _positive(page: "TiffPage", samples: NDArray, colours: int) -> NDArray:
    """Let 0 be black in so many first samples of 8 bits and less.

    Of more bits it is not yet known how many were used.
    """
    if int(page.photometric) != _WHITE_IS_ZERO or page.bitspersample > 8:  # noqa: PLR2004
        return samples
    # All bits turned round, of which some types have more than the samples.
    turned = samples[..., :colours] ^ samples.dtype.type((1 << page.bitspersample) - 1)
    return np.concatenate([turned, samples[..., colours:]], axis=-1)


def _widened(samples: NDArray, bits: int) -> NDArray[np.uint8]:
    """Bring samples of 1 to 8 bits to the range 0 to 255."""
    if bits == 8:  # noqa: PLR2004
        return samples.astype(np.uint8)
    return (samples.astype(np.uint16) * _FULL // ((1 << bits) - 1)).astype(np.uint8)


def _as_image(
    page: "TiffPage", samples: NDArray
) -> tuple[PillowImage.Image | NDArray[np.uint16], str]:
    kind, bits, number = int(page.photometric), page.bitspersample, samples.shape[-1]
    if kind in _OTHERS:
        raise unsupported("TIFF", _OTHERS[kind])
    if kind == _PALETTE:
        return _looked_up(page, samples), "P"
    if kind == _CMYK:
        if number != 4 or bits != 8 or page.tags.valueof(_INK_SET, 1) != 1:  # noqa: PLR2004
            raise unsupported("TIFF", f"{number} inks of {bits} bits")
        return _bytes_as("CMYK", samples), "CMYK"
    mode = _mode(page, kind, number)
    samples = _positive(page, samples, 1 if mode in {"L", "LA", "La"} else _COLOURS)
    if bits > 8:  # noqa: PLR2004
        channels = {"L": 1, "LA": 2, "RGB": 3, "RGBX": 3}.get(mode, 4)
        return np.ascontiguousarray(samples[..., :channels].astype(np.uint16)), mode
    image = _bytes_as(mode, _widened(samples[..., : len(mode)], bits))
    if int(page.compression) == _APERIO_YCBCR and mode == "RGB":
        image = _bytes_as("YCbCr", np.asarray(image)).convert("RGB")
    return image, "1" if bits == 1 and mode == "L" else mode


def _bytes_as(mode: str, samples: NDArray[np.uint8]) -> PillowImage.Image:
    height, width = samples.shape[:2]
    return PillowImage.frombytes(mode, (width, height), samples.tobytes())


def _mode(page: "TiffPage", kind: int, number: int) -> str:
    """Pillow's word for the samples: which are colours, and whether one is an alpha channel."""
    extra = [int(kind) for kind in page.extrasamples]
    alpha = next((kind for kind in extra if kind in {_ASSOCIATED, _UNASSOCIATED}), None)
    if kind in {_WHITE_IS_ZERO, _BLACK_IS_ZERO}:
        if number == 1:
            return "L"
        if number == _COLOURS and alpha is None:
            return "RGB"  # written by programs that forget to say so
        if number == 2 and alpha is not None:  # noqa: PLR2004
            return "La" if alpha == _ASSOCIATED else "LA"
        if number == _WITH_ALPHA and extra and extra[-1] == alpha:
            return "RGBA"
    elif number == _COLOURS:
        return "RGB"
    elif number - len(extra) in {_COLOURS, _WITH_ALPHA} and len(extra) <= _MOST_EXTRA:
        return _BY_EXTRA.get(extra[0], "RGBX") if extra else "RGBA"
    raise unsupported("TIFF", f"{number} channels")


def _looked_up(page: "TiffPage", samples: NDArray) -> PillowImage.Image:
    """Colours of indices into a map, whose values have 16 bits, or 8 in files of some programs."""
    colours = page.tags.valueof(_COLOUR_MAP)
    colours = np.asarray(colours, np.uint16).reshape(_COLOURS, -1)
    if colours.shape[1] < 1 << page.bitspersample or samples.shape[-1] != 1:
        raise unsupported("TIFF", "a colour map of an unknown kind")
    # One value of 65535 among small ones is white, written by another hand.
    if np.count_nonzero(colours > _FULL) > _FEW * colours.size:
        colours = colours >> 8
    return PillowImage.fromarray(np.minimum(colours, _FULL).astype(np.uint8).T[samples[..., 0]])
