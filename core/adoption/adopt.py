"""The journey: a network made elsewhere in, a model among the others out."""

from core.adoption.card import write_card
from core.adoption.foreign import Foreign
from core.adoption.inside import scales_itself
from core.adoption.judge import JudgedNetwork, Progress, judge
from core.adoption.network import DEFAULT_SIDE, build_flat
from core.adoption.request import Adoption, check_scale, order_of, settled_scaling
from core.assessment.assess import in_classes_of, other_words
from core.datasets.cache import Cached, pixel_cache
from core.datasets.open import open_dataset
from core.datasets.records import Dataset
from core.errors import EvaluationError, LobuleError, PackageError
from core.evaluation.predictions_file import as_table
from core.registry.card import Card, InputSpec
from core.registry.manage import refuse_name
from core.registry.package import Package, save_package
from core.rights import Deed, require
from core.settings import get_settings
from core.training.request.data import after_audit, at_scale
from core.training.request.input_spec import framing_of

_TOLERANCE = 1.25
"""How far scale and field of images may be from those stated, as a factor."""
_NAMED = 10  # images that cannot be read and are named on the card


def adopt(
    foreign: Foreign,
    request: Adoption,
    progress: Progress = lambda _stage, _done: None,
) -> Package:
    """Put a network that was made elsewhere among the models, judged if a labelled folder is given.

    Parameters
    ----------
    foreign : Foreign
        As `core.adoption.foreign.read_foreign` loads it.
    request : Adoption
    progress : callable
        Told what is done and the share of it, in [0, 1]; may raise to stop, and then nothing is
        left behind.

    Raises
    ------
    LobuleError
        If what was stated does not fit the network or the data, the name is taken, or the flat
        network would not answer the same.
    """
    require(Deed.CHANGE_MODELS)
    refuse_name(request.name)
    order = order_of(request, foreign)
    check_scale(request)
    if request.data is None:
        progress("Flattening the network", 0.0)
        side = foreign.side or request.side or DEFAULT_SIDE
        if request.scaling is None:
            plain = build_flat(foreign, "pixels", order, side)
            request = settled_scaling(request, scales_itself(plain.model))
        assert request.scaling  # noqa: S101 - settled just now
        network = build_flat(foreign, request.scaling, order, side)
        card = write_card(
            request, foreign, network, request.scaling, order, stated_spec(request, side)
        )
        return _save(card, network.model)
    return _judged(foreign, request, order, progress)


def _judged(
    foreign: Foreign, request: Adoption, order: tuple[int, ...], progress: Progress
) -> Package:
    progress("Reading the folder", 0.0)
    dataset, spec, notes = labelled(request, foreign, order)
    cached = _read(dataset, spec, progress)
    judged = judge(
        foreign,
        cached.dataset,
        cached.pixels,
        order,
        request.scaling,
        progress,
        unseen=request.unseen,
    )
    card = write_card(
        request,
        foreign,
        judged.network,
        judged.scaling,
        order,
        spec,
        judged=judged,
        dataset=dataset.name,
        notes=(*notes, *_unreadable(cached)),
    )
    return _save(card, judged.network.model, judged)


def labelled(
    request: Adoption, foreign: Foreign, order: tuple[int, ...]
) -> tuple[Dataset, InputSpec, tuple[str, ...]]:
    """The labelled images, what one input of the network shows of them, and what is to be said.

    Raises
    ------
    LobuleError
        If the folder cannot be used, its classes or scale are others, or patients are unknown.
    """
    assert request.data  # noqa: S101 - asked for only then
    classes = tuple(request.classes[number] for number in order)
    dataset = open_dataset(
        request.data,
        task="binary" if request.binary else "subtype",
        patient_pattern=request.patient_pattern,
        model_classes=classes,
    )
    if not dataset.patients_known:
        raise EvaluationError(
            f"The patients of the images in {request.data} are not known, but a model is "
            "judged by patient, not by image. Put a patients.csv (path,patient) into the "
            "folder, or say how paths name patients (--patient-pattern). Or leave the folder "
            'out: the card then says "not judged".'
        )
    side = foreign.side or request.side or DEFAULT_SIDE
    notes: tuple[str, ...] = ()
    um_per_px = request.um_per_px
    if um_per_px is not None:
        dataset, stated = at_scale(dataset, um_per_px)
        notes = (stated.replace("when training was requested", "when the model was adopted"),)
    dataset, dropped = after_audit(dataset)
    ordered = in_classes_of(request.name, classes, dataset)
    taken = other_words(classes, dataset)
    spec = framing_of(ordered, side, "squash").spec
    if request.field_um and not 1 / _TOLERANCE <= spec.field_um / request.field_um <= _TOLERANCE:
        raise EvaluationError(
            f"The images in {request.data} show {spec.field_um:g} µm, but the stated field of "
            f"the network is {request.field_um:g} µm. Give images that show that much, or "
            "state another field."
        )
    return ordered, spec, (*notes, *dropped, *taken)


def stated_spec(request: Adoption, side: int) -> InputSpec:
    """What one input shows, by what was stated: without a field, the images were of its size."""
    um_per_px = request.um_per_px or (request.field_um or 0) / side
    return InputSpec(
        height=side,
        width=side,
        field_um=round(request.field_um or side * um_per_px, 3),
        um_per_px=um_per_px,
        um_per_px_low=um_per_px / _TOLERANCE,
        um_per_px_high=um_per_px * _TOLERANCE,
    )


def _read(dataset: Dataset, spec: InputSpec, progress: Progress) -> Cached:
    return pixel_cache(
        dataset,
        spec.height,
        get_settings().cache,
        lambda done: progress("Reading images", done),
    )


def _unreadable(cached: Cached) -> tuple[str, ...]:
    if not cached.unreadable:
        return ()
    named = "; ".join(f"{path}: {why}" for path, why in list(cached.unreadable.items())[:_NAMED])
    return (f"Images that cannot be read were left out: {len(cached.unreadable)}. {named}",)


def _save(card: Card, model: object, judged: JudgedNetwork | None = None) -> Package:
    folder = get_settings().own_models / card.name
    try:
        return save_package(
            folder,
            card,
            model,
            predictions=as_table(judged.predictions) if judged else None,
            graph=True,
            scope=judged.trust.reference if judged else None,
        )
    except LobuleError:
        raise
    except OSError as error:
        raise PackageError(
            f"The model could not be written to {folder.parent}: {error.strerror or error}. "
            "Free some space or allow writing there."
        ) from error
