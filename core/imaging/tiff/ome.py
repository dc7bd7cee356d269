"""The OME-XML of a TIFF file: which image it describes, how large a pixel is, what channels are.

https://docs.openmicroscopy.org/ome-model/6.3.1/ome-tiff/specification.html
"""

from dataclasses import dataclass, field
from itertools import islice
from xml.etree.ElementTree import Element

from core.imaging.scale import (
    NOT_STATED,
    StatedScale,
    from_aspect,
    from_pixel_size,
    length_in_um,
    number,
    of_copy,
    um_of_unit,
    unusable,
)
from core.imaging.tiff.aside import first_whole, is_aside
from core.imaging.tiff.xml import parse

_MOST_IMAGES = 10_000
_SHOWN = 40
_RED, _GREEN, _BLUE, _WHITE = 0xFF0000, 0x00FF00, 0x0000FF, 0xFFFFFF
_COLOURS = {_RED: "red", _GREEN: "green", _BLUE: "blue"}


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel of an image."""

    name: str
    samples: int
    page: int | None
    """Index of the page that holds its first plane; None if that is in another file."""


@dataclass(frozen=True, slots=True)
class OmeImage:
    """One `Image` element."""

    name: str
    size: tuple[float, float]
    """Width and height, pixels; 0 where they are not said."""
    first_page: int | None
    """Index of its first page; None where the element has no pixels in this file."""
    scale: StatedScale
    bits: int
    """Significant bits; 0 where they are not said."""
    planes: int
    channels: tuple[Channel, ...] = field(default=())

    def scale_of(self, width: int, height: int) -> StatedScale:
        """Scale of a page of this size: a copy made smaller keeps the element of its original."""
        return of_copy(self.scale, self.size, (width, height))


def read_ome(description: str) -> tuple[OmeImage, ...] | None:
    """Read the images of a description; None if it is no OME-XML or is not in order."""
    root = parse(description)
    if root is None or root.tag not in {"OME", "Image"}:
        return None
    elements = [root] if root.tag == "Image" else list(islice(root.iter("Image"), _MOST_IMAGES))
    # A few old writers leave the `Image` out.
    elements = elements or [root]
    lone = len(elements) == 1
    return tuple(_image(element, lone=lone) for element in elements)


def picture_of(images: tuple[OmeImage, ...]) -> OmeImage | None:
    """Return the image that shows the specimen: the first here that is no macro or small copy."""
    present = [image for image in images if image.first_page is not None]
    shown = [image for image in present if not is_aside(image.name)] or present
    return shown[first_whole([image.size for image in shown])] if shown else None


def _image(element: Element, *, lone: bool) -> OmeImage:
    pixels = element.find("Pixels")
    if pixels is None:
        pixels = next(element.iter("Pixels"), Element("Pixels"))
    sizes = {axis: int(number(pixels.get(f"Size{axis}", "")) or 0) for axis in "XYCZT"}
    stacks = [max(sizes[axis], 1) for axis in "ZT"]
    elements = pixels.findall("Channel")
    samples = [int(number(channel.get("SamplesPerPixel", "1")) or 1) for channel in elements]
    if not elements or sum(samples) < sizes["C"]:
        # Without `Channel` elements, or with fewer, every channel is a plane of its own.
        missing = sizes["C"] - sum(samples)
        samples += [1] * max(missing, 0)
    planes = _planes(pixels, lone=lone)
    step = _step(pixels.get("DimensionOrder", "XYCZT"), sizes)
    names = [_name(channel) for channel in elements] + [""] * len(samples)
    channels = tuple(
        Channel(name, count, _page(planes, index, step))
        for index, (count, name) in enumerate(zip(samples, names, strict=False))
    )
    return OmeImage(
        name=element.get("Name", ""),
        size=(sizes["X"], sizes["Y"]),
        first_page=_page(planes, 0, step),
        scale=_scale(pixels),
        bits=int(number(pixels.get("SignificantBits", "")) or 0),
        planes=max(len(samples), 1) * stacks[0] * stacks[1],
        channels=channels,
    )


def _planes(pixels: Element, *, lone: bool) -> dict[int | None, int | None]:
    """Page of each channel's first plane by `TiffData`; under None the first of all."""
    pages: dict[int | None, int | None] = {}
    data = pixels.findall("TiffData")
    if not data and lone:
        return {None: 0}
    files = {uuid.get("FileName") for uuid in pixels.iter("UUID") if uuid.get("FileName")}
    for element in data:
        if any(int(number(element.get(f"First{axis}", "0")) or 0) for axis in "ZT"):
            continue
        elsewhere = element.find("UUID")
        page = element.get("IFD")
        first = int(number(element.get("FirstC", "0")) or 0)
        index = int(number(page or "0") or 0)
        # The master file of a set names each file; the one it belongs to holds page 0.
        names_file = elsewhere is not None and elsewhere.get("FileName") and len(data) > 1 and pages
        place = None if names_file and len(files) > 1 else index
        pages.setdefault(first, place)
        if first == 0:
            pages.setdefault(None, place)
    return pages


def _page(planes: dict[int | None, int | None], channel: int, step: int) -> int | None:
    if channel in planes:
        return planes[channel]
    first = planes.get(None)
    if first is None or len([key for key in planes if key is not None]) > 1:
        return None
    return first + channel * step


def _step(order: str, sizes: dict[str, int]) -> int:
    """Pages from one channel to the next."""
    step = 1
    for axis in order[2:]:
        if axis == "C":
            break
        step *= max(sizes.get(axis, 1), 1)
    return step


def _name(channel: Element) -> str:
    """Name of a channel; where there is none, of its colour, unless that is white, as of any."""
    name = channel.get("Name", "").strip()
    colour = number(channel.get("Color", ""))
    if name or colour is None:
        return name
    shown = (int(colour) >> 8) & _WHITE
    return "" if shown == _WHITE else _COLOURS.get(shown, f"#{shown:06x}")


def _scale(pixels: Element) -> StatedScale:
    sides = []
    for axis in "XY":
        text = pixels.get(f"PhysicalSize{axis}")
        if text is None:
            continue
        unit = pixels.get(f"PhysicalSize{axis}Unit", "").strip() or "µm"
        um = length_in_um(text, unit)
        if um is None and um_of_unit(unit):
            return unusable(
                f"states a pixel size of {text[:_SHOWN]!r} in its OME data, which is not a length"
            )
        if um is None:
            values = [number(pixels.get(f"PhysicalSize{side}", "")) or 0 for side in "YX"]
            shape = from_aspect(*values)
            if not shape.square:
                return shape
            return unusable(
                f"states its pixel size in {unit[:_SHOWN]!r} in its OME data, which is not a "
                "unit of length"
            )
        sides.append(um)
    return from_pixel_size(*sides) if sides else NOT_STATED
