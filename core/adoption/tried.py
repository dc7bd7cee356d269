"""Networks that take any size of input: each size has a first answer of its own."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from core import limited
from core.inference.first_answer import refuse_heavy
from core.registry.files import MODEL_FILE

# By the hash of the file and the side of the input, px.
_known: set[tuple[str, int]] = set()


def try_flat(model: Any, sha256: str) -> None:
    """Have a flat network answer in a process of its own, once for each file and size of input.

    Raises
    ------
    PackageError
        If a layer's output would be too large, or it takes more memory or time than it may.
    """
    side = int(model.input_shape[1])
    if (sha256, side) in _known:
        return
    refuse_heavy(model, side)
    with TemporaryDirectory(prefix="lobule-") as work:
        file = Path(work) / MODEL_FILE
        model.save(file)
        limited.try_in_a_child("core.adoption.first_answer:answer_flat", file)
    _known.add((sha256, side))
