"""The head of a model that rests on an encoder: one linear layer on the encoder's features.

`head.npz` holds its kernel and bias; the package has no network of its own.
"""

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from core.encoders.features import with_head
from core.encoders.shelf import Encoder, encoder_of
from core.errors import PackageError
from core.registry.card import Card
from core.registry.card_parts import PLACES, WHOLE
from core.registry.files import HEAD_FILE
from core.registry.graph import CLASS_MAPS, FEATURES, LOGITS, Graph
from core.registry.package import Package, save_whole, write_tables
from core.zip_files import open_zip

if TYPE_CHECKING:
    import pandas as pd

    from core.evaluation.scope_distance import Reference

_MOST_BYTES = 70_000_000  # 16,384 features, 1,000 classes, 32 bit
_ARRAYS = 2


class LinearHead(NamedTuple):
    """A linear layer: features (N, F) @ kernel (F, K) + bias (K,); K is 1 with a sigmoid."""

    kernel: NDArray[np.float32]
    bias: NDArray[np.float32]


def save_on_encoder(
    folder: Path,
    card: Card,
    head: LinearHead,
    *,
    predictions: "pd.DataFrame",
    history: "pd.DataFrame",
    scope: "Reference | None" = None,
    replace: bool = False,
) -> Package:
    """Write a model that rests on an encoder: its head, and what `save_package` writes besides.

    Raises
    ------
    PackageError
        If there is a package already and `replace` is not set.
    """

    def fill(temporary: Path) -> None:
        with (temporary / HEAD_FILE).open("wb") as file:
            np.savez(file, kernel=head.kernel, bias=head.bias)
        write_tables(temporary, predictions, history, scope)

    return save_whole(Path(folder), card, fill, replace=replace)


def read_head(folder: Path, card: Card) -> LinearHead:
    """Read the head of a package whose files were verified.

    Raises
    ------
    PackageError
        If it is no head, or not one of as many features and classes as the card says.
    """
    path = folder / HEAD_FILE
    outputs = 1 if card.head == "sigmoid" else len(card.classes)
    features = card.encoder.dimension if card.encoder else 0
    try:
        with open_zip(path, _ARRAYS) as archive:
            if sum(member.file_size for member in archive.infolist()) > _MOST_BYTES:
                raise PackageError(f"{path} is too large to be a head. Restore the package.")
        with np.load(path, allow_pickle=False) as stored:
            head = LinearHead(stored["kernel"], stored["bias"])
    except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile) as error:
        raise PackageError(f"{path} is damaged ({error}). Restore the package.") from error
    shapes = (head.kernel.shape, head.bias.shape)
    if shapes != ((features, outputs), (outputs,)) or not all(
        part.dtype == np.float32 and np.isfinite(part).all() for part in head
    ):
        raise PackageError(
            f"{path} holds {shapes[0]} and {shapes[1]} numbers; its card asks for {features} "
            f"features and {outputs} outputs, all finite. Restore the package."
        )
    return head


def graph_on_encoder(package: Package) -> Graph:
    """The graph of a package that rests on an encoder.

    Raises
    ------
    PackageError
        If its encoder is not at hand, or head and encoder do not fit.
    """
    encoder = encoder_behind(package.card)
    head = read_head(package.path, package.card)
    layer = PLACES if encoder.card.grid else WHOLE
    names = (LOGITS, FEATURES, CLASS_MAPS)
    return Graph(
        lambda: with_head(encoder, head.kernel, head.bias, names),
        head.kernel.nbytes + encoder.constants_bytes,
        layer,
        (layer,),
    )


def encoder_behind(card: Card) -> Encoder:
    """The encoder that a model rests on.

    Raises
    ------
    PackageError
        If it is not at hand.
    """
    assert card.encoder is not None  # noqa: S101 - asked of such models only
    encoder = encoder_of(card.encoder.sha256)
    if encoder is None:
        raise PackageError(without_encoder(card))
    return encoder


def without_encoder(card: Card) -> str:
    """Say which encoder a model lacks, and where to get it."""
    used = card.encoder
    assert used is not None  # noqa: S101
    return (
        f"The model {card.name!r} rests on the encoder {used.title!r}, which is not here. Get it "
        f"from {used.source} (licence: {used.licence}) and add it, exactly the one with the hash "
        f"{used.sha256[:12]}, by `python -m core encoders add FILE --name {used.name}`."
    )
