"""What a run drew reaches the browser though a part of the page is asked for as the run ends."""

import asyncio
import threading
import time
from collections.abc import Callable
from pathlib import Path
from unittest.mock import Mock

import pytest
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.runtime import Runtime
from streamlit.runtime.script_data import ScriptData
from streamlit.runtime.scriptrunner.script_cache import ScriptCache

from pages.frame import whole_runs

SCRIPT = """
import streamlit as st

@st.fragment
def part():
    st.text("a part")

part()
st.text(f"run {st.session_state.setdefault('runs', 0)}")
st.session_state.runs += 1
"""


class Watched:
    """A session as the server has it, with all that it sends to the browser."""

    def __init__(self, script: Path) -> None:
        self.texts: list[str] = []
        self.fragments: list[str] = []
        self.session = AppSession(
            ScriptData(str(script), is_hello=False),
            MemoryUploadedFileManager("/upload"),
            ScriptCache(),
            self._take,
            {},
        )

    def _take(self) -> None:
        for message in self.session.flush_browser_queue():
            if message.HasField("delta"):
                self.texts.append(message.delta.new_element.text.body)
                if message.delta.fragment_id:
                    self.fragments.append(message.delta.fragment_id)

    async def until(self, true: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 20
        while not true():
            assert time.monotonic() < deadline, self.texts
            await asyncio.sleep(0.01)


def wait_for_script() -> None:
    """Hold the event loop, as a busy server does, until the script has ended."""
    while any("ScriptRunner" in thread.name for thread in threading.enumerate()):
        time.sleep(0.01)


async def tick_as_a_run_ends(script: Path) -> list[str]:
    watched = Watched(script)
    watched.session.request_rerun(None)
    await watched.until(lambda: "run 0" in watched.texts)
    await watched.until(lambda: watched.session._scriptrunner is None)
    parts = watched.texts.count("a part")
    watched.session.request_rerun(None)
    wait_for_script()
    watched.session.request_rerun(ClientState(fragment_id=watched.fragments[-1]))
    wait_for_script()
    await watched.until(lambda: watched.texts.count("a part") > parts)
    await watched.until(lambda: watched.session._scriptrunner is None)
    await watched.until(lambda: not whole_runs._waiting.get(watched.session))
    watched.session.shutdown()
    return watched.texts


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(Runtime, "_instance", Mock(spec=Runtime))
    path = tmp_path / "page.py"
    path.write_text(SCRIPT, encoding="utf-8")
    return path


def test_streamlit_itself_loses_it(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Where this fails, Streamlit has mended it: `pages/frame/whole_runs.py` can go.
    monkeypatch.setattr(AppSession, "request_rerun", whole_runs._request_rerun)
    assert "run 1" not in asyncio.run(tick_as_a_run_ends(script))


def test_it_arrives(script: Path) -> None:
    whole_runs.keep_runs_whole()
    texts = asyncio.run(tick_as_a_run_ends(script))
    assert texts.count("run 1") == 1
    assert texts.count("a part") == 3
