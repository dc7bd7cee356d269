"""Keep a pretrained network as an encoder, with a card that says what it learnt from."""

import tempfile
from pathlib import Path

import keras

from core.architectures.catalogue import find
from core.encoders.add import About, add_encoder
from core.encoders.card import Preparation, Pretrained
from core.encoders.shelf import Encoder
from core.registry.intermediate import write_intermediate
from core.training.fitting.progress import Row
from core.training.pretraining.fit import best_row
from core.training.pretraining.recipe import Pretraining
from core.training.pretraining.squares import Squares
from core.training.pretraining.twins import CITATION, described

METHOD = "Barlow Twins"
# The network itself scales pixels of 0 to 255, which is what this leaves of them.
_AS_THEY_ARE = {"mean": (0.0, 0.0, 0.0), "deviation": (1 / 255, 1 / 255, 1 / 255)}
_IMAGENET = (
    "ImageNet weights of Keras Applications. Deng J. et al. ImageNet: A large-scale hierarchical "
    "image database. CVPR 2009."
)


def keep_encoder(
    network: keras.Model,
    name: str,
    settings: Pretraining,
    squares: Squares,
    labelled: Squares | None,
    history: list[Row],
    *,
    replace: bool,
) -> Encoder:
    """Add a network to the encoders at hand, through the same trials as any other.

    Parameters
    ----------
    network : keras.Model
        With the weights of its best epoch.
    name : str
    settings : Pretraining
    squares : Squares
        That it was pretrained on.
    labelled : Squares or None
        That chose the epoch.
    history : list of dict
        Of `core.training.pretraining.fit.pretrain_network`.
    replace : bool
        Whether an encoder of this name makes room.

    Raises
    ------
    EncoderError
        If it is refused, or there is no room for it.
    """
    epoch = int(best_row(history)["epoch"])
    pretrained = _pretrained(settings, squares, labelled, history) if epoch else None
    start = f"{find(settings.architecture).title} with ImageNet weights"
    data = f"{squares.dataset.name} ({squares.dataset.source.licence})"
    about = About(
        name=name,
        title=f"{start}, {METHOD} on {squares.dataset.name}" if epoch else start,
        source=f"{_learnt_here(pretrained)} To have it elsewhere, copy its folder encoders/{name}."
        if pretrained
        else f"{start}, of Keras Applications.",
        licence=f"Apache-2.0 (ImageNet weights); images: {data}" if epoch else "Apache-2.0",
        commercial="unknown" if epoch else "allowed",
        citation=f"{CITATION} {_IMAGENET}" if epoch else _IMAGENET,
        input=Preparation(
            height=settings.input_size,
            width=settings.input_size,
            um_per_px=squares.um_per_px if epoch else None,
            **_AS_THEY_ARE,
        ),
        pretrained=pretrained,
    )
    with tempfile.TemporaryDirectory() as folder:
        return add_encoder(encoder_file(network, Path(folder)), about, replace=replace)


def encoder_file(network: keras.Model, folder: Path) -> Path:
    """Write what a network makes of pixels before its head as OpenVINO's format; return the file.

    It takes (N, s, s, 3) in [0, 255], float32, and gives (N, F).
    """
    import tensorflow as tf  # noqa: PLC0415 - only under this backend

    features = described(network)
    file, _ = write_intermediate(
        lambda pixels: {"features": features(pixels, training=False)},
        network.input_shape[1:],
        tf.float32,
        folder,
    )
    return file


def _pretrained(
    settings: Pretraining, squares: Squares, labelled: Squares | None, history: list[Row]
) -> Pretrained:
    best = best_row(history)
    judged = labelled is not None
    return Pretrained(
        method=METHOD,
        recipe=settings.model_dump(mode="json"),
        dataset=squares.dataset.name,
        fingerprint=squares.fingerprint,
        images=len(squares.dataset.records),
        patients=squares.patients,
        epoch=int(best["epoch"]),
        epochs=len(history) - 1,
        labelled_dataset=labelled.dataset.name if labelled else None,
        labelled_fingerprint=labelled.fingerprint if labelled else None,
        labelled_patients=labelled.patients if labelled else None,
        auroc_of_start=float(history[0]["auroc"]) if judged else None,
        auroc=float(best["auroc"]) if judged else None,
    )


def _learnt_here(pretrained: Pretrained) -> str:
    people = "" if pretrained.patients is None else f" of {len(pretrained.patients):,} patients"
    return (
        f"Pretrained here by {pretrained.method} on {pretrained.images:,} images{people} of "
        f"{pretrained.dataset} (fingerprint {pretrained.fingerprint[:12]}), without labels."
    )
