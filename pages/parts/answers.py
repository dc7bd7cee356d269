"""Answers of this browser session, kept so that moving a slider computes nothing twice."""

import hashlib
import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import streamlit as st

from core.errors import LobuleError
from pages.parts.uploads import Upload

if TYPE_CHECKING:
    from core.diagnosis import Diagnosis
    from core.registry.package import Package

log = logging.getLogger(__name__)

# Answers hold the decoded pixels, so a session keeps no more than this of them.
MAX_BYTES = 300_000_000

# An image, a model and a scale make an answer; a class and a layer choose its heatmap.
ImageKey = tuple[str, str, float | None]
Key = tuple[str, str, float | None, str | None, str | None]
Progress = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an image got no answer, in words for the user."""

    reason: str


@dataclass(frozen=True, slots=True)
class Summary:
    """What a list shows of an answer; unlike the answer it is never forgotten."""

    predicted: str | None  # None where there is no answer
    probability: float  # of the positive class if there is one, else of the predicted class
    positive: str | None
    verdict: str = ""  # a class, or the words for undecided and out of scope


@dataclass(frozen=True, slots=True)
class Question:
    """One image, one model, and what the user said about both."""

    upload: Upload
    package: "Package"
    um_per_px: float | None
    heatmap_class: str | None = None
    heatmap_layer: str | None = None

    @property
    def key(self) -> Key:
        """What the answer depends on."""
        return (
            _sha256(self.upload),
            self.package.model_sha256,
            self.um_per_px,
            self.heatmap_class,
            self.heatmap_layer,
        )


def known(question: Question) -> "Diagnosis | Failure | None":
    """Return the answer if this session has it."""
    answers = _answers()
    if not _is_hashed(question.upload) or (found := answers.get(question.key)) is None:
        return None
    answers.move_to_end(question.key)
    if isinstance(found, Failure) or found.name == question.upload.name:
        return found
    return replace(found, name=question.upload.name)  # the same bytes under another name


def summary(question: Question) -> Summary | None:
    """Return the short form of an answer that was given in this session."""
    return _summaries().get(question.key[:3]) if _is_hashed(question.upload) else None


def ask(question: Question, progress: Progress | None = None) -> "Diagnosis | Failure":
    """Answer a question; whatever goes wrong comes back as a sentence."""
    found = known(question)
    if found is not None:
        return found
    answer: Diagnosis | Failure
    try:
        from core.diagnosis import diagnose  # noqa: PLC0415 - not needed to draw the page

        answer = diagnose(
            question.upload.load(),
            name=question.upload.name,
            package=question.package,
            um_per_px=question.um_per_px,
            heatmap_class=question.heatmap_class,
            heatmap_layer=question.heatmap_layer,
            progress=progress,
        )
    except LobuleError as error:
        answer = Failure(str(error))
    except Exception:
        log.exception("An image got no answer")
        answer = Failure(
            "Lobule could not answer this image because of a fault in the program. The other "
            "images are not affected. The details are in the program's log."
        )
    _keep(question.key, answer)
    return answer


def _keep(key: Key, answer: "Diagnosis | Failure") -> None:
    answers = _answers()
    answers[key] = answer
    _summaries()[key[:3]] = _summarise(answer)
    while len(answers) > 1 and sum(map(_size, answers.values())) > MAX_BYTES:
        answers.popitem(last=False)


def _summarise(answer: "Diagnosis | Failure") -> Summary:
    if isinstance(answer, Failure):
        return Summary(None, 0.0, None)
    positive = answer.operating_point.positive_class if answer.operating_point else None
    index = answer.classes.index(positive or answer.predicted)
    probability = float(answer.probabilities[index])
    return Summary(answer.predicted, probability, positive, answer.verdict.name)


def _size(answer: "Diagnosis | Failure") -> int:
    if isinstance(answer, Failure):
        return len(answer.reason)
    map_bytes = 0 if answer.probability_map is None else answer.probability_map.nbytes
    return int(answer.image.pixels.nbytes + answer.heatmap.nbytes + map_bytes)


def _answers() -> "OrderedDict[Key, Diagnosis | Failure]":
    answers: OrderedDict[Key, Diagnosis | Failure] = st.session_state.setdefault(
        "answers", OrderedDict()
    )
    return answers


def _summaries() -> dict[ImageKey, Summary]:
    summaries: dict[ImageKey, Summary] = st.session_state.setdefault("summaries", {})
    return summaries


def _sha256(upload: Upload) -> str:
    hashes: dict[str, str] = st.session_state.setdefault("hashes", {})
    if upload.id not in hashes:
        hashes[upload.id] = hashlib.sha256(upload.load()).hexdigest()
    return hashes[upload.id]


def _is_hashed(upload: Upload) -> bool:
    """Whether this session has met the image; one that it has not has no answer yet either."""
    return upload.id in st.session_state.get("hashes", {})
