"""Load the active model in the background, so that no page waits for TensorFlow."""

import gc
import logging
import threading
import time
from dataclasses import dataclass

import streamlit as st

from core.errors import LobuleError

log = logging.getLogger(__name__)

# The page that started the warm-up is drawn first; importing TensorFlow would slow it down.
HEAD_START_SECONDS = 1.0


@dataclass(slots=True)
class WarmUp:
    """What the background thread is doing."""

    loading: bool = True
    error: str | None = None

    def run(self) -> None:
        """Load the active model and let it answer once."""
        time.sleep(HEAD_START_SECONDS)
        try:
            from core.diagnosis import warm_up as load  # noqa: PLC0415 - after the page
            from core.registry.shelf import find  # noqa: PLC0415

            load(find(None))
            # Going through TensorFlow's half a million objects takes 0.3 s in which no thread runs.
            # They stay anyway, so they are left out whenever Python collects garbage.
            gc.freeze()
        except LobuleError as error:
            self.error = str(error)
        except Exception:
            log.exception("The model could not be warmed up")
            self.error = "The model could not be loaded; the log says why."
        finally:
            self.loading = False


@st.cache_resource(show_spinner=False)
def warm_up() -> WarmUp:
    """Start the warm-up at the first call in this process; later calls return its state."""
    state = WarmUp()
    threading.Thread(target=state.run, name="warm-up", daemon=True).start()
    return state
