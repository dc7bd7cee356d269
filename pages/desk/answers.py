"""Answers on the desk, kept so that moving a slider computes nothing twice."""

import hashlib
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.datasets.published_scale import is_named
from core.errors import ImageError, LobuleError, NoModelError, Stopped
from core.room import Turns
from core.settings import get_settings
from pages.desk.ahead import answered_ahead
from pages.desk.state import Desk, Subject, Upload, make_room, open_desk

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.diagnosis import Diagnosis
    from core.imaging.read import Image
    from core.registry.card import Card
    from core.registry.package import Package

log = logging.getLogger(__name__)

_turns = Turns(os.cpu_count() or 1, lambda: get_settings().max_memory_bytes)
_BYTES_A_PIXEL = 20
"""That reading and answering an image take at most; files of 16 bits take most."""

# Answers hold the decoded pixels, so a desk keeps no more than this of them.
MAX_BYTES = 100_000_000
_REFUSED = 900  # px, the longer side of a picture that got no answer
FAULT = "No answer because of a program error; see the log. Other images are not affected."

# An image, a model and a scale make an answer; a class and a layer choose its heatmap.
ImageKey = tuple[str, str, float | None]
Key = tuple[str, str, float | None, str | None, str | None]
Progress = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an image got no answer, in words for the user, and what would give one."""

    reason: str
    offers: tuple[str, ...] = ()
    """SHA-256 of models for demonstration that know the image."""
    plausible: tuple[float, ...] | None = None
    """Scales, µm/px, at which a model would know it; None where the scale is not the trouble."""
    picture: str = ""
    """The image as a `data:` address, where it could be read."""
    thumbnail: str = ""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a list shows of an answer; it stays as long as the image does."""

    predicted: str | None  # None where there is no answer
    probability: float  # of the positive class if there is one, else of the predicted class
    positive: str | None
    outcome: str = ""  # a class, or the words for undecided and out of scope
    chances: tuple[float, ...] = ()  # of all classes, in the model's order
    scope: bool | None = None  # inside; None where the model carries no scope test
    thumbnail: str = ""  # a `data:` address
    card: "Card | None" = None  # of the model that answered
    pixels: str = ""  # their SHA-256: the same image in another file is the same
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Query:
    """One image, who is to answer it, and what the user said about both."""

    upload: Upload
    package: "Package | None"
    """None leaves the choice of the model to Lobule."""
    um_per_px: float | None
    heatmap_class: str | None = None
    heatmap_layer: str | None = None
    shelf: str = ""
    """What an automatic choice depends on."""

    def key(self, desk: Desk) -> Key:
        """What the answer depends on."""
        return (
            sha256_of(desk, self.upload),
            self.model,
            self.um_per_px,
            self.heatmap_class,
            self.heatmap_layer,
        )

    @property
    def subject(self) -> Subject:
        """What is answered: the image, by which model, at which scale."""
        return self.upload.id, self.model, self.um_per_px

    @property
    def model(self) -> str:
        """The model's SHA-256, or what its choice depends on."""
        return self.package.model_sha256 if self.package else self.shelf

    @property
    def standard(self) -> bool:
        """Whether class and layer of the heatmap are the model's own."""
        return self.heatmap_class is None and self.heatmap_layer is None


def known(query: Query, desk: Desk | None = None) -> "Diagnosis | Failure | None":
    """Return the answer if the desk has it."""
    desk = desk or open_desk()
    if query.upload.id not in desk.hashes:
        return None
    with desk.lock:
        key = query.key(desk)
        answer: Diagnosis | Failure | None = desk.answers.get(key)
        if answer is None:
            return None
        desk.answers.move_to_end(key)
    if isinstance(answer, Failure) or answer.name == query.upload.name:
        return answer
    return replace(answer, name=query.upload.name)  # the same bytes under another name


def summary(query: Query, desk: Desk | None = None) -> Summary | None:
    """Return the short form of an answer that was given on this desk."""
    desk = desk or open_desk()
    if query.upload.id not in desk.hashes:
        return None
    short: Summary | None = desk.summaries.get(query.key(desk)[:3])
    return short


