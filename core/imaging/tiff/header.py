"""What a TIFF file says of its picture: on which page it is, its size, scale and colours."""

import io
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from core.errors import ImageError
from core.imaging.header import Header, damaged, unsupported
from core.imaging.scale import NOT_STATED, StatedScale, compared
from core.imaging.tiff import tags
from core.imaging.tiff.aside import first_whole, is_aside
from core.imaging.tiff.bounds import sound_pages
from core.imaging.tiff.channels import is_colour, red_green_blue
from core.imaging.tiff.ome import OmeImage, picture_of, read_ome
from core.imaging.tiff.vendors import Facts, leica_picture, page_scale

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffPage

_SUBFILE, _OLD_SUBFILE, _ORIENTATION, _PAGE_NAME, _LARGEST = 254, 255, 274, 285, 281
_MAKE, _XMP, _PROFILE, _LENS = 271, 700, 34675, 65421
_WHITE_IS_ZERO = 0
_REDUCED, _MASK, _OLD_REDUCED = 1, 4, 2
_ORIENTATIONS = range(1, 9)
_IMAGEJ_FIELD = re.compile(r"^(\w+)=(\d+)\s*$", re.MULTILINE)
_LARGEST_PROFILE = 1 << 22
_MOST_BELOW = 64

# What is wrong with a file is told in our own words.
logging.getLogger("tifffile").setLevel(logging.CRITICAL + 1)


@contextmanager
def opened(data: bytes) -> Iterator["TiffFile"]:
    """Open a file whose bounds were checked, with no vendor's special rules."""
    from tifffile import TIFF, TiffFile  # noqa: PLC0415 - takes a while, and few images are TIFF

    flags: dict[str, Any] = {f"is_{name}": False for name in TIFF.FILE_FLAGS}
    with TiffFile(io.BytesIO(data), _multifile=False, _useframes=False, **flags) as tiff:
        yield tiff


def read_tiff(data: bytes) -> Header:
    """Read the header of a TIFF file.

    Raises
    ------
    ImageError
        If the tags do not hold together or the pixels are of an unsupported kind.
    """
    count, read = sound_pages(data)
    try:
        with opened(data) as tiff:
            return _read(data, tiff, count, read)
    except ImageError:
        raise
    except Exception as error:  # damaged files raise anything
        raise damaged("TIFF", "its tags do not make sense") from error


def _read(data: bytes, tiff: "TiffFile", count: int, read: int) -> Header:
    pages = [cast("TiffPage", tiff.pages[index]) for index in range(read)]
    facts = [facts_of(page, index) for index, page in enumerate(pages)]
    images = read_ome(facts[0].description) if "<" in facts[0].description[:9] else None
    ome = picture_of(images) if images else None
    index = _choose(pages, facts, ome)
    page = pages[index]
    _check_kind(page)
    _check_below(data, page)
    planes = red_green_blue(page, facts[0].description, ome, count)
    stack = _stack(facts[0].description, ome)
    shown = max(count, stack) // max(len(planes.pages), 1)
    return Header(
        format="TIFF",
        width=page.imagewidth,
        height=page.imagelength,
        bit_depth=page.bitspersample,
        picture=data,
        pages=max(shown, 1),
        orientation=_orientation(page),
        scale=_scale(facts[index], facts[0], ome, images),
        profile=_bytes(page, _PROFILE, _LARGEST_PROFILE),
        page=index,
        planes=planes.pages,
        planes_named=planes.named,
        most_bits=_most_bits(page, ome),
        negative=int(page.photometric) == _WHITE_IS_ZERO,
    )


def facts_of(page: "TiffPage", index: int) -> Facts:
    """Return what the tags of a page say, as far as scales are concerned."""
    return Facts(
        index=index,
        width=page.imagewidth,
        height=page.imagelength,
        description=_text(page, 270),
        make=_text(page, _MAKE),
        software=_text(page, 305),
        xmp=_bytes(page, _XMP).decode("utf-8", "replace"),
        density=(_number(page, 282), _number(page, 283) or _number(page, 282)),
        unit=int(_number(page, 296)) or 2,
    )


def _choose(pages: list["TiffPage"], facts: list[Facts], ome: OmeImage | None) -> int:
    """Index of the page with the picture: not of a thumbnail, a label or a macro photograph."""
    for stated in (ome.first_page if ome else None, leica_picture(facts[0])):
        if stated is not None and stated < len(pages):
            return stated
    shown = [
        index
        for index, (page, page_facts) in enumerate(zip(pages, facts, strict=True))
        if not _is_aside(page, page_facts) and min(page_facts.width, page_facts.height) > 0
    ]
    if not shown:
        return max(range(len(pages)), key=lambda index: facts[index].width * facts[index].height)
    sizes = [(facts[index].width, facts[index].height) for index in shown]
    return shown[first_whole(sizes)]


