"""A network made elsewhere, read and added in the background."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import streamlit as st

from core.adoption.inside import scales_itself
from pages.shared.jobs import Job, Jobs

if TYPE_CHECKING:
    from core.adoption.foreign import Foreign
    from core.adoption.network import FlatNetwork
    from core.adoption.request import Adoption
    from core.registry.package import Package

MOST_KEPT = 3  # networks that stay in memory


@dataclass(eq=False)
class ReadJob(Job):
    """One file; `foreign` and `network` are there once it has ended well."""

    deed = "read this network"

    name: str
    content: bytes
    foreign: "Foreign | None" = None
    network: "FlatNetwork | None" = None
    inside: str | None = None

    def work(self) -> None:
        """Look through the file, load the network, and make it flat."""
        self.note("Reading the network")
        from core.adoption.foreign import read_foreign  # noqa: PLC0415 - TensorFlow
        from core.adoption.network import build_flat  # noqa: PLC0415

        with TemporaryDirectory(prefix="lobule-") as folder:
            path = Path(folder) / "network"
            path.write_bytes(self.content)
            foreign = read_foreign(path, self.name)
        self.content = b""
        self.report("Flattening it")
        network = build_flat(foreign, "pixels")
        self.inside = scales_itself(network.model)
        self.foreign, self.network = foreign, network


@dataclass(eq=False)
class AdoptJob(Job):
    """One network that is judged, if it can be, and added; `package` is there once it is."""

    deed = "add this model"

    foreign: "Foreign"
    request: "Adoption"
    package: "Package | None" = None

    def work(self) -> None:
        """Judge it on the labelled folder, if there is one, and put it among the models."""
        self.note("Beginning")
        from core.adoption.adopt import adopt  # noqa: PLC0415 - TensorFlow
        from core.datasets.browse import remember_dataset  # noqa: PLC0415 - pandas

        self.package = adopt(self.foreign, self.request, self.report)
        if self.request.data:
            remember_dataset(self.request.data)


@st.cache_resource(show_spinner=False)
def reading() -> Jobs[str, ReadJob]:
    """The files that were read, by the upload."""
    return Jobs(MOST_KEPT)


@st.cache_resource(show_spinner=False)
def adopting() -> Jobs[str, AdoptJob]:
    """The networks that are being added, by the upload."""
    return Jobs(MOST_KEPT)
