"""What lies on the desk: the images of one case, their answers, and the user's word on them.

A desk belongs to a window of the browser but is kept by this process, in memory, so that it is
there again after a change of the page and after a refresh: its token stands in the address. Who
does not know the token does not find it.
"""

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from core.rights import who_acts
from core.room import count_desks_by, most_for_answers, most_for_files, most_for_files_of_one
from pages.shared import address

MOST_IMAGES = 200
MOST_BYTES = 1_000_000_000
"""Of the files on one desk."""
IDLE_SECONDS = 12 * 3600.0
SPARED_SECONDS = 1800.0
"""A desk that was looked at in this time is not cleared to make room for others, nor is one with
verdicts that were not saved."""
_NEARLY = 0.75
"""Of the room for files: what is left is for whoever comes next."""
_TOKEN_BYTES = 16

# An image by its id, who answered it, and the scale that was stated for it.
Subject = tuple[str, str, float | None]


@dataclass(frozen=True, slots=True)
class Upload:
    """One image to answer; `um_per_px` is set where the page knows the scale itself.

    `load` returns the file's bytes: the phantom's are drawn only once somebody waits for them.
    """

    id: str
    name: str
    load: Callable[[], bytes]
    um_per_px: float | None = None
    synthetic: bool = False
    size: int = 0  # bytes that are held in memory
    note: str = ""  # what to know of it, such as whose it is


@dataclass(frozen=True, slots=True)
class Scale:
    """The scale that the user states for images."""

    um_per_px: float
    magnification: str = ""
    """Of the BreaKHis microscope, such as "200X", if it was stated by that; else empty."""


@dataclass(eq=False)
class Desk:
    """One case in work. Its answers are `pages.desk.answers`', its work `pages.desk.work`'s."""

    token: str
    owner: str = ""
    """Who has signed in and works at it."""
    images: dict[str, Upload] = field(default_factory=dict)
    """By id, in the order in which they came."""
    chosen: str | None = None
    """The id of the image on show."""
    model: str | None = None
    """The name of the model that answers."""
    scale: Scale | None = None
    """What was stated for the case."""
    scales: dict[str, Scale] = field(default_factory=dict)
    """What was stated for one image alone, by id."""
    verdicts: dict[Subject, str | None] = field(default_factory=dict)
    """The class that the pathologist named, None for "cannot tell", by `Query.subject`: a word on
    one answer is on no other."""
    answers: OrderedDict[Any, Any] = field(default_factory=OrderedDict)
    summaries: dict[Any, Any] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    """SHA-256 of files that were answered, by id."""
    answered_by: set[str] = field(default_factory=set)
    """SHA-256 of the models that have answered here."""
    answer_bytes: dict[Any, int] = field(default_factory=dict)
    """What each of the answers holds in memory."""
    saved: dict[Any, str] = field(default_factory=dict)
    """Cases of the worklist that were saved from here, by what they hold."""
    saved_verdicts: dict[Subject, str | None] = field(default_factory=dict)
    """As they were when a case was last saved from here."""
    work: Any = None
    seen: float = field(default_factory=time.monotonic)
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def bytes(self) -> int:
        """Of all files."""
        return sum(upload.size for upload in self.images.values())

    @property
    def held_bytes(self) -> int:
        """Of all answers."""
        return sum(self.answer_bytes.copy().values())

    @property
    def is_done(self) -> bool:
        """Whether nothing that the user said would be lost with it."""
        return self.verdicts.items() <= self.saved_verdicts.items()

    def put(self, uploads: list[Upload], *, first: bool = False) -> str | None:
        """Lay images on the desk; returns a sentence on what does not fit."""
        new = [upload for upload in uploads if upload.id not in self.images]
        left, room = self.bytes, MOST_IMAGES - len(self.images)
        others = [desk for desk in _all_desks() if desk is not self]
        of_others = sum(desk.bytes for desk in others)
        own_bytes = sum(desk.bytes for desk in others if self.owner and desk.owner == self.owner)
        taken: dict[str, Upload] = {}
        fits = True
        for upload in new:
            left += upload.size
            fits = (
                left + own_bytes <= most_for_files_of_one() and left + of_others <= most_for_files()
            )
            if len(taken) == room or left > MOST_BYTES or not fits:
                break
            taken[upload.id] = upload
        with self.lock:
            self.images = taken | self.images if first else self.images | taken
        if len(taken) == len(new):
            return None
        if len(taken) < room and left <= MOST_BYTES:
            return (
                f"{len(new) - len(taken):,} of {len(new):,} images were not taken: Lobule is busy, "
                f"open cases fill the {most_for_files() / 1e9:g} GB kept for them, half of which "
                "one person may take. Save and clear some, or try again later."
            )
        return (
            f"{len(new) - len(taken):,} of {len(new):,} images were not taken: a case has at "
            f"most {MOST_IMAGES} images and {MOST_BYTES / 1e9:g} GB. Save and clear this case "
            "first."
        )

    def scale_of(self, upload: Upload) -> Scale | None:
        """Return an image's scale: stated for it alone, for the case, or known to the page."""
        known = Scale(upload.um_per_px) if upload.um_per_px else None
        return self.scales.get(upload.id) or self.scale or known

    def um_per_px_of(self, upload: Upload) -> float | None:
        """Return the µm/px of an image's scale; None where nobody stated one."""
        scale = self.scale_of(upload)
        return scale.um_per_px if scale else None

    def remove(self, ids: list[str]) -> None:
        """Take images away, with all that was said of them; answers stay for what is the same."""
        with self.lock:
            self.images = {key: image for key, image in self.images.items() if key not in ids}
            taken = {self.hashes.pop(key) for key in ids if key in self.hashes}
            gone = taken - set(self.hashes.values())
            for held in (self.answers, self.answer_bytes, self.summaries):
                for key in [key for key in held if key[0] in gone]:
                    del held[key]
            if not self.images and self.work is not None:
                self.work.stop()
                self.work = None
        for key in ids:
            self.scales.pop(key, None)
        self.verdicts = {
            key: verdict for key, verdict in self.verdicts.items() if key[0] not in ids
        }
        if self.chosen not in self.images:
            self.chosen = None


