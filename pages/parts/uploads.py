"""What the user gives: image files, or the phantom."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

IMAGE_TYPES = ["png", "jpg", "jpeg", "tif", "tiff", "bmp", "webp"]
PHANTOM_NAME = "phantom (synthetic).png"
PHANTOM_UM_PER_PX = 4.0


@dataclass(frozen=True, slots=True)
class Upload:
    """One image to answer; `um_per_px` is set where the page knows the scale itself.

    `load` returns the file's bytes: the phantom's are drawn only once somebody waits for them.
    """

    id: str
    name: str
    load: Callable[[], bytes]
    um_per_px: float | None = None
    synthetic: bool = False


def ask_for_images() -> list[Upload]:
    """Draw the uploader and return what was uploaded, the phantom first."""
    files = st.file_uploader(
        "Images of breast tissue (H&E)",
        type=IMAGE_TYPES,
        accept_multiple_files=True,
        key="files",
        help="PNG, JPEG, TIFF, BMP or WebP. They stay on this computer, in "
        "memory, and are forgotten when this page is closed.",
    )
    _offer_to_remove_sent()
    uploads = [*_sent(), *(Upload(file.file_id, file.name, file.getvalue) for file in files)]
    return [PHANTOM, *uploads] if st.session_state.get("phantom_shown") else uploads


def send(upload: Upload) -> None:
    """Put an image that another page shows first among those to answer; its like goes."""
    others = [other for other in _sent() if other.id != upload.id]
    st.session_state["sent_images"] = [upload, *others]
    st.session_state["phantom_shown"] = False


def _offer_to_remove_sent() -> None:
    """Draw the button that removes images that came from another page, if there are any."""
    if sent := _sent():
        words = "1 image" if len(sent) == 1 else f"{len(sent)} images"
        st.button(
            f"Remove {words} from Performance",
            key="remove_sent",
            width="stretch",
            on_click=lambda: st.session_state.pop("sent_images", None),
        )


def _sent() -> list[Upload]:
    sent: list[Upload] = st.session_state.get("sent_images", [])
    return sent


PHANTOM_IS = (
    "The phantom is a synthetic image, drawn by a program to look like stained tissue with a "
    "cell-dense region. It needs no patient and proves nothing about accuracy."
)


def phantom_button(key: str, *, primary: bool = False) -> None:
    """Draw the button that shows or removes the phantom."""
    shown = st.session_state.get("phantom_shown", False)
    st.button(
        "Remove the phantom" if shown else "Try the phantom",
        key=key,
        type="primary" if primary else "secondary",
        width="content" if primary else "stretch",
        on_click=_toggle_phantom,
    )


@st.cache_resource(show_spinner=False)
def _render_phantom() -> bytes:
    """Return the phantom as a file, rendered once in this process."""
    from core.imaging.overlay import encode_png  # noqa: PLC0415 - OpenCV, not needed to draw a page
    from core.imaging.phantom import render_phantom  # noqa: PLC0415

    return encode_png(render_phantom(um_per_px=PHANTOM_UM_PER_PX).pixels)


PHANTOM = Upload("phantom", PHANTOM_NAME, _render_phantom, PHANTOM_UM_PER_PX, synthetic=True)


def _toggle_phantom() -> None:
    st.session_state["phantom_shown"] = not st.session_state.get("phantom_shown", False)
