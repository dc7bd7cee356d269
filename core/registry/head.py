"""The head of a model that rests on an encoder: one linear layer on the encoder's features.

`head.npz` holds its kernel and bias; the package has no network of its own.
"""

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.encoders.features import with_head
from core.errors import PackageError
from core.registry.archive import DAMAGE
from core.registry.card import Card
from core.registry.card_parts import PLACES, WHOLE
from core.registry.files import HEAD_FILE
from core.registry.graph import CLASS_MAPS, FEATURES, LOGITS, Graph
from core.registry.package import Package, save_whole, write_tables
from core.registry.used_encoder import encoder_behind
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
        # What is no array comes as bytes.
        head = LinearHead(*(np.asarray(part) for part in head))
    except (*DAMAGE, OSError, ValueError, KeyError, TypeError, MemoryError) as error:
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
    encoder = encoder_behind(package)
    wanted, size = package.card.input, encoder.card.input
    layer = PLACES if encoder.card.grid else WHOLE
    if (wanted.height, wanted.width, package.card.heatmap_layer) != (
        size.height,
        size.width,
        layer,
    ):
        raise PackageError(
            f"The model {package.card.name!r} takes {wanted.width}×{wanted.height} px and explains "
            f"{package.card.heatmap_layer!r}; its encoder takes {size.width}×{size.height} px and "
            f"has {layer!r}. Add the encoder again, or train the model again."
        )
    head = read_head(package.path, package.card)
    names = (LOGITS, FEATURES, CLASS_MAPS)
    return Graph(
        lambda: with_head(encoder, head.kernel, head.bias, names),
        head.kernel.nbytes + encoder.constants_bytes,
        layer,
        (layer,),
    )
