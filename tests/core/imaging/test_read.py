import hashlib
import io
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PIL import ImageOps

from core.errors import ImageError
from core.imaging.read import PIXELS_VERSION, read_image


def smooth() -> NDArray[np.uint8]:
    y, x = np.mgrid[:24, :32]
    return np.stack([230 - 2 * y, 120 + 2 * x, 180 + y - x], axis=-1).astype(np.uint8)


def png(image: PillowImage.Image, **options: object) -> bytes:
    return encode(image, "PNG", **options)


def encode(image: PillowImage.Image, name: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, name, **options)
    return buffer.getvalue()


def test_every_kind_is_read_as_rgb_with_what_the_file_says(encodings: dict[str, bytes]) -> None:
    for kind, data in encodings.items():
        image = read_image(data)
        assert image.pixels.dtype == np.uint8, kind
        assert image.pixels.flags.c_contiguous, kind
        assert image.pixels.shape == (image.info.height, image.info.width, 3), kind
        assert image.info.format == kind.split()[0].upper(), kind
        assert image.info.bit_depth == (16 if "16" in kind else 1 if kind.endswith(" 1") else 8)
        assert image.info.sha256 == hashlib.sha256(data).hexdigest()


OPENCV_AGREES = """png|png grey|png 1|png palette|jpeg|jpeg progressive|jpeg grey|jpeg exif|tiff
tiff lzw|tiff deflate|tiff grey|tiff pages|tiff big|bmp|bmp grey|bmp palette|bmp 1|webp
webp lossless""".replace("\n", "|").split("|")


