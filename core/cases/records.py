"""What the worklist takes and gives: plain records, without the database behind them."""

import io
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:  # pages import this module, and are drawn without NumPy
    import numpy as np
    from numpy.typing import NDArray

Maps: TypeAlias = "dict[str, NDArray[np.float32]]"

ANSWER_VERSION = 1
"""Of the content of an answer; it grows when a reader must change."""


class Verdict(StrEnum):
    """What the pathologist says of an answer."""

    AGREE = "agree"
    DISAGREE = "disagree"
    OTHER_SUBTYPE = "other subtype"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something; `signed_in` where the sign-in vouches for the name."""

    name: str
    signed_in: bool = False


@dataclass(frozen=True, slots=True)
class NewAnswer:
    """An answer that is to be kept exactly as it was given."""

    card: str
    """The model's card as JSON, as it was then."""
    model: str
    model_sha256: str
    classes: tuple[str, ...]
    predicted: str
    said: str
    """`predicted`, or what the model said instead of a class, such as "out of scope"."""
    shown_class: str
    """The class that `probability` is of: the positive one if there is one, else `predicted`."""
    probability: float
    um_per_px: float | None
    content: dict[str, Any]
    """All that is needed to show it again but pixels and maps, as JSON; `version` says how."""
    maps: Maps
    """Its arrays by name."""


@dataclass(frozen=True, slots=True)
class NewImage:
    """An image that is to be kept, with its answer."""

    name: str
    """What to call it; a file's name only if the user wants it kept."""
    pixels: "NDArray[np.uint8]"
    """(H, W, 3) RGB."""
    answer: NewAnswer
    synthetic: bool = False
    verdict: Verdict | None = None
    """What the pathologist said of the answer before it was kept."""
    subtype: str = ""
    """What it is instead, where the verdict is "other subtype"."""
    magnification: str = ""
    """Of the BreaKHis microscope, such as "200X", if the scale was stated by that; else empty."""
    overview: bool = False
    """Whether it shows a whole slide."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A kept answer in short; `full_answer` reads the rest."""

    id: int
    model: str
    model_sha256: str
    classes: tuple[str, ...]
    predicted: str
    said: str
    shown_class: str
    probability: float
    um_per_px: float | None
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class FullAnswer:
    """All of a kept answer: the model's card, the content and the maps, as they were saved."""

    card: str
    content: dict[str, Any]
    maps: Maps


@dataclass(frozen=True, slots=True)
class CaseImage:
    """A kept image, its answers, the first one first, and what the pathologist says of that one."""

    id: int
    position: int
    sha256: str
    name: str
    width: int
    height: int
    synthetic: bool
    magnification: str
    """Such as "200X"; empty where the scale was not stated by it."""
    verdict: Verdict | None
    subtype: str
    note: str
    judged_at: datetime | None
    judged_by: str | None
    answers: tuple[Answer, ...]
    overview: bool = False
    """Whether it shows a whole slide."""


@dataclass(frozen=True, slots=True)
class Case:
    """A case as it was at `version`; a deleted one has no images."""

    id: str
    patient: str
    created_at: datetime
    created_by: str
    version: int
    deleted_at: datetime | None
    images: tuple[CaseImage, ...]
    shared_with: tuple[str, ...] = ()
    """Addresses, @domains and groups, in small letters."""


@dataclass(frozen=True, slots=True)
class Damaged:
    """A case that cannot be read, since it holds what Lobule never writes."""

    id: str
    words: str
    """What is wrong with it, and what to do."""


@dataclass(frozen=True, slots=True)
class Shown:
    """That a case shows an image: what ties cases of one patient together."""

    case: str
    patient: str
    """The pseudonym; empty where none is given."""
    sha256: str
    synthetic: bool


@dataclass(frozen=True, slots=True)
class TrailEntry:
    """Who changed what, when; moments are in UTC, None where the row holds none any more."""

    at: datetime | None
    who: str
    signed_in: bool
    action: str
    image: int | None
    """Position of the image, counted from 1; None where it is about the case."""
    model: str | None
    model_sha256: str | None
    before: dict[str, Any]
    after: dict[str, Any]


UNJUDGED = "none yet"
"""In a filter: no verdict."""


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Which cases to list; what is empty or None does not matter. Days are in UTC."""

    text: str = ""
    """Part of an id, patient, name, subtype or note, in any case of letters."""
    said: str | None = None
    """What an answer says: a class, or for example "out of scope"."""
    model: str | None = None
    verdict: str | None = None
    """A `Verdict`, or `UNJUDGED`."""
    since: date | None = None
    until: date | None = None


def pack(maps: Maps) -> bytes:
    """Return arrays by name as a compressed `.npz`."""
    import numpy as np  # noqa: PLC0415 - a list of cases needs no maps

    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **maps)
    return buffer.getvalue()


def unpack(data: bytes) -> Maps:
    """Return the arrays by name; nothing in the bytes is run."""
    import numpy as np  # noqa: PLC0415

    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}
