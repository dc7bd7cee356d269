"""A model package on disk: save it whole or not at all, and load only what its hashes vouch for."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from core.atomic import flush, hidden_folder, put_in_place, tidy
from core.errors import PackageError
from core.hashing import sha256_of
from core.registry.archive import check_model, inspect_archive
from core.registry.card import CARD_FILE, SCHEMA_VERSION, Card
from core.registry.card_text import read_text
from core.registry.files import GRAPH_FILE, HEAD_FILE, MODEL_FILE, SCOPE_FILE, check_files
from core.wrong_values import in_words

if TYPE_CHECKING:
    import pandas as pd

    from core.encoders.shelf import Encoder
    from core.evaluation.scope_distance import Reference

PREDICTIONS_FILE = "predictions.csv"
HISTORY_FILE = "history.csv"


@dataclass(frozen=True)
class Package:
    """A model package whose card was read and whose files have been verified.

    The shelf knows an ensemble's `members`, in their card's order, and a head's `encoder`.
    """

    path: Path
    card: Card
    members: tuple["Package", ...] = ()
    encoder: "Encoder | None" = None

    @property
    def untested(self) -> bool:
        """Whether nobody judged it, or a member of it, that was made elsewhere."""
        return self.card.untested or any(member.untested for member in self.members)

    @property
    def model_path(self) -> Path:
        """The network's file."""
        return self.path / MODEL_FILE

    @property
    def model_sha256(self) -> str:
        """The network's hash, as the card states it; of an ensemble that of its members' hashes.

        Of a model on an encoder that of the hashes of its head and of the encoder.
        """
        if self.card.members:
            parts = [f"{part.model_sha256} {part.temperature!r}" for part in self.card.members]
            return hashlib.sha256("\n".join(sorted(parts)).encode()).hexdigest()
        if self.card.encoder:
            hashes = f"{self.card.files[HEAD_FILE]} {self.card.encoder.sha256}"
            return hashlib.sha256(hashes.encode()).hexdigest()
        return self.card.files[MODEL_FILE]


def save_package(
    folder: Path,
    card: Card,
    model: Any,
    *,
    predictions: "pd.DataFrame | None" = None,
    history: "pd.DataFrame | None" = None,
    scope: "Reference | None" = None,
    graph: bool = False,
    replace: bool = False,
) -> Package:
    """Write a model package; either all of it appears under `folder`, or nothing.

    Parameters
    ----------
    folder
        Where the package shall be; its last part is the card's name.
    card
        The card; its `files` are filled in here.
    model
        The bare Keras network: pixels [0, 255] in, probabilities out.
    predictions
        Held-out predictions, one row an image, if it was judged.
    history
        One row an epoch, if it was trained here.
    scope
        Where training features lie, if the card has a scope test.
    graph
        Whether to write the engine's graph, too; it takes a few seconds.
    replace
        Put the package in the place of one that is there.

    Raises
    ------
    PackageError
        If there is a package already, or the model is not what the card says.
    """
    if (card.scope is None) != (scope is None):
        raise PackageError(
            f"The card of {card.name!r} {'lacks' if card.scope is None else 'has'} a scope test, "
            f"but {SCOPE_FILE} {'was' if scope else 'was not'} given: give both or neither."
        )
    check_model(model, card)

    def fill(temporary: Path) -> None:
        model.save(temporary / MODEL_FILE)
        inspect_archive(temporary / MODEL_FILE)
        if graph:
            from core.registry.graph import write_graph  # noqa: PLC0415 - NumPy

            write_graph(model, card.heatmap_layer, temporary)
        write_tables(temporary, predictions, history, scope)

    return save_whole(Path(folder), card, fill, replace=replace)


def save_ensemble(
    folder: Path,
    card: Card,
    *,
    predictions: "pd.DataFrame | None" = None,
    replace: bool = False,
) -> Package:
    """Write an ensemble: a card that names its members, and held-out predictions if there are any.

    Raises
    ------
    PackageError
        If there is a package already, or the card names no members.
    """
    if not card.members:
        raise PackageError(f"The card of {card.name!r} names no members, so it is not an ensemble.")

    def fill(temporary: Path) -> None:
        if predictions is not None:
            _write_table(predictions, temporary / PREDICTIONS_FILE)

    return save_whole(Path(folder), card, fill, replace=replace)


def save_whole(folder: Path, card: Card, fill: Callable[[Path], None], *, replace: bool) -> Package:
    """Have a folder filled, add the card that vouches for its files, and put it in its place."""
    if folder.name != card.name:
        raise PackageError(
            f"The folder is called {folder.name!r} and the card {card.name!r}: "
            "give both the same name."
        )
    _refuse_existing(folder, replace=replace)
    folder.parent.mkdir(parents=True, exist_ok=True)
    tidy(folder.parent)
    with hidden_folder(folder, "saving") as temporary:
        fill(temporary)
        files = {path.name: sha256_of(path) for path in sorted(temporary.iterdir())}
        complete = Card.model_validate({**card.model_dump(), "files": files})
        (temporary / CARD_FILE).write_text(complete.to_json(), encoding="utf-8")
        for path in (*temporary.iterdir(), temporary):
            flush(path)
        temporary.chmod(0o755)
        _refuse_existing(folder, replace=replace)
        put_in_place(temporary, folder)
    return Package(folder, complete)


