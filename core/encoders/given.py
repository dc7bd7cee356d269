"""What somebody gives as an encoder: the file of a graph, and what lies beside it."""

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path

from core.errors import EncoderError
from core.hashing import sha256_of
from core.roots import refuse_outside

SUFFIXES = (".onnx", ".xml")
_BESIDE = {".xml": (".bin",), ".onnx": (".onnx.data", ".onnx_data", ".data")}


def graph_file(place: Path) -> Path:
    """The graph that a path means: itself, or the only one in a folder.

    Raises
    ------
    EncoderError
        If there is none, or several.
    """
    if place.is_dir():
        graphs = sorted(path for path in place.iterdir() if path.suffix.lower() in SUFFIXES)
        if len(graphs) != 1:
            names = ", ".join(path.name for path in graphs) or "none"
            raise EncoderError(
                f"Of .onnx and .xml files the folder {place} holds: {names}. Name the one to add."
            )
        return graphs[0]
    if not place.is_file():
        raise EncoderError(f"There is no file {place}. Name an .onnx or .xml file, or its folder.")
    if place.suffix.lower() not in SUFFIXES:
        raise EncoderError(
            f"{place.name} is neither ONNX (.onnx) nor OpenVINO's format (.xml with its .bin). "
            "Export the network as ONNX, for instance by torch.onnx.export or keras.Model.export."
        )
    return place


def refuse_outside_roots(path: Path) -> None:
    """Refuse a path that somebody names on a page where it, or what belongs to it, leads elsewhere.

    Raises
    ------
    DatasetError
        If it lies outside the folders that may be read, the same whether anything is there or not.
    EncoderError
        If it is inside, and means no graph.
    """
    refuse_outside(path)
    for part in parts_of(graph_file(path)):
        refuse_outside(part)


def parts_of(file: Path) -> list[Path]:
    """The file, and what lies beside it under its name because it is large."""
    beside = [file.with_suffix(suffix) for suffix in _BESIDE[file.suffix.lower()]]
    return [file, *(path for path in beside if path.is_file())]


def link(path: Path, place: Path) -> None:
    """Give a file a second name, or copy it where it lies on another disk."""
    try:
        place.hardlink_to(path.resolve())
    except OSError:
        shutil.copyfile(path, place)


def made_from(parts: Sequence[Path]) -> str:
    """The hash of a file; of several, that of the lines of their hashes."""
    hashes = [sha256_of(part) for part in parts]
    if len(hashes) == 1:
        return hashes[0]
    return hashlib.sha256("\n".join(hashes).encode()).hexdigest()
