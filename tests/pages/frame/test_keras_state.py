"""Runs of a page leave Keras alone."""

from pathlib import Path

import keras
import pytest
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.usefixtures("shelf")
def test_no_run_of_a_page_clears_the_state_of_keras(monkeypatch: pytest.MonkeyPatch) -> None:
    cleared: list[bool] = []
    monkeypatch.setattr(keras.backend, "clear_session", lambda *_: cleared.append(True))
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    assert not page.exception
    page.switch_page("pages/about.py").run()
    assert not cleared
