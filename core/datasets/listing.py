"""The files in a folder, and words for them that fit an error or a note."""

import filecmp
import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

from core.counts import counted
from core.errors import DatasetError
from core.imaging.formats import SUFFIXES
from core.roots import bounds, outside

IMAGE_SUFFIXES = tuple(sorted(set().union(*SUFFIXES.values())))
"""Of all formats that are read, as `str.endswith` takes them."""
MANIFEST_SUFFIXES = (".csv", ".parquet")
_LONGEST_NAME = 90
_OF_SYSTEMS = {"__MACOSX", "$RECYCLE.BIN", "System Volume Information", "lost+found", "Thumbs.db"}
_OF_SYSTEMS |= {"desktop.ini", "Icon\r", "#recycle", "#snapshot", "__pycache__"}


def list_files(  # noqa: C901 - folders, links, files: one walk
    folder: Path,
    listed: Callable[[int], None] = lambda _: None,
    again: dict[str, str] | None = None,
) -> list[str]:
    """List every file at any depth, relative to the folder with `/`, ordered folder by folder.

    Hidden files and folders, and those of systems, are left out. Symbolic links are followed, each
    to a folder or file that was not listed yet: so links in a circle end, and nothing counts twice.

    Parameters
    ----------
    folder : Path
    listed : callable
        Told how many files there are by now, after each folder; may raise to stop.
    again : dict, optional
        Takes the links that were left out, and where what they lead to really is.

    Raises
    ------
    DatasetError
        If a folder cannot be listed, a link leads where data may not be read, or names tell of an
        archive that was unpacked wrongly.
    """
    files: list[str] = []
    links: list[os.DirEntry[str]] = []
    seen: set[tuple[int, int]] = set()
    root, allowed = str(folder), bounds()

    def walk(start: str) -> None:
        waiting = [start]
        while waiting:
            place = waiting.pop()
            try:
                status = os.stat(place)  # noqa: PTH116 - Path objects cost as long as the disk
                if (status.st_dev, status.st_ino) in seen:
                    continue
                seen.add((status.st_dev, status.st_ino))
                with os.scandir(place) as entries:
                    for entry in entries:
                        if hidden(entry.name):
                            continue
                        if entry.is_symlink():
                            links.append(entry)
                        elif entry.is_dir():
                            waiting.append(entry.path)
                        else:
                            files.append(entry.path)
            except OSError as error:
                raise DatasetError(
                    f"The folder {place} cannot be listed ({error.strerror}). Check its "
                    "permissions, or move it elsewhere."
                ) from error
            listed(len(files))

    walk(root)
    targets: set[str] = set()
    while links:
        # What lies in the folder itself comes first; of links the one whose path does.
        links.sort(key=lambda entry: path_order(entry.path))
        entry = links.pop(0)
        if not allowed(entry.path):
            raise DatasetError(outside(f"{folder} holds the link {entry.path}, which leads"))
        if os.path.isdir(entry.path):  # noqa: PTH112 - False also for a link to itself
            walk(entry.path)
            continue
        target = os.path.realpath(entry.path)
        if target not in targets and not _in_folders(target, seen):
            targets.add(target)
            files.append(entry.path)
        elif again is not None:
            again[_inside(root, entry.path)] = target
    inside = [_inside(root, path) for path in files]
    _check_unpacked(folder, inside)
    return sorted(inside, key=path_order)


def _inside(root: str, path: str) -> str:
    path = os.path.relpath(path, root) if os.sep != "/" else path
    return path.removeprefix(root.rstrip("/") + "/").replace(os.sep, "/")


def _in_folders(target: str, seen: set[tuple[int, int]]) -> bool:
    """Whether a file lies in one of the folders that were listed, and is there under its name."""
    try:
        status = Path(target).parent.stat()
    except OSError:
        return False
    return (status.st_dev, status.st_ino) in seen and not hidden(os.path.basename(target))  # noqa: PTH119


def _check_unpacked(folder: Path, files: Sequence[str]) -> None:
    """Refuse names with backslashes: folders that a program on another system took for names."""
    wrong = [path for path in files if "\\" in path]
    if wrong:
        raise DatasetError(
            f"{folder} holds {counted(len(wrong), 'file')} with “\\” in the name, such as "
            f"{quoted(wrong, 1)}: an archive packed on Windows and unpacked without its "
            "folders. Unpack it again with another program (unzip 6.0 or later, 7-Zip), or "
            "turn “\\” into folders."
        )


def hidden(name: str) -> bool:
    """Whether a file or folder is no part of a dataset, by its name."""
    return name.startswith((".", "@eaDir")) or name in _OF_SYSTEMS


def path_order(path: str) -> list[str]:
    """Key that orders paths folder by folder, whatever characters sort before `/`."""
    return path.split("/")


def is_image(path: str) -> bool:
    """Whether a file is named like an image that `core.imaging.read` reads."""
    return path.lower().endswith(IMAGE_SUFFIXES)


def once_by_name(folder: Path, files: Sequence[str]) -> tuple[list[str], int]:
    """Of files with the same name, in whatever case, keep the one that lies least deep.

    Only for names that identify an image, as those of BreaKHis and IDC do.

    Returns
    -------
    kept : list of str
        In the order of `files`.
    copies : int
        How many were left out.

    Raises
    ------
    DatasetError
        If two files of one name differ in content; both are named.
    """
    places = defaultdict(list)
    for path in files:
        places[path.rpartition("/")[2].casefold()].append(path)
    pairs = []
    for same in places.values():
        same.sort(key=lambda path: (path.count("/"), path_order(path)))
        pairs += [(same[0], other) for other in same[1:]]

    def check(pair: tuple[str, str]) -> None:
        first, second = pair
        try:
            if filecmp.cmp(folder / first, folder / second, shallow=False):
                return
        except OSError as error:
            raise DatasetError(
                f"{quoted(pair)} have the same name and cannot be compared "
                f"({error.strerror}). Check their permissions, or remove one."
            ) from error
        raise DatasetError(
            f"{quoted(pair)} have the same name, which stands for one image, but different "
            "contents. Give a folder that holds one copy of the dataset, or remove the wrong "
            "file."
        )

    with ThreadPoolExecutor() as pool:
        for _ in pool.map(check, pairs):
            pass
    left_out = {second for _, second in pairs}
    return [path for path in files if path not in left_out], len(left_out)


def quoted(names: Iterable[str], most: int = 5) -> str:
    """Quote the first few names, saying how many more there are.

    Names are data: what cannot be printed is written as an escape, and long names are shortened.
    """
    names = list(names)
    some = ", ".join(f"“{_printable(name)}”" for name in names[:most])
    return some + (f" and {len(names) - most:,} more" if len(names) > most else "")


def _printable(name: str) -> str:
    text = "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in name
    )
    half = _LONGEST_NAME // 2
    return text if len(text) <= _LONGEST_NAME else f"{text[:half]}…{text[-half:]}"


def described(files: Sequence[str]) -> str:
    """Say what a folder holds: files by extension, its first folders, and a few names."""
    if not files:
        return "it is empty"
    kinds = Counter(PurePosixPath(path).suffix.lower() or "no extension" for path in files)
    extensions = ", ".join(
        f"{number:,} {_printable(kind)}" for kind, number in kinds.most_common(6)
    )
    folders = sorted({path.partition("/")[0] for path in files if "/" in path})
    inside = f" in the {counted(len(folders), 'folder')} {quoted(folders)}" if folders else ""
    number = counted(len(files), "file")
    return f"it holds {number} ({extensions}){inside}, such as {quoted(files[:3])}"
