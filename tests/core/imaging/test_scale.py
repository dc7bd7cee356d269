"""The scale by every maker's word: units, spellings and number types drawn at random."""

import io
import math
import struct
import zlib
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st

from core.imaging.read import ImageInfo, read_image
from core.imaging.scale import HIGHEST, LOWEST, um_of_unit, why_implausible

PICTURE = np.full((30, 40, 3), 200, np.uint8)
PLAUSIBLE = st.floats(LOWEST, HIGHEST).map(lambda value: float(f"{value:.5g}"))
# Micrometres of a unit, and the ways in which it is written.
UNITS = {
    1e-6: ["pm", "picometer", "picometre"],
    1e-4: ["Å", "angstrom", "Angstrom"],
    1e-3: ["nm", "nanometer", "nanometres", "NM"],
    1.0: [
        "µm",
        "μm",
        "um",
        "micron",
        "microns",
        "Micron",
        "micrometer",
        "micrometre",
        "micrometers",
        *("㎛", "(um)", "[µm]", "мкм", "微米", "micra"),
    ],
    1e3: ["mm", "millimeter", "millimetre", "millimeters"],
    1e4: ["cm", "centimeter", "centimetre"],
    1e6: ["m", "meter", "metre"],
    25_400.0: ["in", "inch", "inches", '"'],
}
SPELLINGS = [(um, word) for um, words in UNITS.items() for word in words]
ENTITIES = {"µ": ["µ", "&#181;", "&#xB5;", "&#x3BC;", "&#956;"], "μ": ["μ", "&#956;"]}


def described(text: str, **options: Any) -> ImageInfo:
    buffer = io.BytesIO()
    tifffile.imwrite(
        buffer, PICTURE, photometric="rgb", metadata=None, description=text.encode(), **options
    )
    return read_image(buffer.getvalue()).info


def ome(pixels: str, more: str = "") -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">'
        f'{more}<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="uint8" '
        f'SizeX="40" SizeY="30" SizeC="3" SizeZ="1" SizeT="1" {pixels}>'
        '<Channel ID="C:0" SamplesPerPixel="3"/><TiffData/></Pixels></Image></OME>'
    )


@pytest.mark.parametrize(("um", "word"), SPELLINGS)
def test_units_are_known_in_every_spelling(um: float, word: str) -> None:
    assert um_of_unit(word) == pytest.approx(um)
    assert um_of_unit(f" {word} ") == pytest.approx(um)


@pytest.mark.parametrize("word", ["pixel", "reference frame", "", "parsec?", "kg", "mmm"])
def test_other_words_are_no_units(word: str) -> None:
    assert um_of_unit(word) is None


@given(PLAUSIBLE, st.sampled_from(SPELLINGS), st.sampled_from(".,"), st.sampled_from([0, 1, 2]))
def test_ome_in_any_unit_and_notation(
    um_per_px: float, unit: tuple[float, str], comma: str, entity: int
) -> None:
    um, word = unit
    text = f"{um_per_px / um:.9g}"
    text = text.replace(".", comma)
    for letter, ways in ENTITIES.items():
        word = word.replace(letter, ways[entity % len(ways)])
    word = word.replace('"', "&quot;")
    sides = " ".join(f'PhysicalSize{a}="{text}" PhysicalSize{a}Unit="{word}"' for a in "XY")
    assert described(ome(sides)).um_per_px == pytest.approx(um_per_px, rel=1e-6)


@given(PLAUSIBLE, st.sampled_from(SPELLINGS))
def test_imagej_in_any_unit(um_per_px: float, unit: tuple[float, str]) -> None:
    um, word = unit
    density = um / um_per_px
    if not 1e-4 < density < 1e5:
        return
    word = word.replace("µ", "\\u00B5")
    info = described(
        f"ImageJ=1.54f\nunit={word}\nspacing=7.0\n", resolution=(density, density), resolutionunit=1
    )
    if um == 25_400 and density <= 4800 * 1.001:  # ImageJ keeps what printers and scanners wrote
        assert info.um_per_px is None or density > 4799
    else:
        assert info.um_per_px == pytest.approx(um_per_px, rel=1e-3)


@pytest.mark.parametrize(
    "text", ["MPP : 4.0", "MPP=4,0 (um)", "MPPX = 4|MPPY = 4", "mpp: 4 µm", "MPP = 4000 nm"]
)
def test_aperio_in_many_spellings(text: str) -> None:
    assert described(f"Aperio Image\nA|{text}|B").um_per_px == pytest.approx(4.0)


