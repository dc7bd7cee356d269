"""What a file that somebody gave is: a `.keras`, a whole-model `.h5`, or a zipped SavedModel."""

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from core.adoption.hdf5 import MAGIC, as_config, check_hdf5, config_of_hdf5
from core.adoption.saved_model import config_of_saved_model
from core.adoption.unpack import unpack
from core.errors import PackageError
from core.registry.archive import CONFIG, DAMAGE, MAX_BYTES, MAX_CONFIG_BYTES, MEMBERS, TEXTS
from core.registry.card import CARD_FILE
from core.registry.exchange import MOST_BYTES, MOST_ENTRIES
from core.zip_files import open_zip

Format = Literal["keras", "h5", "saved model"]
SUFFIXES = (".keras", ".h5", ".hdf5", ".zip")
WEIGHTS = "model.weights.h5"
_SAVED_MODEL = "saved_model.pb"
_EXPECTED = (
    "Expected a .keras file, an .h5 file of a whole network, or a SavedModel folder packed as .zip."
)
_SAVE = 'Save it from Keras where it was made: model.save("model.keras").'
# Of what people give instead, and how its first bytes tell.
_OTHERS = (
    (b"\x80", "a Python pickle, which can run any code when it is opened"),
    (b"TFL3", "a TensorFlow Lite network, which cannot be differentiated, so nothing explains it"),
    (b"\x08", "an ONNX network or another protocol buffer"),
)


@dataclass(frozen=True)
class Stored:
    """A network as it was stored.

    Attributes
    ----------
    format : "keras", "h5" or "saved model"
    path : Path
        The file; of a SavedModel its folder.
    config : dict
        Keras's description of the network, which is data: nothing of it was run.
    """

    format: Format
    path: Path
    config: dict[str, Any]


def open_stored(path: Path, work: Path) -> Stored:
    """Find out what a file is by its content, and read the description of its network.

    Parameters
    ----------
    path
        The file; its name does not matter.
    work
        An empty folder to unpack into.

    Raises
    ------
    PackageError
        If it is none of the formats, unsafe, damaged or too large; says what to save instead.
    """
    return _open(path, work, packed=False)


def _open(path: Path, work: Path, *, packed: bool) -> Stored:
    """Open a file; one that was `packed` in a zip file must not pack another one."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(8)
    except OSError as error:
        raise PackageError(
            f"The file {path} cannot be read: {error.strerror or error}. {_EXPECTED}"
        ) from error
    if size > MOST_BYTES:
        raise PackageError(
            f"The file is too large: {size / 1e6:,.0f} MB, at most {MOST_BYTES / 1e6:,.0f} MB."
        )
    if start == MAGIC:
        check_hdf5(path)
        return Stored("h5", path, config_of_hdf5(path))
    if start[:2] == b"PK":
        return _open_zip(path, work, packed=packed)
    for magic, words in _OTHERS:
        if start.startswith(magic) or start[4:].startswith(magic):
            raise PackageError(f"The file is {words}. {_SAVE}")
    raise PackageError(
        f"The file is not a network that Lobule can read{'' if size else ': it is empty'}. "
        f"{_EXPECTED} {_SAVE}"
    )


def _open_zip(path: Path, work: Path, *, packed: bool) -> Stored:
    names = _names(path)
    if {*names} >= MEMBERS:
        return _open_keras(path, work)
    if any(name.split("/")[-1] == CARD_FILE for name in names):
        raise PackageError(
            "The file is a model that Lobule exported. Import it: python -m core models import FILE"
        )
    if any(name.endswith("data.pkl") for name in names):
        raise PackageError(
            f"The file is a PyTorch network. Convert it to Keras first. {_EXPECTED} {_SAVE}"
        )
    if packed:
        raise PackageError(f"The file is refused: a zip file in a zip file. {_EXPECTED}")
    files = unpack(path, work)
    saved = [file for file in files if file.name == _SAVED_MODEL]
    if len(saved) == 1:
        folder = work / saved[0].parent
        return Stored("saved model", folder, config_of_saved_model(folder))
    inside = [file for file in files if file.suffix in {".keras", ".h5", ".hdf5"}]
    if len(inside) == 1 and not saved:
        aside = work / "inside"
        if aside.exists():
            raise PackageError(f"The file is refused. {_EXPECTED}")
        aside.mkdir()
        return _open(work / inside[0], aside, packed=True)
    raise PackageError(
        f"The zip file holds {len(saved) or len(inside) or 'no'} networks: "
        f"{', '.join(map(str, files[:4]))}. {_EXPECTED}"
    )


def _names(path: Path) -> list[str]:
    try:
        with open_zip(path, MOST_ENTRIES) as archive:
            return archive.namelist()
    except (*DAMAGE, ValueError, OSError) as error:
        raise PackageError(f"The file is damaged or cut off ({error}). Copy it again.") from error


def _open_keras(path: Path, work: Path) -> Stored:
    """Look through a `.keras` file: nothing but a description and weights is in it."""
    try:
        with open_zip(path, MOST_ENTRIES) as archive:
            sizes = {member.filename: member.file_size for member in archive.infolist()}
            if {*sizes} != MEMBERS or len(archive.namelist()) != len(MEMBERS):
                raise PackageError(
                    f"The file is refused: besides a network it holds "
                    f"{', '.join(sorted({*sizes} - MEMBERS)[:4]) or 'a file twice'}. {_SAVE}"
                )
            texts = max(sizes[name] for name in TEXTS)
            if texts > MAX_CONFIG_BYTES or sum(sizes.values()) > MAX_BYTES:
                raise PackageError("The file describes a network that is too large to be real.")
            config = as_config(archive.read(CONFIG))
            unpacked = unpack(path, work)
        assert Path(WEIGHTS) in unpacked  # noqa: S101 - one of the members
    except (*DAMAGE, ValueError, OSError) as error:
        raise PackageError(f"The file is damaged or cut off ({error}). Copy it again.") from error
    check_hdf5(work / WEIGHTS)
    return Stored("keras", path, config)


def with_config(stored: Stored, config: dict[str, Any], target: Path) -> Path:
    """Copy a `.keras` or `.h5` file with another description of its network.

    Returns
    -------
    Path
        The copy, in the folder `target`.
    """
    import h5py  # noqa: PLC0415 - comes with Keras

    if stored.format == "keras":
        copy = target / "copy.keras"
        with zipfile.ZipFile(stored.path) as source, zipfile.ZipFile(copy, "w") as sink:
            for name in sorted(MEMBERS):
                content = json.dumps(config).encode() if name == CONFIG else source.read(name)
                sink.writestr(name, content)
        return copy
    copy = target / "copy.h5"
    with h5py.File(stored.path, "r") as source, h5py.File(copy, "w") as sink:
        for name in ("keras_version", "backend"):
            if name in source.attrs:
                sink.attrs[name] = source.attrs[name]
        sink.attrs["model_config"] = json.dumps(config)
        source.copy("model_weights", sink)
    return copy
