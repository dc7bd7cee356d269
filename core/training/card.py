"""The card of a model that has just been trained."""

import importlib.metadata
import platform
from datetime import UTC, datetime

import numpy as np

from core.architectures import heatmap_layer
from core.architectures.catalogue import find
from core.datasets.cache import Cached
from core.datasets.records import Dataset
from core.encoders.card import EncoderCard
from core.encoders.seen import seen_in_pretraining
from core.registry.card import Card, InputSpec, Training
from core.registry.card_parts import PLACES, WHOLE, UsedEncoder
from core.registry.manage import own_title
from core.training.request.recipe import Recipe, load_recipe, recipe_names
from core.training.request.request import Request, command_of
from core.training.trained import Trained
from core.training.tried import tried

# Scales that differ less are alike to an encoder.
_ALIKE = 2.0
# Classes with fewer patients than this get a warning.
FEW_PATIENTS = 20
# Unreadable images that a card names; of more it gives the number.
_NAMED = 10
_IMAGENET = (
    (
        "ImageNet weights of Keras Applications (Apache License 2.0). Deng J. et al. ImageNet: A "
        "large-scale hierarchical image database. CVPR 2009."
    ),
)
_LIBRARIES = ("keras", "tensorflow", "numpy", "opencv-python", "scikit-learn")


def write_card(
    request: Request,
    cached: Cached,
    fingerprint: str,
    spec: InputSpec,
    trained: Trained,
    seconds: float,
    dropped: tuple[str, ...] = (),
    encoder: EncoderCard | None = None,
) -> Card:
    """Put together the card of a trained model.

    Parameters
    ----------
    request : Request
    cached : Cached
        The images that it was trained and judged on.
    fingerprint : str
        Of the dataset that was asked for.
    spec : InputSpec
    trained : Trained
    seconds : float
        That it took.
    dropped : tuple of str
        What was left out of the dataset on purpose, or stated of it, in sentences.
    encoder : EncoderCard, optional
        Of the encoder that it was fitted on.
    """
    recipe, split, name = request.recipe, request.recipe.split, request.name
    dataset = cached.dataset
    source = dataset.source
    notes = (
        *trained.evaluation.notes,
        *_few_patients(dataset, trained),
        *dropped,
        *_left_out(cached.unreadable),
        *(_other_scale(encoder, spec) if encoder else ()),
    )
    patients = dataset.records["patient"].to_numpy()
    measured = tried(recipe.name, fingerprint) if _unchanged(recipe) else ()
    return Card(
        schema_version=1,
        name=name,
        # Into a folder of one's own go the shipped models when they are made again.
        title=recipe.title if request.folder else own_title(recipe.title),
        summary=_summary(recipe, _network(recipe, encoder), dataset, spec, trained),
        created=datetime.now(UTC).replace(microsecond=0),
        architecture=recipe.architecture,
        task=recipe.task,
        classes=dataset.classes,
        head=recipe.head,
        input=spec,
        stain_normalisation=recipe.stain_normalisation,
        heatmap_layer=_explained(recipe, encoder),
        temperature=trained.temperature,
        operating_point=trained.operating_points[0] if trained.operating_points else None,
        operating_points=trained.operating_points,
        training=Training(
            recipe=recipe.model_dump(mode="json", exclude_none=True),
            dataset=dataset.name,
            dataset_fingerprint=fingerprint,
            split=split,
            leaky=split == "image",
            patients={
                part: sorted(np.unique(patients[rows]).tolist())
                for part, rows in trained.rows.items()
            },
            images={part: len(rows) for part, rows in trained.rows.items()},
            seed=recipe.seed,
            seconds=round(seconds, 1),
            command=command_of(request),
        ),
        encoder=_used(encoder, dataset, fingerprint) if encoder else None,
        evaluation=trained.evaluation.model_copy(update={"notes": notes, "tried": measured}),
        conformal=trained.trust.conformal,
        scope=trained.trust.scope,
        good_for=source.good_for,
        not_for=source.not_for + (_not_commercial(encoder) if encoder else ()),
        licence=source.licence,
        citations=source.citations
        + (_IMAGENET if recipe.weights == "imagenet" else ())
        + ((encoder.citation,) if encoder else ()),
        versions={
            "python": platform.python_version(),
            **{library: importlib.metadata.version(library) for library in _LIBRARIES},
        },
    )


def _network(recipe: Recipe, encoder: EncoderCard | None) -> str:
    """The network, and what its weights are, for people."""
    if encoder:
        return f"The encoder {encoder.title} ({encoder.licence})"
    start = "ImageNet weights" if recipe.weights == "imagenet" else "random weights"
    return f"{find(recipe.architecture).title} ({start})"