@pytest.mark.parametrize("kind", OPENCV_AGREES)
def test_pixels_equal_those_of_another_decoder(kind: str, encodings: dict[str, bytes]) -> None:
    theirs = cv2.imdecode(np.frombuffer(encodings[kind], np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    difference = read_image(encodings[kind]).pixels.astype(int) - theirs
    assert np.abs(difference).max() <= (3 if kind.startswith(("jpeg", "webp")) else 0)


@pytest.mark.parametrize("kind", ["jpeg cmyk", "tiff cmyk", "tiff jpeg"])
def test_colours_survive_other_colour_spaces(kind: str, encodings: dict[str, bytes]) -> None:
    image = read_image(encodings[kind])
    assert np.abs(image.pixels.astype(int) - smooth()).max() <= 8
    assert ("CMYK turned into RGB" in image.info.notes) == ("cmyk" in kind)


@pytest.mark.parametrize("kind", ["png 16", "png 16 grey", "tiff 16", "tiff 16 grey"])
def test_sixteen_bits_are_the_inverse_of_widening(kind: str, encodings: dict[str, bytes]) -> None:
    image = read_image(encodings[kind])
    bgr = smooth()[..., ::-1]
    expected = np.repeat(smooth()[..., :1], 3, axis=2) if "grey" in kind else bgr
    assert np.array_equal(image.pixels, expected)
    assert image.info.mode == ("I;16" if "grey" in kind else "RGB;16")
    assert image.info.notes == ("16 bit scaled to 8 bit",)


def test_values_that_use_all_bits_keep_the_upper_8() -> None:
    values = np.arange(0, 65536, 64, dtype=np.uint16).reshape(32, 32)
    for extension in (".png", ".tiff"):
        pixels = read_image(cv2.imencode(extension, values)[1].tobytes()).pixels
        assert np.array_equal(pixels[..., 0], values // 256)
        assert np.abs(pixels[..., 0] - values / 257).max() <= 1


def test_an_image_of_hardly_any_light_is_said_to_be_dark() -> None:
    values = np.full((8, 8, 3), 12, np.uint16)
    for extension in (".png", ".tiff"):
        notes = read_image(cv2.imencode(extension, values)[1].tobytes()).info.notes
        assert "of which 8 are used" in notes[0]
        assert "very dark" in notes[1]


@pytest.mark.parametrize(("order", "inverted"), [("<", False), (">", False), ("<", True)])
def test_byte_orders_and_meanings_of_zero(order: str, inverted: bool) -> None:  # noqa: FBT001
    values = np.array([[0, 256, 32768, 65535]], order + "u2")
    header = (b"II*\0" if order == "<" else b"MM\0*") + np.array([16], order + "u4").tobytes()
    tags = [(256, 4), (257, 1), (258, 16), (259, 1), (262, int(not inverted)), (273, 8)]
    tags += [(277, 1), (278, 1), (279, 8)]
    entries = b"".join(
        np.array([tag, 4], order + "u2").tobytes() + np.array([1, value], order + "u4").tobytes()
        for tag, value in tags
    )
    count = np.array([len(tags)], order + "u2").tobytes()
    image = read_image(header + values.tobytes() + count + entries + bytes(4))
    expected = 255 - np.array([0, 1, 128, 255]) if inverted else np.array([0, 1, 128, 255])
    assert image.pixels[0, :, 0].tolist() == expected.tolist()


@pytest.mark.parametrize("name", ["PNG", "JPEG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied_as_pillow_does(name: str, orientation: int) -> None:
    block = PillowImage.Exif()
    block[274] = orientation
    options = {"quality": 100} if name == "JPEG" else {"lossless": True} if name == "WEBP" else {}
    stored = PillowImage.fromarray(smooth())
    plain = stored.copy()
    plain.info["exif"] = block.tobytes()
    plain.getexif()[274] = orientation
    upright = np.asarray(ImageOps.exif_transpose(plain))
    image = read_image(encode(stored, name, exif=block, **options))
    assert image.pixels.shape == upright.shape
    assert np.abs(image.pixels.astype(int) - upright).max() <= 4
    assert any("upright" in note for note in image.info.notes) == (orientation > 1)


@pytest.mark.parametrize("name", ["PNG", "TIFF", "WEBP"])
def test_transparency_is_laid_over_white(name: str) -> None:
    alpha = np.tile(np.arange(0, 256, 8, dtype=np.uint8), (24, 1))
    rgba = np.dstack([smooth(), alpha])
    options = {"lossless": True, "exact": True} if name == "WEBP" else {}
    image = read_image(encode(PillowImage.fromarray(rgba), name, **options))
    share = alpha[..., None] / 255
    assert np.abs(image.pixels - (smooth() * share + 255 * (1 - share))).max() <= 1
    assert image.info.mode == "RGBA"
    assert image.info.notes == ("transparency laid over white",)


def test_opaque_alpha_is_no_news() -> None:
    rgba = np.dstack([smooth(), np.full((24, 32), 255, np.uint8)])
    image = read_image(png(PillowImage.fromarray(rgba)))
    assert np.array_equal(image.pixels, smooth())
    assert image.info.notes == ()


def test_transparent_palette_colours_become_white() -> None:
    palette = PillowImage.new("P", (2, 1))
    palette.putpalette([10, 20, 30, 200, 100, 50])
    palette.putpixel((1, 0), 1)
    for clear in (0, b"\0\xff"):
        image = read_image(png(palette, transparency=clear))
        assert image.pixels.tolist() == [[[255, 255, 255], [200, 100, 50]]]
        assert image.info.mode == "P"


def test_grey_with_alpha() -> None:
    pair = np.array([[[100, 255], [100, 0], [0, 51]]], np.uint8)
    image = read_image(png(_grey_alpha(pair)))
    assert image.pixels[0, :, 0].tolist() == [100, 255, 204]
    assert image.info.mode == "LA"


def _grey_alpha(pair: NDArray[np.uint8]) -> PillowImage.Image:
    grey, alpha = (PillowImage.fromarray(pair[..., channel].copy()) for channel in (0, 1))
    return PillowImage.merge("LA", (grey, alpha))


@pytest.mark.parametrize(
    ("kind", "note"),
    [
        ("tiff pages", "first of 3 pages"),
        ("png animated", "first of 2 frames"),
        ("webp animated", "first of 2 frames"),
    ],
)
def test_the_first_of_several_is_read_and_said(
    kind: str, note: str, encodings: dict[str, bytes]
) -> None:
    image = read_image(encodings[kind])
    assert note in image.info.notes
    assert np.abs(image.pixels.astype(int) - smooth()).mean() < 4


@pytest.mark.parametrize(
    ("name", "suffix"), [("PNG", ".png"), ("JPEG", ".JPG"), ("TIFF", ".tif"), ("BMP", ".bmp")]
)
def test_paths_are_read_like_bytes(name: str, suffix: str, tmp_path: Path) -> None:
    data = encode(PillowImage.fromarray(smooth()), name)
    path = tmp_path / f"image{suffix}"
    path.write_bytes(data)
    from_path, from_bytes = read_image(path), read_image(data)
    assert np.array_equal(from_path.pixels, from_bytes.pixels)
    assert from_path.info == from_bytes.info


def test_a_wrong_suffix_is_said_and_the_content_read(tmp_path: Path) -> None:
    path = tmp_path / "image.png"
    path.write_bytes(encode(PillowImage.fromarray(smooth()), "TIFF"))
    image = read_image(path)
    assert image.info.format == "TIFF"
    assert image.info.notes == ("named .png, but its content is TIFF",)
    assert read_image(path.read_bytes(), name="image.png").info == image.info


def test_real_patches_are_read_exactly(shared: Path) -> None:
    for path in sorted((shared / "data/idc/8864").rglob("*.png"))[::400]:
        theirs = cv2.imread(str(path))[..., ::-1]
        assert np.array_equal(read_image(path).pixels, theirs)


def test_reading_leaves_pillow_as_it_was(encodings: dict[str, bytes]) -> None:
    limit = PillowImage.MAX_IMAGE_PIXELS
    PillowImage.MAX_IMAGE_PIXELS = 10
    try:
        for kind, data in encodings.items():
            if "webp" not in kind:
                read_image(data)
        assert PillowImage.MAX_IMAGE_PIXELS == 10
    finally:
        PillowImage.MAX_IMAGE_PIXELS = limit


def test_the_settings_hold_where_no_limit_is_given(
    encodings: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOBULE_MAX_IMAGE_MEGAPIXELS", "0.0001")
    with pytest.raises(ImageError, match="32×24 px"):
        read_image(encodings["png"])
    assert read_image(encodings["png"], max_pixels=24 * 32).info.width == 32


def test_what_files_give_changes_with_the_version_of_the_reader_only() -> None:
    """Where this fails, raise `PIXELS_VERSION`: caches are then made anew. And put the hash here.

    The files are lossless, so that no version of a decoder matters.
    """
    ramp = np.arange(64 * 64 * 3, dtype=np.uint32).reshape(64, 64, 3)
    grey = (ramp[..., 0] * 5 % 4096).astype(np.uint16)
    colours = (ramp * 7 % 65536).astype(np.uint16)
    eight = (ramp % 256).astype(np.uint8)
    alpha = np.dstack([eight, (ramp[..., :1] * 3 % 256).astype(np.uint8)])
    written = [
        {"data": grey, "photometric": "minisblack"},
        {"data": grey, "photometric": "miniswhite"},
        {"data": colours, "photometric": "rgb"},
        {"data": eight, "photometric": "rgb"},
        {"data": alpha, "photometric": "rgb", "extrasamples": ["unassalpha"]},
        {"data": eight[..., 0], "photometric": "palette", "colormap": colours[:4].reshape(3, 256)},
    ]
    digest = hashlib.sha256()
    for options in written:
        buffer = io.BytesIO()
        tifffile.imwrite(buffer, metadata=None, **options)
        digest.update(read_image(buffer.getvalue()).pixels.tobytes())
    assert (PIXELS_VERSION, digest.hexdigest()[:16]) == (3, "4a9256503dfa977a")
