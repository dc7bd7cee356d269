"""The first answers of a network made elsewhere, in a process that may take only so much memory."""

from pathlib import Path
from tempfile import TemporaryDirectory

from core.adoption.foreign import load_foreign
from core.adoption.last_layer import last_convolutional
from core.adoption.network import build_flat
from core.errors import PackageError
from core.inference.first_answer import answer, refuse_heavy
from core.registry.files import MODEL_FILE


def answer_foreign(path: Path) -> None:
    """Load a network made elsewhere, and have it answer if the size of its input is known.

    Raises
    ------
    PackageError
        If it cannot be loaded, or a layer's output would be too large.
    """
    foreign = load_foreign(path)
    if foreign.side is None:
        return  # `core.adoption.tried` has the flat one answer, once it is known
    refuse_heavy(foreign.model, foreign.side)
    try:
        flat = build_flat(foreign, "pixels")
    except PackageError:
        return  # it ran, and is refused in the same words where it is asked for
    with TemporaryDirectory(prefix="lobule-") as work:
        file = Path(work) / MODEL_FILE
        flat.model.save(file)
        answer(flat.model, file, flat.heatmap_layer)


def answer_flat(path: Path) -> None:
    """The same of a flat network that Lobule saved."""
    import keras  # noqa: PLC0415 - takes seconds

    model = keras.models.load_model(path, safe_mode=True, compile=False)
    answer(model, path, last_convolutional(model))