def _explained(recipe: Recipe, encoder: EncoderCard | None) -> str:
    """The layer that heatmaps explain."""
    if encoder is None:
        return heatmap_layer(recipe.architecture)
    return PLACES if encoder.grid else WHOLE


def _used(encoder: EncoderCard, dataset: Dataset, fingerprint: str) -> UsedEncoder:
    patients = dataset.records["patient"].unique()
    return UsedEncoder(
        name=encoder.name,
        title=encoder.title,
        sha256=encoder.sha256,
        dimension=encoder.dimension,
        source=encoder.source,
        licence=encoder.licence,
        commercial=encoder.commercial,
        citation=encoder.citation,
        made_from=encoder.made_from,
        known=encoder.known,
        input=encoder.input,
        features=encoder.features,
        tensor=encoder.tensor,
        seen=seen_in_pretraining(encoder, patients, fingerprint, known=dataset.patients_known),
    )


def _not_commercial(encoder: EncoderCard) -> tuple[str, ...]:
    """What the encoder's licence keeps the model from."""
    if encoder.commercial == "allowed":
        return ()
    doubt = "does not allow" if encoder.commercial == "not allowed" else "may not allow"
    return (f"Commercial use: the licence of {encoder.title} ({encoder.licence}) {doubt} it.",)


def _other_scale(encoder: EncoderCard, spec: InputSpec) -> tuple[str, ...]:
    """Say so where the encoder learnt from images of another scale than it is shown."""
    learnt, shown = encoder.input.um_per_px, spec.field_um / spec.width
    if learnt is None or max(learnt / shown, shown / learnt) <= _ALIKE:
        return ()
    return (
        (
            f"{encoder.title} learnt from images of {learnt:g} µm/px and is shown "
            f"{shown:.2g} µm/px here: its features may say less than where it was trained."
        ),
    )


def _few_patients(dataset: Dataset, trained: Trained) -> tuple[str, ...]:
    """Say how few patients each class rests on, where they are few."""
    records = dataset.records.iloc[trained.rows["train"]]
    people = records.groupby("label")["patient"].nunique()
    if people.min() >= FEW_PATIENTS:
        return ()
    numbers = ", ".join(f"{people[label]} {dataset.classes[label]}" for label in people.index)
    return (
        (
            f"Very few patients were trained on ({numbers}). Another laboratory's stain or "
            "scanner, or simply other patients, can change these figures a great deal; do not use "
            "the model where anything depends on its answer."
        ),
    )


def _unchanged(recipe: Recipe) -> bool:
    return recipe.name in recipe_names() and recipe == load_recipe(recipe.name)


def _left_out(unreadable: dict[str, str]) -> tuple[str, ...]:
    """What the card says of the images that could not be read."""
    if not unreadable:
        return ()
    named = "; ".join(f"{path}: {reason}" for path, reason in list(unreadable.items())[:_NAMED])
    more = ", for instance" if len(unreadable) > _NAMED else ""
    return (f"Images that cannot be read were left out: {len(unreadable)}{more}. {named}",)


def _summary(
    recipe: Recipe, network: str, dataset: Dataset, spec: InputSpec, trained: Trained
) -> str:
    if recipe.probe:
        how = "frozen, with logistic regression on its features"
    elif recipe.train and recipe.train.frozen_base and not recipe.fine_tune:
        how = "frozen but for its head"
    elif recipe.fine_tune:
        how = f"its last {recipe.fine_tune.layers} layers and its head trained"
    else:
        how = "trained as a whole"
    patients = dataset.records["patient"].iloc[trained.rows["train"]].nunique()
    task = (
        f"Tells {dataset.classes[1]} from {dataset.classes[0]}"
        if recipe.task == "binary"
        else f"Tells {len(dataset.classes)} subtypes apart"
    )
    fields = ", ".join(f"{field:.0f}" for field in spec.fields_um)
    shown = {
        "patch": f"squares of {fields} µm",
        "crops": f"fields as tall as {fields} µm, by squares cut out of them",
        "squash": f"fields as tall as {fields} µm, made square",
    }[spec.fit]
    return (
        f"{task} in {shown}. {network}, {how}. Trained on "
        f"{len(trained.rows['train']):,} {dataset.name} images of {patients:,} patients. Its "
        f"probabilities assume that {'both' if recipe.task == 'binary' else 'all'} classes are "
        "equally frequent."
    )