def test_aperio_pixels_may_be_not_square() -> None:
    assert not described("Aperio Image\nA|MPPX = 4|MPPY = 8").square_pixels


def test_ome_with_the_unit_beside_the_number() -> None:
    sides = 'PhysicalSizeX="4 µm" PhysicalSizeY="0.004 mm"'
    assert described(ome(sides)).um_per_px == pytest.approx(4.0)


@pytest.mark.parametrize("dpi", [72, 300, 2400])
@pytest.mark.parametrize(
    "words", [{"description": b"ImageJ=1.54f\nunit=inch\n"}, {"software": "Hamamatsu NDP.toolkit"}]
)
def test_what_a_program_keeps_of_a_print_is_no_scale(dpi: int, words: dict[str, Any]) -> None:
    buffer = io.BytesIO()
    options: dict[str, Any] = {"photometric": "rgb", "metadata": None, **words}
    tifffile.imwrite(buffer, PICTURE, resolution=(dpi, dpi), resolutionunit=2, **options)
    assert read_image(buffer.getvalue()).info.um_per_px is None


def stretched_tiff(unit: int) -> bytes:
    buffer = io.BytesIO()
    options: dict[str, Any] = {"photometric": "rgb", "metadata": None, "resolutionunit": unit}
    tifffile.imwrite(buffer, PICTURE, resolution=(300, 150), **options)
    return buffer.getvalue()


def stretched_jpeg(unit: int) -> bytes:
    data = bytearray(cv2.imencode(".jpg", PICTURE)[1].tobytes())
    struct.pack_into(">BHH", data, data.index(b"JFIF\0") + 7, unit, 300, 150)
    return bytes(data)


def with_chunk(name: bytes, content: bytes) -> bytes:
    data = cv2.imencode(".png", PICTURE)[1].tobytes()
    whole = struct.pack(">I", len(content)) + name + content
    return data[:33] + whole + struct.pack(">I", zlib.crc32(whole[4:])) + data[33:]


STRETCHED = {
    "no unit, TIFF": stretched_tiff(1),
    "dots per inch, TIFF": stretched_tiff(2),
    "per cm, TIFF": stretched_tiff(3),
    "no unit, JPEG": stretched_jpeg(0),
    "dots per inch, JPEG": stretched_jpeg(1),
    "no unit, PNG": with_chunk(b"pHYs", struct.pack(">IIB", 300, 150, 0)),
    "per metre, PNG": with_chunk(b"pHYs", struct.pack(">IIB", 3000, 1500, 1)),
    "in the specimen, PNG": with_chunk(b"sCAL", b"\x012e-6\x004e-6"),
}


@pytest.mark.parametrize("data", STRETCHED.values(), ids=STRETCHED)
def test_pixels_that_are_not_square_are_told_whatever_the_unit(data: bytes) -> None:
    info = read_image(data).info
    assert not info.square_pixels
    assert info.um_per_px is None
    assert "not square" in info.scale_words


@pytest.mark.parametrize(
    "text",
    [
        ome('PhysicalSizeX="1" PhysicalSizeY="2" PhysicalSizeXUnit="pixel"'),
        "ImageJ=1.54f\nunit=pixel\n",
    ],
)
def test_the_shape_of_pixels_without_a_length_is_told(text: str) -> None:
    assert not described(text, resolution=(1, 2), resolutionunit=1).square_pixels


def test_png_states_the_size_in_the_specimen_beside_that_on_paper() -> None:
    data = with_chunk(b"sCAL", b"\x014e-6\x004e-6")
    printed = struct.pack(">I", 9) + b"pHYs" + struct.pack(">IIB", 11811, 11811, 1)
    both = data[:33] + printed + struct.pack(">I", zlib.crc32(printed[4:])) + data[33:]
    for whole in (data, both):
        assert read_image(whole).info.um_per_px == pytest.approx(4.0)


def test_a_leica_page_made_smaller_has_the_scale_of_its_own_size() -> None:
    level = '<dimension sizeX="{}" sizeY="{}" r="0" ifd="0"/>'
    text = (
        '<scn xmlns="http://www.leica-microsystems.com/scn/2010/10/01"><collection><image>'
        '<pixels sizeX="640" sizeY="480">{}</pixels><view sizeX="160000" sizeY="120000"/>'
        "</image></collection></scn>"
    )
    shown = {size: text.format(level.format(*size)) for size in ((40, 30), (640, 480))}
    assert described(shown[40, 30]).um_per_px == pytest.approx(4.0)
    assert described(shown[640, 480]).um_per_px == pytest.approx(4.0)