def _is_aside(page: "TiffPage", facts: Facts) -> bool:
    if int(_number(page, _SUBFILE)) & (_REDUCED | _MASK):
        return True
    if int(_number(page, _OLD_SUBFILE)) == _OLD_REDUCED or _number(page, _LENS) < 0:
        return True
    return is_aside(facts.description, _text(page, _PAGE_NAME))


def _check_kind(page: "TiffPage") -> None:
    """Refuse pixels of kinds that are not read, by name."""
    if isinstance(page.bitspersample, tuple):
        depths = "/".join(str(bits) for bits in page.bitspersample)
        raise unsupported("TIFF", f"pixels of {depths} bits")
    if page.sampleformat not in {1, 4}:
        raise unsupported("TIFF", "signed or fractional brightness values")
    if not (1 <= page.bitspersample <= 16):  # noqa: PLR2004 - what two bytes hold
        raise unsupported("TIFF", f"pixels of {page.bitspersample} bits")
    if page.imagedepth > 1:
        raise unsupported("TIFF", f"a volume of {page.imagedepth} layers")


def _check_below(data: bytes, page: "TiffPage") -> None:
    """Refuse a page whose full picture is in a directory below it, as cameras write."""
    form = tags.layout(data)
    for start in (page.subifds or ())[:_MOST_BELOW]:
        listing = tags.directory(data, form[0], start) if form else None
        if form is None or listing is None:
            continue
        width, height = (
            next(tags.numbers(data, form[0], listing[0].get(code)), 0) for code in (256, 257)
        )
        if min(width, height) > 0 and width * height > page.imagewidth * page.imagelength:
            raise unsupported(
                "TIFF", f"a directory of its own (SubIFD) for its full {width:g}×{height:g} px"
            )


def _scale(
    page: Facts, first: Facts, ome: OmeImage | None, images: tuple[OmeImage, ...] | None
) -> StatedScale:
    # What an OME document says, only the OME rules can read; where it says nothing, the tags may.
    stated = ome.scale_of(page.width, page.height) if ome else NOT_STATED
    by_tags = page_scale(page, first)
    if stated == NOT_STATED or images is None:
        stated = by_tags
    return compared(stated, by_tags, tags.density_of(*page.density, page.unit))


def _stack(description: str, ome: OmeImage | None) -> int:
    """Planes that the description speaks of, which may lie behind the only page."""
    if description.startswith("ImageJ="):
        return dict(_IMAGEJ_FIELD.findall(description)).get("images", 1) and int(
            dict(_IMAGEJ_FIELD.findall(description)).get("images", 1)
        )
    return ome.planes if ome and not is_colour(ome) else 1


def _most_bits(page: "TiffPage", ome: OmeImage | None) -> int:
    """Bits that values use: a declared maximum is the largest value that occurs (TIFF 6.0)."""
    declared = [int(_number(page, _LARGEST)).bit_length(), ome.bits if ome else 0]
    narrower = [bits for bits in declared if 0 < bits < page.bitspersample]
    return min(narrower, default=page.bitspersample)


def _orientation(page: "TiffPage") -> int:
    value = int(_number(page, _ORIENTATION))
    return value if value in _ORIENTATIONS else 1


def _text(page: "TiffPage", code: int) -> str:
    value = page.tags.valueof(code, "")
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else ""


def _bytes(page: "TiffPage", code: int, most: int = 1 << 22) -> bytes:
    tag = page.tags.get(code)
    if tag is None or tag.count > most:
        return b""
    value = tag.value
    if isinstance(value, str):
        return value.encode()
    return bytes(value) if isinstance(value, (bytes, tuple)) else b""


def _number(page: "TiffPage", code: int) -> float:
    """First value of a tag of whatever number type, as a fraction where it is one; 0 if missing."""
    tag = page.tags.get(code)
    value: Any = 0 if tag is None else tag.value
    if isinstance(value, bytes):
        value = tuple(value)
    if tag is not None and isinstance(value, tuple):
        if tag.dtype in {5, 10} and len(value) > 1:  # a fraction, signed or not
            return value[0] / value[1] if value[1] else 0.0
        value = value[0] if value else 0
    try:
        return float(value)
    except (TypeError, ValueError):
        return 0.0