@dataclass
class _Desks:
    by_token: OrderedDict[str, Desk] = field(default_factory=OrderedDict)
    lock: threading.Lock = field(default_factory=threading.Lock)


@st.cache_resource(show_spinner=False)
def _desks() -> _Desks:
    return _Desks()


def open_desk() -> Desk:
    """Return this window's desk: the one it had, else the one of its address, else an empty one."""
    desks = _desks()
    token = address.token()
    with desks.lock:
        desk = desks.by_token.get(token)
        owner = who_acts().name
        if desk is None or desk.owner != owner:  # an address is no right to what it leads to
            desk = Desk(secrets.token_urlsafe(_TOKEN_BYTES), owner=owner)
            desks.by_token[desk.token] = desk
            st.session_state["desk_is_gone"] = bool(token)
        desk.seen = time.monotonic()
        desks.by_token.move_to_end(desk.token)
        _clear_up(desks)
    st.session_state[address.PARAMETER] = desk.token
    return desk


def keep_in_address(desk: Desk) -> None:
    """Put the desk's token into the address while it holds something."""
    address.keep_token(desk.token, holds_images=bool(desk.images))


def _all_desks() -> list[Desk]:
    return list(_desks().by_token.values())


def _files() -> list[tuple[str, str, int]]:
    """Owner, id and bytes of each file on a desk."""
    return [
        (desk.owner, upload.id, upload.size)
        for desk in _all_desks()
        for upload in list(desk.images.values())
    ]


count_desks_by(_files)


def make_room(desk_in_use: Desk) -> None:
    """Drop the answers of desks that were not looked at for longest, where all hold too much.

    What a list shows of them stays, and so does what the user said; they are given again when
    somebody looks at them.

    Parameters
    ----------
    desk_in_use
        Comes last, and keeps its newest answer.
    """
    desks = sorted(_all_desks(), key=lambda desk: (desk is desk_in_use, desk.seen))
    held = sum(desk.held_bytes for desk in desks)
    for desk in desks:
        with desk.lock:
            while held > most_for_answers() and len(desk.answers) > (desk is desk_in_use):
                old, _ = desk.answers.popitem(last=False)
                held -= desk.answer_bytes.pop(old)


def _clear_up(desks: _Desks) -> None:
    """Forget desks that nobody has looked at for long, and the oldest where files fill the room."""
    now = time.monotonic()
    full = sum(desk.bytes for desk in desks.by_token.values()) > _NEARLY * most_for_files()
    for desk in list(desks.by_token.values())[:-1]:
        idle = now - desk.seen
        if idle < SPARED_SECONDS:
            return
        if idle >= IDLE_SECONDS or not desk.images or (full and desk.is_done):
            if desk.work is not None:
                desk.work.stop()
            del desks.by_token[desk.token]
            full = sum(each.bytes for each in desks.by_token.values()) > _NEARLY * most_for_files()