def write_tables(
    folder: Path,
    predictions: "pd.DataFrame | None",
    history: "pd.DataFrame | None",
    scope: "Reference | None",
) -> None:
    """Write those that there are into a package's folder."""
    for table, name in ((predictions, PREDICTIONS_FILE), (history, HISTORY_FILE)):
        if table is not None:
            _write_table(table, folder / name)
    if scope:
        from core.registry.scope_file import write_reference  # noqa: PLC0415 - NumPy

        write_reference(scope, folder / SCOPE_FILE)


def _write_table(table: "pd.DataFrame", path: Path) -> None:
    table.to_csv(path, index=False, lineterminator="\n")


def load_package(folder: Path) -> Package:
    """Read and check a package's card and hash its files; the network is not loaded.

    Raises
    ------
    PackageError
        If the card is missing, damaged or of another schema version, a file is not the one
        that was saved, or the network holds anything but Keras's own layers.
    """
    folder = Path(folder)
    card = read_card(folder)
    if card.name != folder.name:
        raise PackageError(
            f"The package in {folder} calls itself {card.name!r}: rename the folder to that."
        )
    check_files(folder, card)
    return Package(folder, card)


def verify(folder: Path) -> None:
    """Compute every hash of a package anew.

    Raises
    ------
    PackageError
        Names each file that is missing, changed or not on the card, or the parts of the network
        that are not Keras's own layers.
    """
    check_files(Path(folder), read_card(Path(folder)))


def load_model(package: Package) -> Any:
    """Load a package's Keras model, for inference.

    Raises
    ------
    PackageError
        If the file changed since it was verified, holds anything but Keras's own layers, or does
        not take and give what the card says; an ensemble has no network of its own.
    """
    if package.card.members:
        raise PackageError(
            f"{package.card.name!r} is an ensemble: its networks are those of its members, "
            f"{', '.join(part.name for part in package.card.members)}."
        )
    if package.card.encoder:
        raise PackageError(
            f"{package.card.name!r} rests on the encoder {package.card.encoder.title!r} and has no "
            "Keras network of its own. Choose a model that has one for this."
        )
    inspect_archive(package.model_path)
    if sha256_of(package.model_path) != package.model_sha256:
        raise PackageError(
            f"{package.model_path} changed since its package was checked. Restore the package."
        )
    import keras  # noqa: PLC0415 - pulls in TensorFlow

    try:
        model = keras.models.load_model(package.model_path, safe_mode=True, compile=False)
    except Exception as error:  # Keras raises whatever a damaged file makes it trip over
        reason = str(error).strip().partition("\n")[0][:300]
        raise PackageError(
            f"Keras cannot load {package.model_path}: {reason}. "
            "Restore the package or train the model again."
        ) from error
    check_model(model, package.card)
    return model


def with_graph(folder: Path, card: Card, model: Any) -> Card:
    """Write the engine's graph of a network into its folder; return the card that vouches for it.

    Where there is no graph, the card comes back without one.
    """
    from core.registry.graph import write_graph  # noqa: PLC0415 - NumPy

    (folder / GRAPH_FILE).unlink(missing_ok=True)
    files = {name: sha256 for name, sha256 in card.files.items() if name != GRAPH_FILE}
    if write_graph(model, card.heatmap_layer, folder):
        files[GRAPH_FILE] = sha256_of(folder / GRAPH_FILE)
    return card.model_copy(update={"files": files})


def read_card(folder: Path) -> Card:
    """Read `card.json` of a package folder, schema-checked; files are not looked at.

    Raises
    ------
    PackageError
        If it is missing, is not JSON, has another schema version or breaks the schema.
    """
    path = folder / CARD_FILE
    text, content = read_text(path)
    version = content.get("schema_version") if isinstance(content, dict) else None
    if version != SCHEMA_VERSION:
        raise PackageError(
            f"{path} has schema version {version!r}; this Lobule reads version {SCHEMA_VERSION}. "
            "Use the Lobule that wrote it, or train the model again with this one."
        )
    try:
        return Card.model_validate_json(text, strict=True)
    except ValidationError as error:
        wrong = in_words(error, "card")
        raise PackageError(f"{path} breaks the card's schema: {wrong}.") from error


def _refuse_existing(folder: Path, *, replace: bool) -> None:
    if folder.exists() and not replace:
        raise PackageError(
            f"There is already a package at {folder}. Choose another name, or ask to replace it."
        )
