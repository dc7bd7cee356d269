"""Explanations in the background: they outlive reruns, tell how far they are, and stop."""

import logging
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import streamlit as st

from core.errors import LobuleError, Stopped

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.explain.methods.catalogue import MethodName
    from core.explain.pieces import Piece
    from core.registry.package import Package

log = logging.getLogger(__name__)

MOST_KEPT = 60  # queries whose maps stay in memory, of all sessions together
_FAULT = "Lobule could not explain this because of a fault in the program; its log says why."
_LEAST_SHARE = 0.02  # before that much is done, how long the rest takes is anybody's guess


@dataclass(frozen=True, slots=True)
class Subject:
    """What is explained: a class, at a layer, on a piece of an image, by a model."""

    image_sha256: str
    model_sha256: str
    class_index: int
    layer: str
    piece: "Piece"


@dataclass(eq=False)
class ExplanationJob:
    """The maps of one subject, method by method; `maps` grows while it runs."""

    package: "Package"
    subject: Subject
    inputs: "NDArray[np.uint8]"
    wanted: "tuple[MethodName, ...]" = ()
    maps: "dict[MethodName, NDArray[np.float32]]" = field(default_factory=dict)
    method: "MethodName | None" = None
    done: float = 0.0
    since: float = 0.0
    running: bool = False
    stopped: bool = False
    error: str | None = None
    cancel: threading.Event = field(default_factory=threading.Event)

    @property
    def known(self) -> tuple[bool, int]:
        """What a page that was drawn now could show."""
        return self.running, len(self.maps)

    @property
    def seconds_left(self) -> float | None:
        """How long this method will take yet; None while that cannot be told."""
        if self.done < _LEAST_SHARE:
            return None
        return (time.monotonic() - self.since) * (1 - self.done) / self.done

    def start(self, wanted: "tuple[MethodName, ...]") -> None:
        """Begin with those that are not there yet; returns at once."""
        self.wanted = tuple(name for name in wanted if name not in self.maps)
        self.running, self.stopped, self.error, self.method = True, False, None, None
        self.cancel.clear()
        threading.Thread(target=self._run, name="explanation", daemon=True).start()

    def _run(self) -> None:
        try:
            from core.explain.methods.run import explain  # noqa: PLC0415 - SciPy
            from core.inference.classifier import get_classifier  # noqa: PLC0415 - TensorFlow

            classifier = get_classifier(self.package)
            for name in self.wanted:
                self.method, self.done, self.since = name, 0.0, time.monotonic()
                self.maps[name] = explain(
                    classifier,
                    self.inputs,
                    self.subject.class_index,
                    name,
                    layer=self.subject.layer,
                    told=self._told,
                    cancelled=self.cancel.is_set,
                )[0]
        except Stopped:
            self.stopped = True
        except LobuleError as error:
            self.error = str(error)
        except Exception:
            log.exception("An answer could not be explained")
            self.error = _FAULT
        finally:
            self.running = False

    def _told(self, share: float) -> None:
        self.done = share


@dataclass
class _Jobs:
    by_subject: OrderedDict[Subject, ExplanationJob] = field(default_factory=OrderedDict)
    lock: threading.Lock = field(default_factory=threading.Lock)


@st.cache_resource(show_spinner=False)
def _jobs() -> _Jobs:
    return _Jobs()


def explanation_of(subject: Subject) -> ExplanationJob | None:
    """The explanations of a subject, if anybody has asked for any."""
    return _jobs().by_subject.get(subject)


def explain_now(
    package: "Package",
    subject: Subject,
    inputs: "NDArray[np.uint8]",
    wanted: "tuple[MethodName, ...]",
) -> None:
    """Start what is wanted and not there yet, unless the subject is being explained already."""
    jobs = _jobs()
    with jobs.lock:
        job = jobs.by_subject.setdefault(subject, ExplanationJob(package, subject, inputs))
        jobs.by_subject.move_to_end(subject)
        if not job.running:
            job.start(wanted)
        ended = [other for other, one in jobs.by_subject.items() if not one.running]
        for other in ended[: max(0, len(jobs.by_subject) - MOST_KEPT)]:
            del jobs.by_subject[other]
