"""An encoder that is fetched or read, tried and added in the background."""

from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import streamlit as st

from pages.shared.jobs import Job, Jobs

if TYPE_CHECKING:
    from core.encoders.add import About
    from core.encoders.shelf import Encoder

MOST_KEPT = 10


@dataclass(eq=False, kw_only=True)
class AddEncoderJob(Job):
    """One encoder, which is there once it has ended well."""

    deed = "add this encoder"

    encoder: "Encoder | None" = None

    def _asked_to_stop(self) -> bool:
        return self.stopping


@dataclass(eq=False, kw_only=True)
class AddGivenJob(AddEncoderJob):
    """An encoder from a path that was named, or from a file that was uploaded."""

    about: "About"
    given: Path | bytes

    def work(self) -> None:
        """Read it, try it, and put it among the encoders."""
        self.note("Beginning")
        from core.encoders.add import add_encoder  # noqa: PLC0415 - NumPy
        from core.encoders.given import refuse_outside_roots  # noqa: PLC0415

        if isinstance(self.given, Path):
            refuse_outside_roots(self.given)
            self.encoder = add_encoder(
                self.given, self.about, on_stage=self.report, stopped=self._asked_to_stop
            )
            return
        with TemporaryDirectory(prefix="lobule-") as folder:
            file = Path(folder) / "uploaded.onnx"
            file.write_bytes(self.given)
            self.given = b""
            self.encoder = add_encoder(
                file, self.about, on_stage=self.report, stopped=self._asked_to_stop
            )


@dataclass(eq=False, kw_only=True)
class AddKnownJob(AddEncoderJob):
    """A published encoder, whose licence was agreed to."""

    known: str
    called: str | None
    token: str | None = field(repr=False)

    def work(self) -> None:
        """Fetch it, convert it, try it, and put it among the encoders."""
        self.note("Beginning")
        from core.encoders.hub import add_known  # noqa: PLC0415 - NumPy

        token, self.token = self.token, None
        self.encoder = add_known(
            self.known,
            agreed=True,
            token=token,
            called=self.called,
            on_stage=self.report,
            stopped=self._asked_to_stop,
        )


def key_of_known(name: str) -> tuple[str, str]:
    """What the adding of a published encoder is known by in every session: two would collide."""
    return "published", name


@st.cache_resource(show_spinner=False)
def adding() -> Jobs[tuple[str, str], AddEncoderJob]:
    """The encoders that are being added: published ones by their name, others by the session."""
    return Jobs(MOST_KEPT)
