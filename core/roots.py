"""The folders that data may be read from, where others than the owner of the account can ask.

The server says once, as it starts, whether it is held to them (`hold_to_roots`); so are the
processes that it starts, which inherit the mark. The command line is not: who runs it may read
whatever the account may.
"""

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from core.errors import DatasetError
from core.settings import Settings, get_settings

HELD = "LOBULE_HELD_TO_ROOTS"
"""Mark in the environment, no setting: it lasts as long as the server and its processes."""


def hold_to_roots(*, others: bool) -> None:
    """Hold this process, and those that it starts, to the roots, if there is reason to.

    Parameters
    ----------
    others
        Whether others than the owner of this account can reach the server.
    """
    if others or get_settings().data_folders:
        os.environ[HELD] = "1"


def held() -> bool:
    """Tell whether this process is held to the roots."""
    return HELD in os.environ


def existing(folders: Iterable[Path]) -> tuple[Path, ...]:
    """Return those of some folders that exist, links resolved, each once."""
    return tuple(dict.fromkeys(folder.resolve() for folder in folders if folder.is_dir()))


def is_inside(path: Path, root: Path) -> bool:
    """Tell whether what a path leads to is there, and inside a folder whose links are resolved."""
    try:
        return path.resolve(strict=True).is_relative_to(root)
    except (OSError, RuntimeError):
        return False


def data_roots() -> tuple[Path, ...]:
    """Return the folders whose data may be looked through, those that exist, links resolved.

    They are those that the settings name, and that of downloads. What judged cases and slides were
    made into can be read too, but only by who was told its path: cases are not for everybody.
    """
    return existing(_folders(get_settings(), listed=True))


def may_read(path: Path) -> bool:
    """Tell whether a folder, manifest or recipe that somebody names may be opened."""
    return bounds()(path)


def refuse_outside(path: Path, *, listed: bool = False) -> None:
    """Refuse to open a folder or manifest outside the roots, or with `listed` to look into it.

    Raises
    ------
    DatasetError
        The same whether anything is there or not.
    """
    if not bounds(listed=listed)(path):
        raise DatasetError(outside(f"{path} lies"))


def image_files(root: Path) -> Callable[[str], Path]:
    """Return what gives an image's file by its path in a dataset's folder, each time it is opened.

    What is returned looks where the path leads by then, as a link may have been changed since the
    dataset was opened, and raises DatasetError where that is outside the roots.
    """
    allowed = bounds(root)

    def file(path: str) -> Path:
        place = root / path
        if not allowed(place):
            raise DatasetError(outside(f"The image {place} lies"))
        return place

    return file


def image_file(file: Path) -> Path:
    """Return a file of an opened dataset, which is to be opened now.

    Raises
    ------
    DatasetError
        If it lies outside the roots by now.
    """
    return image_files(file.parent)(file.name)


def bounds(dataset: Path | None = None, *, listed: bool = False) -> Callable[[Path | str], bool]:
    """Return what tells of a path whether it stays inside the roots.

    Both the path as it is written and what it leads to must, and so must every folder that `..`
    follows: else that one could be asked whether it is there.

    Parameters
    ----------
    dataset
        Folder of an opened dataset. A manifest of the worklist names the images kept there, which
        nothing else reaches.
    listed
        Whether only `data_roots` count.
    """
    if not held():
        return lambda _: True
    settings = get_settings()
    folders = _folders(settings, listed=listed)
    if dataset is not None and dataset.is_relative_to(settings.case_manifests):
        folders += tuple(settings.cases.glob("images-*"))
    real = _ends([str(folder) for folder in existing(folders)])
    written = real | _ends([os.path.abspath(folder) for folder in folders])  # noqa: PTH100 - text

    def inside(path: Path | str) -> bool:
        try:
            parts = Path(path).parts if ".." in str(path) else ()  # most are of images, many
            before = [Path(*parts[:at]) for at, part in enumerate(parts) if part == ".."]
            return all(
                _below(os.path.abspath(step), written) and _below(os.path.realpath(step), real)  # noqa: PTH100
                for step in (*before, path)
            )
        except (OSError, ValueError):  # a name that no file can have
            return False

    return inside


def outside(received: str) -> str:
    """Say that something is refused, what is allowed, and what to do.

    Parameters
    ----------
    received
        What was received, and the verb: "/etc lies".
    """
    roots = data_roots()
    allowed = f"only {', '.join(map(str, roots))} may be read" if roots else "none is named yet"
    return (
        f"{received} outside the folders that data are read from: {allowed}. Choose what lies "
        "there, or have whoever runs Lobule name its folder in LOBULE_DATA_ROOTS."
    )


def _folders(settings: Settings, *, listed: bool) -> tuple[Path, ...]:
    named = () if listed else (settings.slide_patches, settings.case_manifests)
    return (*settings.data_folders, settings.downloads, *named)


def _ends(folders: list[str]) -> frozenset[str]:
    """Folders as text that ends in a separator, so that /data is no part of /data2."""
    return frozenset(folder.rstrip(os.sep) + os.sep for folder in folders)


def _below(path: str, roots: frozenset[str]) -> bool:
    return (path.rstrip(os.sep) + os.sep).startswith(tuple(roots))
