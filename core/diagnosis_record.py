"""A diagnosis as a record of the worklist, and back: the same answer, number for number."""

from dataclasses import MISSING, Field, fields, replace
from typing import Any, get_type_hints

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from core.cases.records import ANSWER_VERSION, FullAnswer, NewAnswer
from core.cases.words import as_json
from core.diagnosis import Diagnosis
from core.errors import CaseError
from core.imaging.read import Image, ImageInfo
from core.registry.card import Card

_HINTS = get_type_hints(Diagnosis)
_INFO = TypeAdapter(ImageInfo)
_SEPARATE = {"image", "card"}
# Kept answers call an outcome "verdict", and its kind "outcome".
_KEPT_OUTCOME, _KEPT_KIND = "verdict", "outcome"


def record(diagnosis: Diagnosis, name: str) -> NewAnswer:
    """Return all of a diagnosis but the pixels, for keeping.

    Parameters
    ----------
    diagnosis
        As it was shown.
    name
        What the image is called from now on.
    """
    diagnosis = replace(diagnosis, name=name)
    parts: dict[str, Any] = {}
    maps: dict[str, NDArray[np.float32]] = {}
    for field in fields(diagnosis):
        value = getattr(diagnosis, field.name)
        if isinstance(value, np.ndarray):
            maps[field.name] = value
        elif field.name not in _SEPARATE:
            parts[field.name] = _adapter(field, value).dump_python(value, mode="json")
    outcome = parts.pop("outcome")
    parts[_KEPT_OUTCOME] = {_KEPT_KIND: outcome.pop("kind"), **outcome}
    positive = diagnosis.card.positive_index
    shown = diagnosis.predicted if positive is None else diagnosis.classes[positive]
    return NewAnswer(
        card=as_json(diagnosis.card.model_dump(mode="json")),
        model=diagnosis.card.name,
        model_sha256=diagnosis.model_sha256,
        classes=diagnosis.classes,
        predicted=diagnosis.predicted,
        said=diagnosis.outcome.name,
        shown_class=shown,
        probability=float(diagnosis.probabilities[diagnosis.classes.index(shown)]),
        um_per_px=diagnosis.um_per_px,
        content={
            "version": ANSWER_VERSION,
            "result": diagnosis.to_json(),
            "image": _INFO.dump_python(diagnosis.image.info, mode="json"),
            "diagnosis": parts,
        },
        maps=maps,
    )


def reopen(answer: FullAnswer, pixels: NDArray[np.uint8]) -> Diagnosis:
    """Return the diagnosis that was kept.

    Parameters
    ----------
    answer
        As the worklist gives it.
    pixels
        (H, W, 3) RGB, of the kept image.

    Raises
    ------
    CaseError
        If it was kept by a Lobule whose answers or cards this one does not read.
    """
    version = answer.content.get("version")
    if version != ANSWER_VERSION:
        raise CaseError(
            f"The answer was saved in version {version!r}; this Lobule reads version "
            f"{ANSWER_VERSION}. Use a newer Lobule; exports still hold the answer."
        )
    parts = dict(answer.content["diagnosis"])
    outcome = dict(parts.pop(_KEPT_OUTCOME))
    parts["outcome"] = {"kind": outcome.pop(_KEPT_KIND), **outcome}
    try:
        info = _INFO.validate_python(answer.content["image"])
        restored: dict[str, Any] = {
            "image": Image(pixels, info),
            "card": Card.model_validate_json(answer.card),
            **{name: values for name, values in answer.maps.items() if name in _HINTS},
        }
        for field in fields(Diagnosis):
            if field.name not in restored:
                restored[field.name] = _restored(field, parts)
        return Diagnosis(**restored)
    except ValidationError as error:
        raise CaseError(
            "The answer was saved by another version of Lobule whose model cards this one "
            "cannot read. Exports still hold the answer."
        ) from error


def _restored(field: "Field[Any]", parts: dict[str, Any]) -> Any:
    """Return a part's value; one that came to answers after this one was kept is left empty."""
    if parts.get(field.name) is not None:
        return _adapter(field, parts[field.name]).validate_python(parts[field.name])
    if field.name in parts:
        return None
    if field.default is not MISSING:
        return field.default
    return field.default_factory() if field.default_factory is not MISSING else None


def _adapter(field: "Field[Any]", value: Any) -> TypeAdapter[Any]:
    """Return what turns a field into JSON and back; the type of an array has no meaning there."""
    return TypeAdapter(type(None) if value is None else _HINTS[field.name])
