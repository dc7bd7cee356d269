"""What the user gives: image files, or the phantom; all of it goes onto the desk."""

from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from core.errors import ImageError
from core.imaging.archive import SUFFIX, unpack
from core.roots import image_file
from core.settings import get_settings
from pages.desk.state import MOST_BYTES, MOST_IMAGES, Desk, Upload, keep_in_address, open_desk
from pages.desk.stated_scale import forget_scale
from pages.desk.whole_slides import SLIDE_TYPES, let_go, may_be_slide, offer_slides, take_slides
from pages.shared.hand_over import take_model, take_over
from pages.shared.plain import notice

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

IMAGE_TYPES = ["png", "jpg", "jpeg", "tif", "tiff", "bmp", "webp"]
PHANTOM_NAME = "phantom (synthetic).png"
PHANTOM_UM_PER_PX = 4.0
_TURN = "uploader"
_HELD, _REFUSAL = "uploads_held", "not_taken"
_INSIDE = "/"
"""Between an archive's id and the number of an image in it."""


def ask_for_images() -> None:
    """Draw the uploader; what is uploaded lies on the desk from then on."""
    turn = st.session_state.setdefault(_TURN, 0)
    key = f"files-{turn}" if turn else "files"
    if key not in st.session_state:  # new, or empty again because another page was on show
        st.session_state[_HELD] = []
    files = st.file_uploader(
        "Images of breast tissue (H&E)",
        type=[*IMAGE_TYPES, *SLIDE_TYPES, "zip"],
        accept_multiple_files=True,
        key=key,
        help=f"PNG, JPEG, TIFF, BMP or WebP, or a zip of them, up to {MOST_IMAGES} of one case. "
        "Kept in memory until cleared, 12 hours at most. Whole slides (SVS, NDPI, DICOM…) are kept "
        "on the server and open on the Slides page.",
    )
    came = _take({file.file_id: file for file in files})
    refused = bool(st.session_state.get(_REFUSAL))
    offer_slides(at_once=came and not refused and not open_desk().images)
    if refusal := st.session_state.get(_REFUSAL):
        notice(refusal)


def _take(files: "dict[str, UploadedFile]") -> bool:
    """Lay new files of the uploader on the desk, and take away those that were taken out of it.

    Returns whether there were new ones.
    """
    held: list[str] = st.session_state[_HELD]
    if held == list(files):
        return False
    desk = open_desk()
    gone = tuple(key for key in held if key not in files)
    desk.remove([key for key in desk.images if key.split(_INSIDE)[0] in gone])
    let_go(list(gone))
    new = [file for file in files.values() if file.file_id not in held]
    slides, messages = _keep_slides(new)
    uploads: list[Upload] = []
    for file in (file for file in new if file not in slides):
        taken, words = _images_of(file)
        uploads += taken
        messages += words
    refusal = desk.put(uploads)
    st.session_state[_REFUSAL] = " ".join([*messages, *([refusal] if refusal else [])])
    st.session_state[_HELD] = list(files)
    keep_in_address(desk)
    return bool(new)


def _keep_slides(files: "list[UploadedFile]") -> "tuple[list[UploadedFile], list[str]]":
    """Keep the whole slides of what came at once: several DICOM files may be one slide."""
    several = len({file.name for file in files}) < len(files)
    named = {
        f"{number}-{file.name}" if several else file.name: file
        for number, file in enumerate(files)
        if may_be_slide(file.name)
    }
    if not named:
        return [], []
    key = next(iter(named.values())).file_id
    images, refusals = take_slides({name: file.getvalue() for name, file in named.items()}, key)
    return [file for name, file in named.items() if name not in images], refusals


def _images_of(file: "UploadedFile") -> tuple[list[Upload], list[str]]:
    """The image of a file, or those in an archive; and sentences on what was left out."""
    if not file.name.lower().endswith(SUFFIX):
        return [Upload(file.file_id, file.name, file.getvalue, size=file.size)], []
    try:
        unpacked = unpack(
            file.getvalue(),
            [f".{kind}" for kind in (*IMAGE_TYPES, *SLIDE_TYPES)],
            MOST_IMAGES,
            get_settings().max_image_bytes,
            MOST_BYTES,
        )
    except ImageError as error:
        return [], [f"{file.name}: {error}"]
    images, refusals = take_slides(unpacked.images, file.file_id)
    uploads = [
        Upload(f"{file.file_id}{_INSIDE}{number}", name, partial(_same, content), size=len(content))
        for number, (name, content) in enumerate(images.items())
    ]
    left = ", ".join(f"{why} ({number:,})" for why, number in unpacked.left_out.items())
    words = [f"Left out of {file.name}: {left}."] if left else []
    words += [f"{file.name}: {refusal}" for refusal in refusals]
    if not unpacked.images:
        words.append(f"There is no usable image in {file.name}.")
    return uploads, words


def _same(content: bytes) -> bytes:
    return content


def _content(file: Path) -> bytes:
    return image_file(file).read_bytes()


def take_away(ids: list[str]) -> None:
    """Take images off the desk; the uploader, which may still list them, starts afresh."""
    open_desk().remove(ids)
    st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1
    st.session_state.pop(_REFUSAL, None)


def receive() -> None:
    """Take what another page has sent: a model that is to answer, or an image and its model."""
    if model := take_model():
        st.session_state["model"] = model
    sent = take_over()
    if sent is None:
        return
    desk = open_desk()
    size = image_file(sent.file).stat().st_size
    content = partial(_content, sent.file)
    upload = Upload(str(sent.file), sent.name, content, sent.um_per_px, size=size)
    desk.remove([upload.id, PHANTOM.id])
    put_on_show(desk, upload)
    st.session_state["model"] = sent.model


def offer_to_clear(desk: Desk) -> None:
    """Draw the button that takes all images away, which asks first."""
    number = len(desk.images)
    words = "1 image" if number == 1 else f"{number:,} images"
    with st.popover(f"Clear all ({words})", width="stretch"):
        st.text("Removes images, answers, verdicts and scale; saved cases stay.")
        st.button(f"Clear {words}", key="desk_clear", type="primary", on_click=_clear, args=(desk,))


def _clear(desk: Desk) -> None:
    take_away(list(desk.images))
    desk.scale = None
    forget_scale()


@cache
def _render_phantom() -> bytes:
    """Return the phantom as a file, rendered once in this process."""
    from core.imaging.overlay import encode_png  # noqa: PLC0415 - OpenCV, not needed to draw a page
    from core.imaging.phantom import render_phantom  # noqa: PLC0415

    return encode_png(render_phantom(um_per_px=PHANTOM_UM_PER_PX).pixels)


PHANTOM = Upload(
    "phantom",
    PHANTOM_NAME,
    _render_phantom,
    PHANTOM_UM_PER_PX,
    synthetic=True,
    note="synthetic image, no patient",
)


def put_on_show(desk: Desk, upload: Upload) -> None:
    """Lay an image on the desk, before the others, and show it."""
    st.session_state[_REFUSAL] = desk.put([upload], first=True)
    if upload.id in desk.images:
        desk.chosen = upload.id