def ask(
    query: Query,
    progress: Progress | None = None,
    desk: Desk | None = None,
    grow: "Callable[[Image, NDArray[np.float32] | None], None] | None" = None,
) -> "Diagnosis | Failure":
    """Answer a query; whatever goes wrong comes back as a sentence.

    Parameters
    ----------
    query
        What is asked.
    progress
        Told how far a large image is; what it raises ends the work.
    desk
        Where the answer is kept; this window's unless given.
    grow
        Given the image once it is read, and its probability map as it grows.
    """
    desk = desk or open_desk()
    known_answer = known(query, desk)
    if known_answer is not None:
        return known_answer
    answer: Diagnosis | Failure
    images: list[Image] = []

    def read(image: "Image", values: "NDArray[np.float32] | None") -> None:
        images[:] = [image]
        if grow:
            grow(image, values)

    if query.package is None and query.standard:
        ahead = answered_ahead(query.upload, query.shelf, query.um_per_px)
        if ahead is not None:
            keep(desk, query.key(desk), ahead)
            return ahead
    try:
        from core.diagnosis import diagnose  # noqa: PLC0415 - not needed to draw the page

        content = query.upload.load()
        with _turn(content, progress):
            answer = diagnose(
                content,
                name=query.upload.name,
                package=query.package,
                um_per_px=query.um_per_px,
                heatmap_class=query.heatmap_class,
                heatmap_layer=query.heatmap_layer,
                progress=progress,
                grow=read,
            )
    except Stopped:
        raise
    except NoModelError as error:
        offers = tuple(package.model_sha256 for package in error.offers)
        answer = Failure(str(error), offers, error.plausible, *_pictures(images))
    except LobuleError as error:
        answer = Failure(str(error), (), None, *_pictures(images))
    except Exception:
        log.exception("An image got no answer")
        answer = Failure(FAULT)
    keep(desk, query.key(desk), answer)
    return answer


@contextmanager
def _turn(content: bytes, progress: Progress | None) -> Iterator[None]:
    """Wait until fewer and smaller images are being answered than fit, for whomever."""
    from core.imaging.formats import read_header  # noqa: PLC0415 - not needed to draw the page

    try:
        header = read_header(content)
        pixels = min(header.width * header.height, get_settings().max_image_pixels)
    except ImageError:  # whoever reads it says so
        pixels = 0

    def wait() -> None:
        if progress:
            progress(0.0, "Waiting for other images")

    with _turns.turn(_BYTES_A_PIXEL * pixels, wait):
        yield


def keep(desk: Desk, key: Key, answer: "Diagnosis | Failure") -> None:
    """Keep an answer and its short form; old answers make room."""
    short = _summarise(answer)
    with desk.lock:
        desk.answers[key] = answer
        desk.summaries[key[:3]] = short
        desk.answered_by.add(key[1] if isinstance(answer, Failure) else answer.model_sha256)
        desk.answer_bytes[key] = _size(answer)
        while len(desk.answers) > 1 and sum(desk.answer_bytes.values()) > MAX_BYTES:
            old, _ = desk.answers.popitem(last=False)
            del desk.answer_bytes[old]
    make_room(desk)


def _summarise(answer: "Diagnosis | Failure") -> Summary:
    if isinstance(answer, Failure):
        return Summary(None, 0.0, None, thumbnail=answer.thumbnail)
    positive = answer.operating_point.positive_class if answer.operating_point else None
    index = answer.classes.index(positive or answer.predicted)
    probability = float(answer.probabilities[index])
    return Summary(
        answer.predicted,
        probability,
        positive,
        answer.outcome.name,
        tuple(map(float, answer.probabilities)),
        answer.scope.inside if answer.scope.tested else None,
        _thumbnail(answer.image),
        answer.card,
        _hash_of_pixels(answer),
        answer.seconds,
    )


def _hash_of_pixels(answer: "Diagnosis") -> str:
    pixels = answer.image.pixels
    return hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes()).hexdigest()


def _thumbnail(image: "Image") -> str:
    from core.imaging.preview import THUMBNAIL, preview  # noqa: PLC0415 - OpenCV

    return preview(image.pixels, THUMBNAIL)


def _pictures(images: "list[Image]") -> tuple[str, str]:
    """An image that was refused, large and small: whoever is asked about it must see it."""
    from core.imaging.preview import preview  # noqa: PLC0415 - OpenCV

    if not images:
        return "", ""
    return preview(images[0].pixels, _REFUSED), _thumbnail(images[0])


def _size(answer: "Diagnosis | Failure") -> int:
    if isinstance(answer, Failure):
        return len(answer.reason) + len(answer.picture)
    map_bytes = 0 if answer.probability_map is None else answer.probability_map.nbytes
    return int(answer.image.pixels.nbytes + answer.heatmap.nbytes + map_bytes)


def sha256_of(desk: Desk, upload: Upload) -> str:
    """Return the hash of a file, computed once, with its name where that tells its scale."""
    if upload.id not in desk.hashes:
        of_content = hashlib.sha256(upload.load()).hexdigest()
        tells = is_named(upload.name)
        desk.hashes[upload.id] = f"{of_content} {upload.name}" if tells else of_content
    return desk.hashes[upload.id]
