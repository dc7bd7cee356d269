"""What the user gives: image files, or the phantom; all of it goes onto the desk."""

from functools import cache
from typing import TYPE_CHECKING

import streamlit as st

from pages.desk.state import MOST_IMAGES, Desk, Upload, keep_in_address, open_desk
from pages.desk.stated_scale import forget_scale
from pages.shared.hand_over import take_over
from pages.shared.plain import notice

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

IMAGE_TYPES = ["png", "jpg", "jpeg", "tif", "tiff", "bmp", "webp"]
PHANTOM_NAME = "phantom (synthetic).png"
PHANTOM_UM_PER_PX = 4.0
_TURN = "uploader"
_HELD, _REFUSAL = "uploads_held", "not_taken"


def ask_for_images() -> None:
    """Draw the uploader; what is uploaded lies on the desk from then on."""
    turn = st.session_state.setdefault(_TURN, 0)
    key = f"files-{turn}" if turn else "files"
    if key not in st.session_state:  # new, or empty again because another page was on show
        st.session_state[_HELD] = []
    files = st.file_uploader(
        "Images of breast tissue (H&E)",
        type=IMAGE_TYPES,
        accept_multiple_files=True,
        key=key,
        help=f"PNG, JPEG, TIFF, BMP or WebP, up to {MOST_IMAGES} of one case. They stay in "
        "memory until you clear them, 12 hours at most.",
    )
    _take({file.file_id: file for file in files})
    if refusal := st.session_state.get(_REFUSAL):
        notice(refusal)


def _take(files: "dict[str, UploadedFile]") -> None:
    """Lay new files of the uploader on the desk, and take away those that were taken out of it."""
    held: list[str] = st.session_state[_HELD]
    if held == list(files):
        return
    desk = open_desk()
    desk.remove([key for key in held if key not in files])
    st.session_state[_REFUSAL] = desk.put(
        [
            Upload(file.file_id, file.name, file.getvalue, size=file.size)
            for file in files.values()
            if file.file_id not in held
        ]
    )
    st.session_state[_HELD] = list(files)
    keep_in_address(desk)


def take_away(ids: list[str]) -> None:
    """Take images off the desk; the uploader, which may still list them, starts afresh."""
    open_desk().remove(ids)
    st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1
    st.session_state.pop(_REFUSAL, None)


def receive() -> None:
    """Lay an image that another page has sent on the desk, on show, and have its model answer."""
    sent = take_over()
    if sent is None:
        return
    desk = open_desk()
    size = sent.file.stat().st_size
    upload = Upload(str(sent.file), sent.name, sent.file.read_bytes, sent.um_per_px, size=size)
    desk.remove([upload.id, PHANTOM.id])
    _put_on_show(desk, upload)
    st.session_state["model"] = sent.model


def offer_to_clear(desk: Desk) -> None:
    """Draw the button that takes all images away."""
    number = len(desk.images)
    words = "1 image" if number == 1 else f"{number:,} images"
    st.button(
        f"Clear all ({words})",
        key="desk_clear",
        width="stretch",
        on_click=_clear,
        args=(desk,),
        help="Images, verdicts and scale go; saved cases stay.",
    )


def _clear(desk: Desk) -> None:
    take_away(list(desk.images))
    desk.scale = None
    forget_scale()


PHANTOM_IS = "A synthetic image of stained tissue. It proves nothing about accuracy."


def phantom_button(key: str, *, primary: bool = False) -> None:
    """Draw the button that shows or removes the phantom."""
    shown = PHANTOM.id in open_desk().images
    st.button(
        "Remove the phantom" if shown else "Try the phantom",
        key=key,
        type="primary" if primary else "secondary",
        width="content" if primary else "stretch",
        on_click=_toggle_phantom,
    )


@cache
def _render_phantom() -> bytes:
    """Return the phantom as a file, rendered once in this process."""
    from core.imaging.overlay import encode_png  # noqa: PLC0415 - OpenCV, not needed to draw a page
    from core.imaging.phantom import render_phantom  # noqa: PLC0415

    return encode_png(render_phantom(um_per_px=PHANTOM_UM_PER_PX).pixels)


PHANTOM = Upload("phantom", PHANTOM_NAME, _render_phantom, PHANTOM_UM_PER_PX, synthetic=True)


def _toggle_phantom() -> None:
    desk = open_desk()
    if PHANTOM.id in desk.images:
        desk.remove([PHANTOM.id])
    else:
        _put_on_show(desk, PHANTOM)


def _put_on_show(desk: Desk, upload: Upload) -> None:
    st.session_state[_REFUSAL] = desk.put([upload], first=True)
    if upload.id in desk.images:
        desk.chosen = upload.id
