"""How long a recipe takes on this device, timed in another process; loads no TensorFlow itself."""

import functools
import json
import subprocess

from pydantic import BaseModel

from core.errors import TrainingError
from core.jobs.lock import let_go, take
from core.jobs.process import command, environment
from core.settings import get_settings
from core.training.request.recipe import Recipe

_PATIENCE_SECONDS = 600


class TimingRequest(BaseModel):
    """What the other process is asked."""

    recipe: Recipe
    classes: int


class Timing(BaseModel):
    """What a few steps have told.

    Attributes
    ----------
    device : str
        For people.
    image_seconds : list of float
        Seconds that one image of the training part takes in an epoch of each phase; with a probe,
        in one pass.
    weight_bytes : int
        Of the network.
    view_seconds : float
        Of one view of an image, with `train.views`.
    view_bytes : int
        Likewise, on the disk.
    """

    device: str
    image_seconds: list[float]
    weight_bytes: int
    view_seconds: float = 0.0
    view_bytes: int = 0


class TimingReply(BaseModel):
    """What the other process prints in its last line: a timing, or why there can be none."""

    timing: Timing | None = None
    refusal: str | None = None


def time_recipe(recipe: Recipe, classes: int) -> Timing | None:
    """Time a few steps; None while a run trains, with which they would share the device.

    The process gives all memory back when it ends. What was timed once is remembered.

    Raises
    ------
    TrainingError
        If the network cannot be had, or a step does not fit into memory.
    """
    runs = get_settings().runs
    try:
        runs.mkdir(parents=True, exist_ok=True)
        device = take(runs / "device.lock", patience=0)
    except OSError as error:
        raise TrainingError(
            f"Runs cannot be written to {runs}: {error.strerror}. Allow writing there, or set "
            "LOBULE_HOME to another folder."
        ) from error
    if device is None:
        return None
    try:
        # What a step costs does not depend on these.
        same = {"name": "", "title": "", "seed": 0, "split": "patient"}
        question = TimingRequest(recipe=recipe.model_copy(update=same), classes=classes)
        return _ask(question.model_dump_json(), str(get_settings().weights))
    finally:
        let_go(device)


@functools.lru_cache(maxsize=32)
def _ask(question: str, weights: str) -> Timing:  # noqa: ARG001 (other weights, another answer)
    try:
        done = subprocess.run(  # noqa: S603 (our own program)
            command("runs", "time"),
            input=question,
            capture_output=True,
            text=True,
            timeout=_PATIENCE_SECONDS,
            env=environment(),
            check=False,
        )
        answer = TimingReply.model_validate(json.loads(done.stdout.strip().rpartition("\n")[2]))
    except subprocess.TimeoutExpired as error:
        raise TrainingError(
            f"A few steps took more than {_PATIENCE_SECONDS // 60} minutes. Choose a smaller "
            "train.batch_size, input_size or network."
        ) from error
    except (OSError, ValueError) as error:
        raise TrainingError(
            "Timing a few steps ended unexpectedly, perhaps for lack of memory. Choose a "
            "smaller train.batch_size, input_size or network."
        ) from error
    if answer.timing is None:
        raise TrainingError(answer.refusal or "A few steps could not be timed.")
    return answer.timing