@given(
    PLAUSIBLE,
    st.sampled_from([(2, 25_400.0), (3, 1e4), (4, 1e3), (5, 1.0)]),
    st.sampled_from(["rational", "srational", "float", "double"]),
)
def test_resolution_tags_of_any_unit_and_number_type(
    um_per_px: float, unit: tuple[int, float], kind: str
) -> None:
    number, um = unit
    density = um / um_per_px
    buffer = io.BytesIO()
    tifffile.imwrite(
        buffer,
        PICTURE,
        photometric="rgb",
        metadata=None,
        resolution=(density, density),
        resolutionunit=number,
    )
    data = bytearray(buffer.getvalue())
    start = struct.unpack_from("<I", data, 4)[0]
    for entry in range(start + 2, start + 2 + 12 * data[start], 12):
        tag, _, _, place = struct.unpack_from("<HHII", data, entry)
        if tag not in {282, 283}:
            continue
        below = 10_000 if density < 1000 else 100
        code, layout, values = {
            "rational": (5, "<II", (round(density * below), below)),
            "srational": (10, "<ii", (round(density * below), below)),
            "float": (11, "<f", (density,)),
            "double": (12, "<d", (density,)),
        }[kind]
        struct.pack_into("<H", data, entry + 2, code)
        struct.pack_into(layout, data, entry + 8 if kind == "float" else place, *values)
    info = read_image(bytes(data)).info
    printed = number in {2, 3} and 25_400 / um_per_px <= 4800
    if printed:
        assert info.um_per_px is None
        assert "dots per inch" in info.scale_words or um_per_px > HIGHEST * 0.999
    elif not math.isclose(25_400 / um_per_px, 4800, rel_tol=1e-3):
        assert info.um_per_px == pytest.approx(um_per_px, rel=2e-3)


APERIO = "Aperio Image Library v11.2.1\r\n{scan}|AppMag = 20|MPP = {mpp}"


@given(PLAUSIBLE, st.sampled_from(".,"), st.sampled_from([None, 300, 2400, 50_800]))
def test_the_maker_is_believed_before_the_print_density(
    um_per_px: float, comma: str, dots: int | None
) -> None:
    text = f"{um_per_px:g}".replace(".", comma)
    options = {} if dots is None else {"resolution": (dots, dots), "resolutionunit": 2}
    info = described(APERIO.format(scan="46000x32914", mpp=text), **options)
    assert info.um_per_px == pytest.approx(um_per_px)


@pytest.mark.parametrize(
    ("scan", "um_per_px"),
    [
        ("47808x38000 [0,0,47808x38000] (256x256) -> 2988x2375 JPEG/RGB Q=70", 0.252 * 16),
        ("46000x32914 [42673,5576 2220x2967] (240x240) JPEG/RGB Q=30", 0.252),
        ("46000x32914 [0,0 40x30] (240x240) JPEG/RGB Q=30", 0.252),
        ("640x480 [0,0 640x480] (240x240) JPEG/RGB Q=30", 0.252 * 16),  # a copy of 40×30
        ("46000x10000", 0.252),
    ],
)
def test_copies_that_were_made_smaller_keep_their_originals_words(
    scan: str, um_per_px: float
) -> None:
    assert described(APERIO.format(scan=scan, mpp="0.2520")).um_per_px == pytest.approx(um_per_px)


def test_an_ome_copy_that_was_made_smaller() -> None:
    text = ome('PhysicalSizeX="0.25" PhysicalSizeY="0.25"')
    text = text.replace('SizeX="40" SizeY="30"', 'SizeX="640" SizeY="480"')
    assert described(text).um_per_px == pytest.approx(4.0)


def test_the_macro_picture_of_ome_may_come_first() -> None:
    macro = '<Image ID="Image:9" Name="macro"><Pixels PhysicalSizeX="15" /></Image>'
    sides = 'PhysicalSizeX="4.0" PhysicalSizeY="4.0"'
    assert described(ome(sides, macro)).um_per_px == 4.0
    label = macro.replace('15" /></Image>', '15"><TiffData IFD="0"/></Pixels></Image>')
    assert described(ome(sides, label)).um_per_px == 4.0


