"""HDF5 files that somebody gave: looked through before a weight is read."""

import json
from pathlib import Path
from typing import Any

from core.errors import PackageError
from core.registry.archive import MAX_BYTES, MAX_CONFIG_BYTES

MAGIC = b"\x89HDF\r\n\x1a\n"


def check_hdf5(path: Path) -> None:
    """Refuse a file that reaches outside itself, or that claims more than fits into memory.

    Links to other files, and data that lie in other files, would have Keras read what nobody gave.

    Raises
    ------
    PackageError
        Says what is wrong with it.
    """
    import h5py  # noqa: PLC0415 - comes with Keras

    reaches: list[str] = []
    total = 0

    def look_at_link(name: str, link: Any) -> None:
        if not isinstance(link, h5py.HardLink):
            reaches.append(name)

    def look_at(name: str, item: Any) -> None:
        nonlocal total
        if isinstance(item, h5py.Dataset):
            total += item.nbytes
            if item.external or item.is_virtual:
                reaches.append(name)

    try:
        with h5py.File(path, "r") as file:
            file.visititems_links(look_at_link)
            file.visititems(look_at)
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        raise PackageError(
            f"The file is damaged or cut off ({_first_line(error)}). Copy it again."
        ) from error
    if reaches:
        raise PackageError(
            f"The file is refused: {reaches[0]!r} in it links outside the file, so other "
            "files on this computer would be read. Save the network again."
        )
    if total > MAX_BYTES:
        raise PackageError(
            f"The network is too large: its weights take {total / 1e6:,.0f} MB, at most "
            f"{MAX_BYTES / 1e6:,.0f} MB."
        )


def config_of_hdf5(path: Path) -> dict[str, Any]:
    """Return the description of the network in a whole-model `.h5` file.

    Raises
    ------
    PackageError
        If there is none: the file holds weights alone.
    """
    import h5py  # noqa: PLC0415 - comes with Keras

    with h5py.File(path, "r") as file:
        text = file.attrs.get("model_config")
    if text is None:
        raise PackageError(
            "The file holds only weights, as model.save_weights writes them. Save the whole "
            'network where it was made: model.save("model.keras").'
        )
    if len(text) > MAX_CONFIG_BYTES:
        raise PackageError("The file describes a network that is too large to be real.")
    return as_config(text)


def as_config(text: str | bytes) -> dict[str, Any]:
    """Parse a network's description.

    Raises
    ------
    PackageError
        If it is none.
    """
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PackageError(
            f"The description of the network in the file is damaged ({error}). Save it again."
        ) from error
    if not isinstance(content, dict) or not isinstance(content.get("config"), dict):
        raise PackageError("The file does not describe a Keras network. Save it again.")
    return content


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:200]
