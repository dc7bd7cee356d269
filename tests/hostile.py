"""Five hundred hostile or damaged uploads: always the same, from a seed."""

import io
import struct
import zlib
from dataclasses import dataclass

import numpy as np
from PIL import Image

FORMATS = {"png": "PNG", "jpg": "JPEG", "tif": "TIFF", "bmp": "BMP", "webp": "WEBP"}
NUMBER = 500
SCRIPT = b"<html><script>document.title='owned'</script><img src=x onerror=alert(1)></html>"
NAMES = (
    "../../etc/passwd.png",
    "..\\..\\windows\\system32.png",
    "/etc/shadow.png",
    "C:\\autoexec.png",
    "<script>alert(1)</script>.png",
    "<img src=x onerror=alert(1)>.png",
    "\"><svg onload=alert(1)>.png",
    "'; DROP TABLE images;--.png",
    "=HYPERLINK(\"http:evil\").png",
    "+1+1.png",
    "@SUM(A1).png",
    "a\u202egnp.exe.png",
    "\u2067\u202e\u2066.png",
    "bell\x07and\x1b[31mescape.png",
    "new\nline\r\nSet-Cookie: a=b.png",
    "%2e%2e%2fetc.png",
    "CON.png",
    ".png",
    " .png",
    "*bold* _x_ $x$ :red[y] [a](b) `c`.png",
    "٣٤٥ المريض.png",
    "組織 😀 é.png",
    "a" * 240 + ".png",
    "${jndi:ldap:x}.png",
    "{{7*7}}.png",
)  # fmt: skip


@dataclass(frozen=True)
class Upload:
    """What somebody gives."""

    name: str
    content: bytes
    kind: str


def tissue(seed: int, side: int = 48) -> Image.Image:
    """A small picture in the colours of stained tissue."""
    noise = np.random.default_rng(seed).integers(-40, 40, (side, side, 3))
    return Image.fromarray((np.array([180, 100, 170]) + noise).astype(np.uint8))


def encoded(seed: int, suffix: str) -> bytes:
    """The picture as a file."""
    buffer = io.BytesIO()
    tissue(seed).save(buffer, FORMATS[suffix])
    return buffer.getvalue()


def hostile_uploads(seed: int = 0) -> list[Upload]:
    """`NUMBER` of them: every kind, and bit flips for the rest."""
    random = np.random.default_rng(seed)
    found = [
        *_cut(),
        *_wrong_kind(),
        *_nearly_nothing(),
        *_too_large(),
        *_animated(),
        *_deep_tiff(),
        *_polyglots(),
        *(Upload(name, encoded(5, "png"), "name") for name in NAMES),
        *(Upload(f"noise{n}.png", random.bytes(400 + 50 * n), "noise") for n in range(40)),
    ]
    suffixes = list(FORMATS)
    while len(found) < NUMBER:
        suffix = suffixes[len(found) % len(suffixes)]
        content = bytearray(encoded(len(found), suffix))
        for place in random.integers(0, len(content), random.integers(1, 30)):
            content[place] ^= 1 << int(random.integers(8))
        found.append(Upload(f"flipped{len(found)}.{suffix}", bytes(content), "bit flips"))
    return found[:NUMBER]


def _cut() -> list[Upload]:
    found = []
    for suffix in FORMATS:
        whole = encoded(1, suffix)
        for share in np.linspace(0.01, 0.99, 16):
            cut = whole[: int(len(whole) * share)]
            found.append(Upload(f"cut to {len(cut)}.{suffix}", cut, "cut"))
    return found


def _wrong_kind() -> list[Upload]:
    others = {
        "zip": b"PK\x03\x04" + b"\x00" * 200,
        "pdf": b"%PDF-1.7\n%\xe2\xe3\n1 0 obj<</Type/Catalog>>endobj",
        "exe": b"MZ" + b"\x90" * 500,
        "html": SCRIPT,
        "svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        "text": b"Ceci n'est pas une image",
        "pickle": b"cos\nsystem\n(S'true'\ntR.",
    }
    wrong = [
        Upload(f"{what} in truth.{suffix}", content, "wrong extension")
        for what, content in others.items()
        for suffix in FORMATS
    ]
    swapped = [
        Upload(f"{real} in truth.{named}", encoded(2, real), "wrong extension")
        for real in FORMATS
        for named in FORMATS
        if real != named
    ]
    return wrong + swapped


def _nearly_nothing() -> list[Upload]:
    starts = {
        "png": b"\x89PNG\r\n\x1a\n",
        "jpg": b"\xff\xd8\xff\xe0",
        "tif": b"II*\x00",
        "bmp": b"BM",
        "webp": b"RIFF\x00\x00\x00\x00WEBP",
    }
    return [
        Upload(f"{len(start[:length])} bytes.{suffix}", start[:length], "nearly nothing")
        for suffix, start in starts.items()
        for length in (0, 1, 4, 20)
    ]


