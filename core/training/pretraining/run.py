"""Unlabelled images in, an encoder out."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras

from core.architectures import build
from core.datasets.open import open_dataset
from core.datasets.records import Task
from core.encoders.add import check_free
from core.encoders.shelf import Encoder
from core.errors import Stopped, TrainingError
from core.rights import Deed, require
from core.settings import get_settings
from core.training.fitting.device import prepare
from core.training.fitting.progress import Row
from core.training.pretraining.fit import best_row, pretrain_network
from core.training.pretraining.judge import auroc_of, labelled_of
from core.training.pretraining.keep import keep_encoder
from core.training.pretraining.recipe import Pretraining
from core.training.pretraining.slide_tiles import slide_squares
from core.training.pretraining.squares import Squares, squares_of, unlabelled
from core.training.watch import Watch


@dataclass(frozen=True)
class PretrainRequest:
    """What is asked for.

    Attributes
    ----------
    settings : Pretraining
    data : Path
        Folder or manifest of images; with `slide_scale`, a slide or a folder with slides.
    name : str
        Of the encoder.
    labelled : Path or None
        Dataset of training patients that the epochs are judged on.
    slide_scale : float or None
        Of the tiles to cut, µm/px.
    task : "binary" or "subtype"
    patient_pattern, positive : str or None
        As `core.datasets.open.open_dataset` takes them.
    replace : bool
        Whether an encoder of this name makes room.
    no_further : bool
        Only keep the best of the epochs that are done.
    """

    settings: Pretraining
    data: Path
    name: str
    labelled: Path | None = None
    slide_scale: float | None = None
    task: Task = "binary"
    patient_pattern: str | None = None
    positive: str | None = None
    replace: bool = False
    no_further: bool = False


@dataclass(frozen=True)
class PretrainResult:
    """What came of it; there is no encoder where no epoch beat the start."""

    encoder: Encoder | None
    history: list[Row]


def pretrain(request: PretrainRequest, watch: Watch | None = None) -> PretrainResult:
    """Pretrain a network on unlabelled images and add it to the encoders.

    Finished epochs are kept under `LOBULE_HOME/pretraining` until there is an encoder, or none to
    be had: the same request goes on from there, also where so far no epoch beat the start.

    Raises
    ------
    LobuleError
        If images, recipe, weights or name cannot be used, or if it was stopped.
    """
    watch = watch or Watch()
    for deed in (Deed.TRAIN, Deed.CHANGE_MODELS):
        require(deed)
    check_free(request.name, replace=request.replace)
    if keras.backend.backend() != "tensorflow":
        raise TrainingError(
            f"Encoders are made under Keras' TensorFlow backend, and KERAS_BACKEND is "
            f"{keras.backend.backend()}. Unset it, and pretrain again."
        )
    settings = request.settings
    squares = _squares(request, watch)
    labelled = _labelled(request, squares, watch)
    folder = get_settings().home / "pretraining" / request.name
    if request.no_further and not folder.is_dir():
        raise TrainingError(
            f"No pretraining of {request.name!r} was stopped after an epoch: there is nothing to "
            "keep. Pretrain without --so-far."
        )
    network = start_of(settings)
    chosen = labelled_of(labelled) if labelled else None
    heard = _Kept(watch, folder)
    history = pretrain_network(
        network,
        settings,
        squares.pixels,
        (lambda features: auroc_of(features, chosen, settings.penalty, watch)) if chosen else None,
        heard,
        (squares.fingerprint, *([labelled.fingerprint] if labelled else [])),
        no_further=request.no_further,
    ).history
    if not history:
        raise TrainingError(
            f"No epoch of the pretraining of {request.name!r} is whole in {folder}: there is "
            "nothing to keep. Pretrain without --so-far, which begins anew."
        )
    encoder = None
    if int(best_row(history)["epoch"]) or not settings.epochs:
        watch.stage("Adding the encoder", 0.0)
        encoder = keep_encoder(
            network, request.name, settings, squares, labelled, history, replace=request.replace
        )
        watch.stage("Adding the encoder", 1.0)
    if encoder or not request.no_further:
        shutil.rmtree(folder, ignore_errors=True)
    return PretrainResult(encoder, history)


def start_of(settings: Pretraining) -> keras.Model:
    """The network with ImageNet weights that pretraining begins with.

    Raises
    ------
    ArchitectureError
        If the weights can be had neither locally nor by download.
    """
    prepare()
    keras.utils.set_random_seed(settings.seed)
    shape = (settings.input_size, settings.input_size, 3)
    return build(settings.architecture, shape, 2, weights="imagenet")


def _squares(request: PretrainRequest, watch: Watch) -> Squares:
    settings = request.settings
    if request.slide_scale is not None:
        squares = slide_squares(request.data, settings.input_size, request.slide_scale, watch)
    else:
        dataset = unlabelled(request.data, request.patient_pattern)
        squares = squares_of(dataset, settings.input_size, _reading(watch))
    if len(squares.pixels) < settings.batch_size:
        raise TrainingError(
            f"{request.data} gives {len(squares.pixels)} squares, fewer than batch_size="
            f"{settings.batch_size} of a step. Give more images; thousands are needed to learn "
            "anything."
        )
    return squares


def _labelled(request: PretrainRequest, squares: Squares, watch: Watch) -> Squares | None:
    if request.labelled is None:
        return None
    dataset = open_dataset(
        request.labelled,
        task=request.task,
        patient_pattern=request.patient_pattern,
        positive=request.positive,
    )
    if not dataset.patients_known:
        raise TrainingError(
            f"{request.labelled} does not say whose its images are, so no epoch can be judged by "
            "patient. Give --patient-pattern, or leave --labelled out."
        )
    return squares_of(dataset, squares.pixels.shape[1], _reading(watch))


def _reading(watch: Watch) -> Callable[[float], None]:
    def told(done: float) -> None:
        if watch.cancelled():
            raise Stopped("Stopped while images were read. What was read is kept.")
        watch.stage("Reading images", done)

    return told


class _Kept(Watch):
    """Tells another one; the state is kept in a folder."""

    def __init__(self, watch: Watch, folder: Path) -> None:
        self._watch = watch
        self.checkpoints = folder

    def stage(self, name: str, done: float) -> None:
        self._watch.stage(name, done)

    def epoch(self, values: Row) -> None:
        self._watch.epoch(values)

    def cancelled(self) -> bool:
        return self._watch.cancelled()
