"""The complete state of a fit on disk, whole or not at all."""

import dataclasses
import errno
import hashlib
import json
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.atomic import whole_file
from core.datasets.split import Split
from core.errors import TrainingError
from core.training.fitting.progress import Progress
from core.training.request.recipe import Recipe

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


class Key(NamedTuple):
    """What a state belongs to.

    Attributes
    ----------
    digest : str
        Of all of it: states of other digests are not taken.
    facts : dict of str to str
        What people can be told of it: setting or property, and its value.
    """

    digest: str
    facts: dict[str, str]


def state_key(
    recipe: Recipe,
    form: tuple[object, ...],
    labels: NDArray[np.int64],
    patients: NDArray[np.object_],
    split: Split,
) -> Key:
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
    images = "\0".join(map(str, patients)).encode()
    for array in (labels, split.train, split.validation, split.test):
        images += np.ascontiguousarray(array, dtype=np.int64).tobytes() + b"|"
    digest = hashlib.sha256(json.dumps([settings, form], sort_keys=True).encode() + images)
    facts = {
        **_facts(settings),
        "pixels and half precision": ", ".join(map(str, form)),
        "images, patients and parts": hashlib.sha256(images).hexdigest()[:12],
    }
    return Key(digest.hexdigest(), facts)


def save_state(folder: Path, key: Key, state: State) -> None:
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
    content = {"key": key.digest, "facts": key.facts, "progress": about}
    arrays = {
        "about": np.frombuffer(json.dumps(content).encode(), np.uint8),
        **_numbered("variable", state.variables),
        **_numbered("optimiser", state.optimiser),
        **_numbered("best", state.progress.best),
    }
    target = folder / f"state-{len(state.progress.history):05d}.npz"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.glob(".state-*"):  # by a fit that was killed while it wrote
            left.unlink()
        with whole_file(target) as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
        for old in [path for path in _states(folder) if path != target][_KEPT - 1 :]:
            old.unlink()
    except OSError as error:
        raise TrainingError(
            f"The state of training cannot be written to {folder}: {error.strerror}. Finished "
            "epochs are kept. Free some space or allow writing there, and resume."
        ) from error


def load_state(folder: Path, key: Key) -> State | None:
    """The newest state of this recipe on these images that is whole; None if there is none.

    One that is damaged, as a crash or a full disk may leave it, is passed over and removed, so that
    it stands in no later state's way. No other is ever removed here.

    Raises
    ------
    TrainingError
        If a state belongs to other settings, data or precision, or cannot be read for now.
    """
    for path in _states(folder):
        try:
            return _read(path, key)
        except OSError as error:
            # A damaged archive may send NumPy to a place before the file's beginning.
            if error.errno not in {None, errno.EINVAL}:
                raise TrainingError(
                    f"The state of training in {path} cannot be read ({error.strerror}). It "
                    "is kept. Check the disk and its permissions and resume, or start a new "
                    "run."
                ) from error
        except (ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error):
            pass
        path.unlink(missing_ok=True)
    return None


def _read(path: Path, key: Key) -> State:
    # NumPy leaves a file open that it finds damaged.
    with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
        about = json.loads(file["about"].tobytes())
        fields = {field.name for field in dataclasses.fields(Progress)} - {"best"}
        if about["key"] != key.digest or set(about["progress"]) != fields:
            raise TrainingError(
                f"The state of training in {path} belongs to another fit than the one to "
                f"resume: {_differences(about.get('facts', {}), key.facts)}. It is kept. "
                "Resume on the device and Lobule version that the run began with, or start a "
                "new run."
            )
        groups: dict[str, list[NDArray]] = {"variable": [], "optimiser": [], "best": []}
        for name in sorted(file.files):
            group = name.partition("-")[0]
            if group in groups:
                groups[group].append(file[name])
    progress = Progress(**about["progress"], best=groups["best"])
    return State(progress, groups["variable"], groups["optimiser"])


def _facts(settings: dict[str, Any], before: str = "") -> dict[str, str]:
    """Settings as text, those of tables by names with a point."""
    facts: dict[str, str] = {}
    for name, value in settings.items():
        if isinstance(value, dict):
            facts |= _facts(value, f"{before}{name}.")
        else:
            facts[before + name] = str(value)
    return facts


def _differences(stored: dict[str, str], expected: dict[str, str]) -> str:
    """What was and what is, for people; states of earlier versions hold no facts."""
    differing = [
        f"{name} was {stored.get(name, 'not stated')} and is {expected.get(name, 'not stated')}"
        for name in {**stored, **expected}
        if stored.get(name) != expected.get(name)
    ]
    if not (stored and differing):
        return "it was written by another version of Lobule, or with other settings or precision"
    return "; ".join(differing)


def _states(folder: Path) -> list[Path]:
    """States, newest first."""
    return sorted(folder.glob("state-*.npz"), reverse=True)


def _numbered(name: str, arrays: list[NDArray]) -> dict[str, NDArray]:
    return {f"{name}-{number:05d}": array for number, array in enumerate(arrays)}
