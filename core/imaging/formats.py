"""Which kind of file this is, by its first bytes, whatever its name says."""

from collections.abc import Callable

from core.errors import ImageError
from core.imaging.headers import jpeg, png, simple, tiff
from core.imaging.headers.header import Header

_TIFF = (b"II\x2a\0", b"MM\0\x2a", b"II\x2b\0", b"MM\0\x2b")
_READERS: tuple[tuple[tuple[bytes, ...], Callable[[bytes], Header]], ...] = (
    ((png.SIGNATURE,), png.read_header),
    ((jpeg.SIGNATURE,), jpeg.read_header),
    (_TIFF, tiff.read_header),
    ((b"BM",), simple.read_bmp),
)
_OTHERS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"GIF8", "a GIF picture"),
    (0, b"%PDF", "a PDF document"),
    (128, b"DICM", "a DICOM file"),
    (0, b"ZISRAWFILE", "a Zeiss CZI slide"),
    (0, b"\x89HDF", "an HDF5 file"),
    (0, b"PK\x03\x04", "a ZIP archive or an Office document"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"7z\xbc\xaf", "a 7z archive"),
    (0, b"Rar!", "a RAR archive"),
    (0, b"\xd0\xcf\x11\xe0", "an old Office document"),
    (0, b"8BPS", "a Photoshop document"),
    (0, b"\0\0\0\x0cjP  ", "a JPEG 2000 picture"),
    (0, b"\xff\x4f\xff\x51", "a JPEG 2000 picture"),
    (4, b"ftypheic", "a HEIC photograph"),
    (4, b"ftypmif1", "a HEIC photograph"),
    (4, b"ftypavif", "an AVIF picture"),
    (4, b"ftyp", "a video"),
    (0, b"RIFF", "a sound or video file"),
    (0, b"\x7fELF", "a program"),
    (0, b"MZ", "a program"),
    (0, b"{", "a JSON or text file"),
    (0, b"<svg", "an SVG drawing"),
    (0, b"<", "a web page or XML file"),
)
_NAMES = {
    "PNG": {".png", ".apng"},
    "JPEG": {".jpg", ".jpeg", ".jpe", ".jfif"},
    "TIFF": {".tif", ".tiff", ".btf", ".tf8", ".svs", ".ndpi", ".scn"},
    "BMP": {".bmp", ".dib"},
    "WEBP": {".webp"},
}
_SAMPLE = 512
_PRINTABLE = bytes({*range(0x20, 0x7F), *b"\t\n\r\f"})


def read_header(data: bytes) -> Header:
    """Recognise an image file and read its header.

    Raises
    ------
    ImageError
        If it is no image of a supported format, saying what it looks like; or a damaged one.
    """
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return simple.read_webp(data)
    for signatures, reader in _READERS:
        if data.startswith(signatures):
            return reader(data)
    raise ImageError(
        f"This is {_likeness(data)}, not an image that Lobule reads. "
        "Give a PNG, JPEG, TIFF, BMP or WebP image of the tissue."
    )


def misnamed(suffix: str, name: str) -> bool:
    """Whether a file's suffix belongs to another image format than its content."""
    others = set().union(*_NAMES.values()) - _NAMES[name]
    return suffix.lower() in others


def _likeness(data: bytes) -> str:
    start = data[:_SAMPLE]
    for at, signature, words in _OTHERS:
        if (
            start.lstrip()[:16].lower().startswith(signature.lower())
            if at == 0
            else (start[at : at + len(signature)] == signature)
        ):
            return words
    return "a text file" if not start.translate(None, _PRINTABLE) else "a file of an unknown kind"