def _png(width: int, height: int, rows: bytes, *, more: bytes = b"") -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + _crc(kind + body)

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + more
        + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )  # fmt: skip


def _crc(content: bytes) -> bytes:
    return struct.pack(">I", zlib.crc32(content))


def _zeros(number: int) -> bytes:
    packer = zlib.compressobj(1)
    block = bytes(1 << 20)
    parts = [packer.compress(block) for _ in range(number >> 20)]
    return b"".join([*parts, packer.compress(bytes(number & (1 << 20) - 1)), packer.flush()])


def _too_large() -> list[Upload]:
    side = 12_500  # 156 megapixels, 470 MB when decoded
    bomb = _png(side, side, _zeros(side * (3 * side + 1)))
    long_text = b"".join(
        struct.pack(">I", len(body)) + b"zTXt" + body + _crc(b"zTXt" + body)
        for body in [b"k\x00\x00" + _zeros(80_000_000)] * 3
    )  # fmt: skip
    sizes = ((65535, 65535), (2**31 - 1, 1), (1, 2**31 - 1), (2**31 - 1, 2**31 - 1), (0, 0), (0, 9))
    claims = [
        Upload(f"claims {w}x{h}.png", _png(w, h, _zeros(100)), "huge dimensions") for w, h in sizes
    ]
    for width, height in ((65535, 65535), (2**31 - 1, -1), (-5, 7), (0, 0)):
        head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
        claims.append(
            Upload(
                f"claims {width}x{height}.bmp",
                b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + head,
                "huge dimensions",
            )
        )
    jpeg = bytearray(encoded(3, "jpg"))
    at = jpeg.index(b"\xff\xc0")
    jpeg[at + 5 : at + 9] = b"\xff\xff\xff\xff"
    claims.append(Upload("claims 65535x65535.jpg", bytes(jpeg), "huge dimensions"))
    return [
        Upload("bomb.png", bomb, "decompression bomb"),
        Upload(
            "text bomb.png",
            _png(8, 8, _zeros(8 * 25), more=long_text),
            "decompression bomb",
        ),
        *claims,
    ]


def _animated() -> list[Upload]:
    frames = [tissue(number) for number in range(5)]
    found = []
    for suffix, name in (("webp", "WEBP"), ("png", "PNG"), ("tif", "TIFF"), ("gif", "GIF")):
        buffer = io.BytesIO()
        frames[0].save(buffer, name, save_all=True, append_images=frames[1:])
        shown = "png" if suffix == "gif" else suffix
        found.append(Upload(f"animated {suffix}.{shown}", buffer.getvalue(), "animated"))
    return found


def _deep_tiff() -> list[Upload]:
    def directory(entries: list[tuple[int, int, int, int]], following: int) -> bytes:
        body = b"".join(struct.pack("<HHII", *entry) for entry in entries)
        return struct.pack("<H", len(entries)) + body + struct.pack("<I", following)

    size = [(256, 4, 1, 8), (257, 4, 1, 8), (262, 3, 1, 1), (273, 4, 1, 8), (279, 4, 1, 64)]
    length = len(directory(size, 0))
    itself = b"II*\x00" + struct.pack("<I", 8) + directory(size, 8)
    many = b"II*\x00" + struct.pack("<I", 8)
    for number in range(20_000):
        many += directory(size, 8 + (number + 1) * length)
    nested = b"II*\x00" + struct.pack("<I", 8)
    nested_length = length + 12
    for number in range(5_000):
        nested += directory([*size, (330, 4, 1, 8 + (number + 1) * nested_length)], 0)
    outside = b"II*\x00" + struct.pack("<I", 0xFFFFFFF0)
    counts = b"II*\x00" + struct.pack("<I", 8) + directory([(256, 4, 0xFFFFFFFF, 8)], 0)
    made = {"loop": itself, "20,000": many, "nested": nested, "outside": outside, "counts": counts}
    return [Upload(f"directories {what}.tif", made[what], "deep TIFF") for what in made]


def _polyglots() -> list[Upload]:
    jpeg = encoded(4, "jpg")
    comment = b"\xff\xfe" + struct.pack(">H", len(SCRIPT) + 2) + SCRIPT
    made = {
        "after.png": encoded(4, "png") + SCRIPT,
        "after.jpg": jpeg + SCRIPT,
        "comment.jpg": jpeg[:2] + comment + jpeg[2:],
        "before.png": SCRIPT + encoded(4, "png"),
        "bmp and html.bmp": b"BM" + SCRIPT,
        "after.webp": encoded(4, "webp") + SCRIPT,
        "after.tif": encoded(4, "tif") + b"PK\x05\x06" + bytes(18),
    }
    return [Upload(name, content, "polyglot") for name, content in made.items()]
