"""The scale by every maker's word, in units and spellings drawn at random."""

import io
from typing import Any

import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st

from core.imaging.read import read_image
from tests.core.imaging.conftest import PICTURE, PLAUSIBLE, SPELLINGS, described, ome

ENTITIES = {"µ": ["µ", "&#181;", "&#xB5;", "&#x3BC;", "&#956;"], "μ": ["μ", "&#956;"]}


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


@pytest.mark.parametrize(
    "text",
    [
        ome('PhysicalSizeX="1" PhysicalSizeY="2" PhysicalSizeXUnit="pixel"'),
        "ImageJ=1.54f\nunit=pixel\n",
    ],
)
def test_the_shape_of_pixels_without_a_length_is_told(text: str) -> None:
    assert not described(text, resolution=(1, 2), resolutionunit=1).square_pixels


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
        (APERIO.format(scan="46000x32914", mpp="0.4.9"), "not a number"),
        (APERIO.format(scan="46000x32914", mpp="499"), "no microscope"),
        (APERIO.format(scan="2000x2000", mpp="0.25"), ""),
        (ome('PhysicalSizeX="1" PhysicalSizeXUnit="pixel"'), "not a unit of length"),
        (ome('PhysicalSizeX="some"'), "not a length"),
        ("ImageJ=1.54f\nunit=furlong\n", "not a unit of length"),
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


@pytest.mark.parametrize("kind", ["too long", "cut short", "with an entity", "Philips", "Ventana"])
def test_makers_xml_that_cannot_be_read_is_not_replaced_by_a_print_density(kind: str) -> None:
    whole = ome('PhysicalSizeX="0.25" PhysicalSizeY="0.25"')
    text, options = {
        "too long": (whole.replace("<TiffData/>", "<TiffData/>" * 400_000), {}),
        "cut short": (whole[:-9], {}),
        "with an entity": (whole.replace("<OME", "<!DOCTYPE OME><OME"), {}),
        "Philips": (PHILIPS.format(macro="")[:-9], {}),
        "Ventana": ("", {"extratags": [(700, 1, 15, b"<x><iScan></x> ", True)]}),
    }[kind]
    info = described(text, resolution=(50_800, 50_800), resolutionunit=2, **options)
    assert info.um_per_px is None
    assert "XML that is damaged or too long" in info.scale_words


@pytest.mark.parametrize(
    ("text", "um_per_px"),
    [
        ("Aperio Image Library v1 |MPP = 0.25|OriginalWidth = 640|OriginalHeight = 480", 4.0),
        ("Aperio;MPP = 0.25;AppMag = 40", 0.25),
        ("Aperio,MPP = 0,25,AppMag = 40", 0.25),
        (PHILIPS.format(macro="").replace("&quot; &quot;", ", ").replace("&quot;", ""), 4.0),
        (ome('PhysicalSizeX="0.5" PhysicalSizeXUnit=""'), 0.5),
    ],
)
def test_fields_as_other_programs_write_them_again(text: str, um_per_px: float) -> None:
    assert described(text).um_per_px == pytest.approx(um_per_px)


def test_what_is_told_of_a_scale_is_short() -> None:
    for text in (ome(f'PhysicalSizeX="{"1" * 9999}"'), f"ImageJ=1\nunit={'x' * 9999}\n"):
        assert 0 < len(described(text).scale_words) < 150
