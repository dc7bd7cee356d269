"""A model on its way to another machine, and as it stands there."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.cluster import Files
from core.encoders.shelf import CARD_FILE as ENCODER_CARD
from core.encoders.shelf import CONSTANTS_FILE, Encoder
from core.encoders.shelf import GRAPH_FILE as ENCODER_GRAPH
from core.registry.card import Card
from core.registry.package import HISTORY_FILE, PREDICTIONS_FILE, Package

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.encoders.card import EncoderCard

_NOT_ASKED = {HISTORY_FILE, PREDICTIONS_FILE}


@dataclass(frozen=True)
class Travelling:
    """A model apart from its files.

    Attributes
    ----------
    card : Card
    encoder : EncoderCard or None
        Of what its head rests on.
    members : tuple of Travelling
        Of an ensemble.
    """

    card: Card
    encoder: "EncoderCard | None"
    members: "tuple[Travelling, ...]"


def send_off(package: Package, name: str = "model") -> tuple[Travelling, dict[str, Files]]:
    """A model of the shelf as it travels: what is known of it, and its files by folder.

    Parameters
    ----------
    package : Package
    name : str
        Of its folder; those of its encoder and its members are called after it.
    """
    files = {}
    files_needed = tuple(file for file in package.card.files if file not in _NOT_ASKED)
    if files_needed:
        files[name] = Files(package.path, files_needed)
    encoder = package.encoder
    if encoder:
        parts = (ENCODER_CARD, ENCODER_GRAPH, CONSTANTS_FILE)
        files[f"{name}_encoder"] = Files(encoder.path, parts)
    members = []
    for number, member in enumerate(package.members):
        travelling, of_member = send_off(member, f"{name}_{number}")
        members.append(travelling)
        files |= of_member
    return Travelling(package.card, encoder.card if encoder else None, tuple(members)), files


def arrived(travelling: Travelling, folders: "Mapping[str, Path]", name: str = "model") -> Package:
    """The model where it arrived, its files in the folders that `send_off` names."""
    encoder = folders.get(f"{name}_encoder")
    return Package(
        folders.get(name, Path(name)),
        travelling.card,
        tuple(
            arrived(member, folders, f"{name}_{number}")
            for number, member in enumerate(travelling.members)
        ),
        Encoder(encoder, travelling.encoder) if encoder and travelling.encoder else None,
    )
