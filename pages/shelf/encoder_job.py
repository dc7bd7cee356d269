"""An encoder that is read, tried and added in the background."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import streamlit as st

from pages.shared.jobs import Job, Jobs

if TYPE_CHECKING:
    from core.encoders.add import About
    from core.encoders.shelf import Encoder

MOST_KEPT = 10


@dataclass(eq=False)
class AddEncoderJob(Job):
    """One encoder from a path that was named, or from a file that was uploaded.

    `encoder` is there once it has ended well.
    """

    deed = "add this encoder"

    about: "About"
    given: Path | bytes
    encoder: "Encoder | None" = None

    def work(self) -> None:
        """Read it, try it, and put it among the encoders."""
        self.note("Beginning")
        from core.encoders.add import add_encoder, refuse_outside_roots  # noqa: PLC0415 - NumPy

        if isinstance(self.given, Path):
            refuse_outside_roots(self.given)
            self.encoder = add_encoder(self.given, self.about, told=self.report)
            return
        with TemporaryDirectory(prefix="lobule-") as folder:
            file = Path(folder) / "uploaded.onnx"
            file.write_bytes(self.given)
            self.given = b""
            self.encoder = add_encoder(file, self.about, told=self.report)


@st.cache_resource(show_spinner=False)
def adding() -> Jobs[tuple[str, int], AddEncoderJob]:
    """The encoders that are being added, by the session and its form."""
    return Jobs(MOST_KEPT)
