"""Room on this server: windows wait in line, uploads wait until there is memory for them."""

from collections.abc import Collection
from functools import partial

import streamlit as st
from streamlit.runtime import exists, get_instance
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from core.receiving import for_room
from core.rights import who_acts
from core.room import Windows, files_on_desks, most_for_files, most_for_files_of_one
from pages.shared.plain import notice

_LOOK_AGAIN = 2.0  # seconds
_windows = Windows()


def served() -> bool:
    """Tell whether this window is served; if not, say so, and go on when it is."""
    place = _place()
    if place:
        st.title("Lobule is busy", anchor=False)
        _wait_in_line()
    return not place


def say_if_uploads_wait() -> None:
    """Say that what is being uploaded here waits for room; it goes on by itself."""
    if for_room[_window()]:
        # Below the page, so that nothing on it changes its place: an uploader would begin anew.
        with st.container(key="room_for_uploads"):
            _watch_uploads()


def _window() -> str:
    context = get_script_run_ctx()
    return context.session_id if context else ""


def _place() -> int:
    if not exists():  # no server: a test of a page
        return 0
    window = _window()
    is_there = partial(get_instance().is_active_session, window)
    return _windows.place_in_line(window, who_acts().name, is_there)


@st.fragment(run_every=_LOOK_AGAIN)
def _wait_in_line() -> None:
    place = _place()
    if not place:
        st.rerun()
    st.text(
        "As many windows are open as this server serves at once. You are number "
        f"{place:,} in line; this page goes on by itself when it is your turn. Close windows "
        "that you do not need."
    )


@st.fragment(run_every=_LOOK_AGAIN)
def _watch_uploads() -> None:
    waiting = for_room[_window()]
    if not waiting:
        st.rerun()
    files = (
        "1 file waits and goes on by itself"
        if waiting == 1
        else f"{waiting:,} files wait and go on by themselves"
    )
    notice(
        "Lobule is busy: open images fill the memory that is kept for them, or the half that one "
        f"person may take. {files} when some are cleared."
    )


class ServerRoom:
    """What uploads need to know of this server; see `core.receiving.Room`."""

    def uploaded(self, window: str) -> int:
        """Return bytes of files that came in a window, and that nobody can clear on its page."""
        on_desks = {name for _, name, _ in files_on_desks()}
        return _bytes_besides(on_desks, self._uploaded().get(window, []))

    def held(self, window: str) -> tuple[int, int]:
        """Return bytes of files of whoever is in a window, and of everybody."""
        person = _windows.person_of(window)
        on_desks = {name: (owner, size) for owner, name, size in files_on_desks()}
        own_bytes = sum(size for owner, size in on_desks.values() if owner == person)
        total = sum(size for _, size in on_desks.values())
        for session, files in self._uploaded().items():
            size = _bytes_besides(on_desks, files)
            total += size
            own_bytes += size * (_windows.person_of(session) == person)
        return own_bytes, total

    def most(self) -> tuple[int, int]:
        """Return what both may be at most."""
        return most_for_files_of_one(), most_for_files()

    def tell(self, window: str) -> None:
        """Draw the page in a window again, which then says that uploads wait."""
        info = get_instance()._session_mgr.get_active_session_info(window)  # noqa: SLF001
        if info is not None:
            info.session.request_rerun(info.session._client_state)  # noqa: SLF001

    def _uploaded(self) -> dict[str, list[UploadedFileRec]]:
        manager = get_instance().uploaded_file_mgr
        assert isinstance(manager, MemoryUploadedFileManager)  # noqa: S101
        with manager._lock:  # noqa: SLF001
            return {key: list(files.values()) for key, files in manager.file_storage.items()}


def _bytes_besides(on_desks: Collection[str], files: list[UploadedFileRec]) -> int:
    """Bytes of uploaded files but those on a desk, which are the same in memory."""
    return sum(len(file.data) for file in files if file.file_id not in on_desks)