@pytest.mark.parametrize("sides", [(4, 8), (4.0, 4.1)])
def test_pixels_that_are_not_square_are_told(sides: tuple[float, float]) -> None:
    across, down = sides
    resolution = {"resolution": (1 / across, 1 / down)}
    for info in (
        described(ome(f'PhysicalSizeX="{across}" PhysicalSizeY="{down}"')),
        described("ImageJ=1.53t\nunit=um\n", resolutionunit=1, **resolution),
        described("", resolutionunit=5, **resolution),
    ):
        assert info.um_per_px is None
        assert not info.square_pixels
        assert "not square" in info.scale_words


PHILIPS = (
    '<?xml version="1.0" encoding="UTF-8"?><DataObject ObjectType="DPUfsImport">{macro}'
    '<Attribute Name="PIM_DP_SCANNED_IMAGES"><Array>{macro}<DataObject ObjectType="DPScannedImage">'
    '<Attribute Name="PIM_DP_IMAGE_TYPE">WSI</Attribute>'
    '<Attribute Name="DICOM_PIXEL_SPACING">&quot;0.004&quot; &quot;0.004&quot;</Attribute>'
    "</DataObject></Array></Attribute></DataObject>"
)
MACRO = (
    '<DataObject ObjectType="DPScannedImage"><Attribute Name="PIM_DP_IMAGE_TYPE">MACROIMAGE'
    '</Attribute><Attribute Name="DICOM_PIXEL_SPACING">"0.015" "0.015"</Attribute></DataObject>'
)
LEICA = (
    '<?xml version="1.0"?><scn xmlns="http://www.leica-microsystems.com/scn/2010/10/01">'
    '<collection sizeX="26564" sizeY="76734"><image><pixels sizeX="20" sizeY="60">'
    '<dimension sizeX="20" sizeY="60" r="0" ifd="1"/></pixels><view sizeX="26564" sizeY="76734"/>'
    '</image><image><pixels sizeX="40" sizeY="30"><dimension sizeX="40" sizeY="30" r="0" ifd="0"/>'
    '</pixels><view sizeX="20000" sizeY="15000"/></image></collection></scn>'
)


def test_philips_leica_and_hamamatsu() -> None:
    assert described(PHILIPS.format(macro="")).um_per_px == pytest.approx(4.0)
    assert described(PHILIPS.format(macro=MACRO)).um_per_px == pytest.approx(4.0)
    assert described(LEICA).um_per_px == pytest.approx(0.5)
    make = [(271, 2, 0, "Hamamatsu", True)]
    info = described("", resolution=(1000, 1000), resolutionunit=3, extratags=make)
    assert info.um_per_px == pytest.approx(10.0), "a maker's density is no print density"


@pytest.mark.parametrize("level", [0, 3])
def test_ventana(level: int) -> None:
    xmp = b'<?xml version="1.0"?><Metadata><iScan Magnification="40" ScanRes="0,2500"/></Metadata>'
    tag = [(700, 1, len(xmp), xmp, True)]
    info = described(f"level={level} mag=40 quality=95", extratags=tag)
    assert info.um_per_px == pytest.approx(0.25 * 2**level)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (APERIO.format(scan="46000x32914", mpp="0.4.9"), "no number"),
        (APERIO.format(scan="46000x32914", mpp="499"), "no microscope"),
        (APERIO.format(scan="2000x2000", mpp="0.25"), ""),
        (ome('PhysicalSizeX="1" PhysicalSizeXUnit="pixel"'), "no unit of length"),
        (ome('PhysicalSizeX="some"'), "no number"),
        ("ImageJ=1.54f\nunit=furlong\n", "no unit of length"),
    ],
)
def test_what_cannot_be_used_is_told_and_print_does_not_replace_it(text: str, words: str) -> None:
    info = described(text, resolution=(50_800, 50_800), resolutionunit=2)
    if words:
        assert info.um_per_px is None
        assert words in info.scale_words


@pytest.mark.parametrize("text", ["", "a patient's breast", "ImageJ=1.54f\nunit=pixel\n", ome("")])
def test_nothing_is_said_where_nothing_is_stated(text: str) -> None:
    info = described(text, resolution=(300, 300), resolutionunit=2)
    assert (info.um_per_px, info.scale_words, info.square_pixels) == (None, "", True)


def test_numbers_that_are_objectives_are_asked_back() -> None:
    assert "did you mean 40×, 0.25 µm/px?" in str(why_implausible(40))
    assert "0.05 to 20" in str(why_implausible(0.001))
    assert why_implausible(0.25) is None
    assert why_implausible(20.0) is None
