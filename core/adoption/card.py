"""The card of a model that was made elsewhere."""

import importlib.metadata
import platform
import shlex
from datetime import UTC, datetime

from core.adoption.foreign import Foreign
from core.adoption.judge import JudgedNetwork
from core.adoption.network import FlatNetwork
from core.adoption.request import Adoption
from core.adoption.scaling import SCALINGS, Scaling
from core.datasets.records import NOT_FOR_PATIENTS
from core.registry.card import Card, InputSpec, Training
from core.registry.card_parts import Origin
from core.registry.manage import own_title

_NOT_JUDGED = "Any use before it is judged on labelled images."
_LIBRARIES = ("keras", "tensorflow", "numpy", "opencv-python", "scikit-learn")


def write_card(
    request: Adoption,
    foreign: Foreign,
    network: FlatNetwork,
    scaling: Scaling,
    order: tuple[int, ...],
    spec: InputSpec,
    *,
    judged: JudgedNetwork | None = None,
    dataset: str = "",
    notes: tuple[str, ...] = (),
) -> Card:
    """Put together the card; without `judged` it says that nobody judged the model.

    Parameters
    ----------
    request : Adoption
    foreign : Foreign
    network : FlatNetwork
        The flat one.
    scaling : Scaling
    order : tuple of int
        Which class of the request comes where.
    spec : InputSpec
    judged : JudgedNetwork, optional
    dataset : str
        Name of what it was judged on.
    notes : tuple of str
        What was found of that dataset, in sentences.
    """
    classes = tuple(request.classes[number] for number in order)
    evaluation = None
    if judged:
        all_notes = (*judged.evaluation.notes, *notes)
        evaluation = judged.evaluation.model_copy(update={"notes": all_notes})
    points = judged.operating_points if judged else ()
    return Card(
        schema_version=1,
        name=request.name,
        title=own_title(request.title or request.name),
        summary=_summary(foreign, classes, spec),
        created=datetime.now(UTC).replace(microsecond=0),
        architecture="network made elsewhere",
        task="binary" if request.binary else "subtype",
        classes=classes,
        head=foreign.head,
        input=spec,
        heatmap_layer=network.heatmap_layer,
        temperature=judged.temperature if judged else 1.0,
        operating_point=points[0] if points else None,
        operating_points=points,
        conformal=judged.trust.conformal if judged else None,
        training=Training(
            recipe={},
            dataset="not known",
            dataset_fingerprint="",
            split="patient",
            leaky=False,
            patients={},
            images={},
            seed=0,
            seconds=0.0,
            command=command_of(request, foreign, scaling),
        ),
        origin=Origin(
            file=foreign.name,
            sha256=foreign.sha256,
            format=foreign.format,
            scaling=SCALINGS[scaling].title,
            scaling_by="stated" if request.scaling else "trial",
            changes=network.changes,
            judged_on=dataset,
            unseen=request.unseen and judged is not None,
        ),
        evaluation=evaluation,
        scope=judged.trust.scope if judged else None,
        good_for=(),
        not_for=(NOT_FOR_PATIENTS,) if judged else (_NOT_JUDGED, NOT_FOR_PATIENTS),
        licence="not stated",
        citations=(),
        versions={
            "python": platform.python_version(),
            **{library: importlib.metadata.version(library) for library in _LIBRARIES},
        },
    )


def command_of(request: Adoption, foreign: Foreign, scaling: Scaling) -> str:
    """The command that adopts the same file again, on data in FOLDER, quoted for a shell."""
    words = ["python", "-m", "core", "models", "adopt", foreign.name, "--name", request.name]
    for name in request.classes:
        words += ["--classes", name]
    words += ["--positive", request.positive] if request.positive else []
    words += ["--um-per-px", f"{request.um_per_px:g}"] if request.um_per_px else []
    words += ["--field", f"{request.field_um:g}"] if request.field_um else []
    words += ["--scaling", scaling] if request.scaling or not request.data else []
    words += ["--data", "FOLDER"] if request.data else []
    words += ["--patient-pattern", request.patient_pattern] if request.patient_pattern else []
    words += ["--unseen"] if request.unseen else []
    words += ["--side", str(request.side)] if request.side else []
    return shlex.join(words)


def _summary(foreign: Foreign, classes: tuple[str, ...], spec: InputSpec) -> str:
    task = (
        f"Tells {classes[1]} from {classes[0]}"
        if len(classes) == 2  # noqa: PLR2004 - negative and positive
        else f"Tells {', '.join(classes)} apart"
    )
    return (
        f"{task} in squares of {spec.field_um:g} µm. A network made elsewhere, from the file "
        f"{foreign.name}."
    )
