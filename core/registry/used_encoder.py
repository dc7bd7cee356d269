"""The encoder behind a model: found by its hash, or named so that somebody can get it."""

import shlex
from typing import TYPE_CHECKING

from core.encoders.catalogue import KnownEncoder, known_encoders
from core.encoders.shelf import Encoder, encoder_of, encoders
from core.errors import PackageError
from core.registry.card import Card
from core.registry.card_parts import UsedEncoder

if TYPE_CHECKING:
    from core.registry.package import Package

_COMMERCIAL = {"allowed": "yes", "not allowed": "no", "unknown": "unknown"}


def encoder_behind(package: "Package") -> Encoder:
    """The encoder that a model rests on: the shelf's, or the one that travelled with the model.

    Raises
    ------
    PackageError
        If it is not at hand.
    """
    card, along = package.card, package.encoder
    assert card.encoder is not None  # noqa: S101 - asked of such models only
    encoder = encoder_of(card.encoder.sha256)
    if encoder is None and along is not None and along.path.is_dir():
        encoder = along
    if encoder is None:
        raise PackageError(without_encoder(card))
    return encoder


def without_encoder(card: Card) -> str:
    """Say which encoder a model lacks, where to get it, and how to add it as it was."""
    used = card.encoder
    assert used is not None  # noqa: S101 - asked of such models only
    namesake = next((entry for entry in encoders() if entry.name == used.name), None)
    refused = (
        f" The one of that name is refused: {namesake.error}" if namesake and namesake.error else ""
    )
    lacks = (
        f"The model {card.name!r} rests on the encoder {used.title!r}, which is not here.{refused}"
    )
    replace = ["--replace"] if namesake else []
    if published := _as_published(used):
        words = ["python", "-m", "core", "encoders", "add", published.name, "--agree"]
        words += [] if used.name == published.name else ["--name", used.name]
        changed = (
            " One of that name is here, but of other weights: what is published may have changed."
            if namesake and namesake.encoder
            else ""
        )
        return (
            f"{lacks}{changed} It was published: {used.source} (licence: {used.licence}). Add it: "
            f"{shlex.join([*words, *replace])}"
        )
    words = ["python", "-m", "core", "encoders", "add", "FILE", "--name", used.name]
    words += ["--source", used.source, "--licence", used.licence, "--citation", used.citation]
    words += ["--commercial", _COMMERCIAL[used.commercial], "--size", str(used.input.height)]
    words += ["--mean", _numbers(used.input.mean), "--deviation", _numbers(used.input.deviation)]
    words += ["--features", used.features.replace(" ", "-")]
    words += ["--tensor", used.tensor] if used.tensor else []
    if used.input.um_per_px is not None:
        words += ["--um-per-px", f"{used.input.um_per_px:g}"]
    words += replace
    return (
        f"{lacks} Get its file, with the SHA-256 {used.made_from}, from {used.source} (licence: "
        f"{used.licence}), and add it: {shlex.join(words)}"
    )


def _as_published(used: UsedEncoder) -> KnownEncoder | None:
    """The entry of the catalogue that it came from; None where a card only says so."""
    known = {each.name: each for each in known_encoders()}.get(used.known or "")
    if known and (known.input, known.features) == (used.input, used.features):
        return known
    return None


def _numbers(values: tuple[float, ...]) -> str:
    return ",".join(repr(value) for value in values)
