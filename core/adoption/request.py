"""What only whoever brings a model knows of it."""

from dataclasses import dataclass, replace
from pathlib import Path

from core.adoption.foreign import Foreign
from core.adoption.scaling import SCALINGS, Scaling
from core.datasets.class_words import positive_of
from core.datasets.spelling import class_key
from core.errors import PackageError
from core.imaging.scale import why_implausible

_TWO = 2


@dataclass(frozen=True)
class Adoption:
    """A model made elsewhere, as it shall stand among the others.

    Attributes
    ----------
    name : str
        Of the model package.
    classes : tuple of str
        In the order of the network's outputs; one output of two classes is for the second.
    positive : str or None
        Which of two is positive; None where their words say it.
    um_per_px : float or None
        Scale of the images that it was trained on, µm/px.
    field_um : float or None
        Side of the square that one of them showed, µm.
    scaling : Scaling or None
        None has it found out by trial on `data`.
    title : str or None
        What pages call it.
    data : Path or None
        Labelled folder or manifest that it is judged on.
    patient_pattern : str or None
        Regular expression that finds the patient in a path of `data`, where nothing else says.
    unseen : bool
        Whether it was trained on none of the patients in `data`.
    side : int or None
        Of the input, px, of a network that takes any.
    """

    name: str
    classes: tuple[str, ...]
    positive: str | None = None
    um_per_px: float | None = None
    field_um: float | None = None
    scaling: Scaling | None = None
    title: str | None = None
    data: Path | None = None
    patient_pattern: str | None = None
    unseen: bool = False
    side: int | None = None

    @property
    def binary(self) -> bool:
        """Whether it tells two classes apart."""
        return len(self.classes) == _TWO


def order_of(request: Adoption, foreign: Foreign) -> tuple[int, ...]:
    """Which output each class of the card is: of two the positive one last.

    Raises
    ------
    PackageError
        If the classes do not fit the network, or the positive one is not known.
    """
    keys = [class_key(name) for name in request.classes]
    if "" in keys or len(set(keys)) < len(keys):
        raise PackageError(
            f"The classes are {', '.join(map(repr, request.classes))}; give each a name of its own."
        )
    if len(keys) != foreign.classes:
        one_output = " (one output tells two classes apart)" if foreign.outputs == 1 else ""
        raise PackageError(
            f"The network tells {foreign.classes} classes apart{one_output}, and {len(keys)} were "
            "named. Name them in the order of its outputs; flow_from_directory and "
            "image_dataset_from_directory sort them alphabetically."
        )
    if not request.binary:
        if request.positive:
            raise PackageError(
                f"A positive class was named, but {len(keys)} classes have none. Leave it out."
            )
        return tuple(range(len(keys)))
    if request.positive is None:
        number = positive_of(*request.classes)
        if number is None:
            raise PackageError(
                f"The words {request.classes[0]!r} and {request.classes[1]!r} do not say "
                "which class is positive (the one to detect). Name it."
            )
    elif class_key(request.positive) not in keys:
        raise PackageError(
            f"The positive class {request.positive!r} is not one of {', '.join(request.classes)}."
        )
    else:
        number = keys.index(class_key(request.positive))
    return (1 - number, number)


def check_scale(request: Adoption) -> None:
    """Refuse a scale that no microscope has, and one that neither the user nor data state.

    Raises
    ------
    PackageError
    """
    if request.um_per_px is not None and (wrong := why_implausible(request.um_per_px)):
        raise PackageError(f"The scale {request.um_per_px:g} µm/px was stated, which {wrong}")
    if request.field_um is not None and not 1 <= request.field_um <= 100_000:  # noqa: PLR2004
        raise PackageError(
            f"A field of {request.field_um:g} µm was stated; give one from 1 to 100,000 µm."
        )
    if request.data is None and request.um_per_px is None and request.field_um is None:
        raise PackageError(
            "The scale is unknown: state that of its training images, in µm/px, or the field "
            "one of them showed, in µm. Without it no image can be brought to its scale."
        )


def settled_scaling(request: Adoption, scales_itself: str | None) -> Adoption:
    """The request with its scaling, where it need not be tried: as stated, or as it is inside.

    Raises
    ------
    PackageError
        If nobody states it, the network has none of its own, and there are no data to try it on.
    """
    if request.scaling is None and request.data is None and scales_itself:
        return replace(request, scaling="pixels")
    if request.data is None and request.scaling is None:
        titles = ", ".join(f"{name} ({scaling.title})" for name, scaling in SCALINGS.items())
        raise PackageError(
            f"How colours are scaled is not known: state one of {titles}, or give a labelled "
            "folder on which to try them."
        )
    return request
