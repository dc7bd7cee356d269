"""Loaded models that answer from any thread, with calibrated probabilities."""

from collections.abc import Iterable
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.batch import batch_of
from core.errors import PackageError
from core.evaluation.calibration import apply_temperature
from core.evaluation.scope_distance import Reference, distances
from core.imaging.focus import sharpness
from core.imaging.normalise import normalise_stain
from core.imaging.resize import resize
from core.inference.engine import NAME as ENGINE
from core.inference.engine import Engine, uses_engine
from core.registry.graph import Graph, read_graph
from core.registry.head import graph_on_encoder
from core.registry.package import Package, load_model
from core.registry.scope_file import read_reference

# Bytes of weights kept in memory; beyond, the models used least recently make room.
KEPT_BYTES = 2**30

_loaded: dict[Path, "Classifier"] = {}  # the one used last stands last
_loading = Lock()
_keeping = Lock()


class Classifier:
    """A model package that answers, through the engine or, where it may not, through TensorFlow.

    `lock` must be held by whoever else runs `engine` or `model`, which are not safe to run from two
    threads. `members` are those of an `Ensemble`.
    """

    members: tuple["Classifier", ...] = ()

    def __init__(self, package: Package) -> None:
        self.package = package
        self.card = package.card
        self.classes = package.card.classes
        self.lock = Lock()
        self._loading = Lock()
        self._model: Any = None
        self._answer: Any = None
        spec = self.card.input
        self.batch = batch_of(spec.height, spec.width)
        self.engine = Engine(_graph(package)) if uses_engine(package) else None
        self.bytes = self.engine.bytes if self.engine else 4 * self.model.count_params()
        self.reference: Reference | None = None
        if self.card.scope:
            self.reference = read_reference(package.path / self.card.scope.file, self._features())

    @property
    def engine_name(self) -> str:
        """What answers, for people."""
        return ENGINE if self.engine else "TensorFlow"

    @property
    def model(self) -> Any:
        """The Keras network; it is loaded, and TensorFlow with it, when it is first asked for."""
        with self._loading:
            if self._model is None:
                self._model = load_model(self.package)
            return self._model

    def _features(self) -> int:
        """How many numbers the layer "logits" is given."""
        if self.engine:
            return self.engine.features
        return int(self.model.get_layer("logits").input.shape[-1])

    def logits(self, inputs: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the network's raw outputs, (N, K), or (N, 1) of a sigmoid head.

        `inputs` are (N, h, w, 3) RGB of the card's size; they are answered a batch at a time.

        Raises
        ------
        ValueError
            If the inputs have another shape or type.
        """
        self._check(inputs)
        answers = []
        for start in range(0, len(inputs), self.batch):
            ready = self.prepare(inputs[start : start + self.batch])
            with self.lock:
                answers.append(self._run(ready))
        outputs = 1 if self.card.head == "sigmoid" else len(self.classes)
        return np.concatenate(answers) if answers else np.empty((0, outputs), np.float32)

    def _run(self, ready: NDArray[np.uint8]) -> NDArray[np.float32]:
        if self.engine:
            return self.engine.run(ready).logits
        if self._answer is None:
            self._answer = compiled(self.model)
        answered: NDArray[np.float32] = self._answer(ready).numpy()
        return answered

    def prepare(self, inputs: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Normalise the stain of each input, (N, h, w, 3), as the card says."""
        stain = self.card.stain_normalisation
        if stain == "none":
            return inputs
        return np.stack([normalise_stain(pixels, stain) for pixels in inputs])

    def probabilities(self, inputs: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return calibrated probabilities, (N, K) in the order of `classes`; see `logits`."""
        return apply_temperature(self.logits(inputs), self.card.temperature)

    def spread_over_views(self, inputs: NDArray[np.uint8], index: int) -> float:
        """Standard deviation of a class's probability over `eight_views`, mean over (N, h, w, 3).

        Tissue has no up or down and no left or right, so a model should say the same of an image
        however it is turned; where it does not, its answer hangs on something that is not in the
        tissue.
        """
        views = eight_views(inputs)
        chances = self.probabilities(views.reshape(-1, *inputs.shape[1:]))[:, index]
        return float(chances.reshape(len(views), -1).astype(np.float64).std(axis=0).mean())

    def distances(self, features: NDArray[np.floating]) -> NDArray[np.float64] | None:
        """Distance of (N, F) features from the training images', over the largest in scope.

        None where the model carries no scope test. Above 1 is out of scope.
        """
        if self.reference is None or self.card.scope is None:
            return None
        return distances(self.reference, features) / self.card.scope.threshold

    def sharpness(self, ready: NDArray[np.uint8]) -> NDArray[np.float64] | None:
        """Sharpness of prepared inputs, (N, h, w, 3), over the least that is in scope.

        None where the model carries no such test. Below 1 is out of scope.
        """
        least = self.card.scope.least_sharpness if self.card.scope else None
        if least is None:
            return None
        return np.array([sharpness(pixels) for pixels in ready]) / max(least, 1e-9)

    def _check(self, inputs: NDArray[np.uint8]) -> None:
        spec = self.card.input
        if inputs.dtype != np.uint8 or inputs.shape[1:] != (spec.height, spec.width, 3):
            raise ValueError(
                f"inputs are {inputs.dtype} of shape {inputs.shape}, "
                f"expected uint8 of shape (N, {spec.height}, {spec.width}, 3)"
            )


class Ensemble(Classifier):
    """Several classifiers that answer as one: the mean of their calibrated probabilities.

    It takes inputs of its largest member's size; members with a smaller input get them shrunk. Its
    logits are the logarithms of its probabilities, so that temperature 1 gives those back.
    """

    def __init__(self, package: Package, members: tuple[Classifier, ...]) -> None:
        self.package = package
        self.card = package.card
        self.classes = package.card.classes
        self.lock = Lock()
        self.engine = None
        self.reference = None
        self.members = members
        self.bytes = 0
        self.batch = min(member.batch for member in members)

    @property
    def engine_name(self) -> str:
        """What answers, for people."""
        return " and ".join(sorted({member.engine_name for member in self.members}))

    def logits(self, inputs: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the logarithms of the mean probabilities, (N, K); see `Classifier.logits`."""
        means = np.mean(self.of_members(inputs), axis=0)
        return np.log(np.clip(means, 1e-12, 1)).astype(np.float32)

    def of_members(self, inputs: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Return each member's calibrated probabilities, (M, N, K)."""
        self._check(inputs)
        parts = [member.probabilities(self.shrink(inputs, member)) for member in self.members]
        return np.stack(parts).astype(np.float64)

    def shrink(self, inputs: NDArray[np.uint8], member: Classifier) -> NDArray[np.uint8]:
        """Resize inputs to a member's size."""
        size = (member.card.input.height, member.card.input.width)
        if inputs.shape[1:3] == size or not len(inputs):
            return inputs.reshape(len(inputs), *size, 3)
        return np.stack([resize(pixels, *size) for pixels in inputs])

    def prepare(self, inputs: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the inputs as they are: each member normalises the stain in its own way."""
        return inputs


def _graph(package: Package) -> Graph:
    return graph_on_encoder(package) if package.card.encoder else read_graph(package.path)


def compiled(model: Any) -> Any:
    """A function of TensorFlow from pixels to logits, compiled once for batches of any size."""
    import keras  # noqa: PLC0415 - takes seconds, and the engine does without
    import tensorflow as tf  # noqa: PLC0415

    to_logits = keras.Model(model.input, model.get_layer("logits").output)

    def answer(pixels: Any) -> Any:
        logits = to_logits(tf.cast(pixels, tf.float32), training=False)
        return tf.cast(logits, tf.float32)

    signature = tf.TensorSpec((None, *model.input_shape[1:]), tf.uint8)
    return tf.function(answer, input_signature=[signature])


def eight_views(inputs: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Flip and turn every input: (N, h, w, 3) to (8, N, h, w, 3), the first as they are.

    Inputs that are not square are flipped only: (4, N, h, w, 3).
    """
    turns = range(4) if inputs.shape[1] == inputs.shape[2] else (0, 2)
    turned = [np.rot90(inputs, turn, axes=(1, 2)) for turn in turns]
    return np.stack([view for turn in turned for view in (turn, turn[:, :, ::-1])])


def get_classifier(package: Package) -> Classifier:
    """Return the process's one classifier of a package; it is loaded at the first call.

    An ensemble holds its members, so that they stay as long as it does.

    Raises
    ------
    PackageError
        If the package's network cannot be loaded, or that of a member of an ensemble.
    """
    classifier = _known(package)
    if classifier is None:
        with _loading:
            classifier = _known(package) or _load(package)
            _keep(classifier)
    else:
        _keep(classifier)
    return classifier


def _known(package: Package) -> Classifier | None:
    """The loaded classifier of exactly this package, by itself or within an ensemble."""
    with _keeping:
        loaded = _each_once(_loaded.values())
    return next((classifier for classifier in loaded if classifier.package == package), None)


def _load(package: Package) -> Classifier:
    if not package.card.members:
        return Classifier(package)
    if not package.members:
        raise PackageError(
            f"{package.card.name!r} is an ensemble without its members. Put both among the "
            "models and ask for it by name."
        )
    return Ensemble(package, tuple(_known(member) or _load(member) for member in package.members))


def _keep(classifier: Classifier) -> None:
    """Keep what was just asked for; what was used least recently makes room for it."""
    with _keeping:
        _loaded.pop(classifier.package.path, None)
        _loaded[classifier.package.path] = classifier
        while len(_loaded) > 1 and _bytes_kept() > KEPT_BYTES:
            del _loaded[next(iter(_loaded))]


def _bytes_kept() -> int:
    return sum(classifier.bytes for classifier in _each_once(_loaded.values()))


def _each_once(classifiers: Iterable[Classifier]) -> list[Classifier]:
    """The classifiers and the members that they hold, each once."""
    held = (step for whole in classifiers for step in (whole, *whole.members))
    return list(dict.fromkeys(held))
