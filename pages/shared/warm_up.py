"""Load the active model in the background, so that no page waits for TensorFlow."""

import gc
import time
from dataclasses import dataclass

import streamlit as st

from pages.shared.jobs import Job

# The page that started the warm-up is drawn first; importing TensorFlow would slow it down.
HEAD_START_SECONDS = 1.0


@dataclass(eq=False)
class WarmUp(Job):
    """The loading of the active model."""

    deed = "load the model"
    loaded: bool = False
    """Whether the model is in memory."""

    def work(self) -> None:
        """Load the active model and let it answer once."""
        time.sleep(HEAD_START_SECONDS)
        from core.diagnosis import warm_up as load  # noqa: PLC0415 - after the page
        from core.registry.shelf import find  # noqa: PLC0415

        load(find(None))
        self.loaded = True
        # Going through TensorFlow's half a million objects takes 0.3 s in which no thread runs.
        # They stay anyway, so they are left out whenever Python collects garbage.
        gc.freeze()


@st.cache_resource(show_spinner=False)
def warm_up() -> WarmUp:
    """Start the warm-up at the first call in this process; later calls return its state."""
    job = WarmUp()
    job.start()
    return job
