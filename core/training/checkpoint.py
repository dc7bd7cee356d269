"""The complete state of a fit on disk, whole or not at all."""

import dataclasses
import hashlib
import json
import os
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.datasets.split import Split
from core.errors import TrainingError
from core.registry.atomic import flush
from core.training.progress import Progress
from core.training.recipe import Recipe

_KEPT = 2  # the newest, and one to fall back on


@dataclass(frozen=True)
class State:
    """All that a fit is after an epoch.

    Attributes
    ----------
    progress : Progress
    variables : list of arrays
        Of the model that was fitted: weights, statistics and states of random generators.
    optimiser : list of arrays
        The optimiser's variables.
    """

    progress: Progress
    variables: list[NDArray]
    optimiser: list[NDArray]


def state_key(
    recipe: Recipe,
    form: tuple[object, ...],
    labels: NDArray[np.int64],
    patients: NDArray[np.object_],
    split: Split,
) -> str:
    """What a state belongs to: the settings, the form of the pixels, which image of whom is where.

    Parameters
    ----------
    recipe : Recipe
    form : tuple
        Shape of the pixels and whatever else the variables depend on; of JSON's types.
    labels : int64 array, shape (M,)
    patients : object array, shape (M,)
    split : Split
    """
    settings = recipe.model_dump(mode="json", exclude={"name", "title"})
    digest = hashlib.sha256(json.dumps([settings, form], sort_keys=True).encode())
    digest.update("\0".join(map(str, patients)).encode())
    for array in (labels, split.train, split.validation, split.test):
        digest.update(np.ascontiguousarray(array, dtype=np.int64).tobytes() + b"|")
    return digest.hexdigest()


def save_state(folder: Path, key: str, state: State) -> None:
    """Write a state aside, put it in place, and let go of all but the one before it.

    Raises
    ------
    TrainingError
        If it cannot be written; earlier states are still there.
    """
    about = {
        field.name: getattr(state.progress, field.name)
        for field in dataclasses.fields(Progress)
        if field.name != "best"
    }
    arrays = {
        "about": np.frombuffer(json.dumps({"key": key, "progress": about}).encode(), np.uint8),
        **_numbered("variable", state.variables),
        **_numbered("optimiser", state.optimiser),
        **_numbered("best", state.progress.best),
    }
    target = folder / f"state-{len(state.progress.history):05d}.npz"
    aside = folder / f".{target.name}.writing"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with aside.open("wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
            file.flush()
            os.fsync(file.fileno())
        aside.replace(target)
        flush(folder)
        for old in [path for path in _states(folder) if path != target][_KEPT - 1 :]:
            old.unlink()
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise TrainingError(
            f"The state of training cannot be written to {folder}: {error.strerror}. What was "
            "learnt up to the epoch before is kept. Make room or allow writing there, and resume."
        ) from error


def load_state(folder: Path, key: str) -> State | None:
    """The newest state of this recipe on these images that can be read; None if there is none.

    One that is damaged, as a crash or a full disk may leave it, is passed over. Those that are
    passed over are removed, so that they stand in no later state's way.
    """
    for path in _states(folder):
        try:
            state = _read(path, key)
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error):
            state = None
        if state:
            return state
        path.unlink(missing_ok=True)
    return None


def _read(path: Path, key: str) -> State | None:
    # NumPy leaves a file open that it finds damaged.
    with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
        about = json.loads(file["about"].tobytes())
        if about["key"] != key:
            return None
        groups: dict[str, list[NDArray]] = {"variable": [], "optimiser": [], "best": []}
        for name in sorted(file.files):
            group = name.partition("-")[0]
            if group in groups:
                groups[group].append(file[name])
    progress = Progress(**about["progress"], best=groups["best"])
    return State(progress, groups["variable"], groups["optimiser"])


def _states(folder: Path) -> list[Path]:
    """States, newest first."""
    return sorted(folder.glob("state-*.npz"), reverse=True)


def _numbered(name: str, arrays: list[NDArray]) -> dict[str, NDArray]:
    return {f"{name}-{number:05d}": array for number, array in enumerate(arrays)}
