"""An audit in the background, and what has come of it by now."""

import threading
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from core.datasets.browse import remember_dataset
from core.errors import LobuleError
from pages.audits.request import DatasetRequest
from pages.shared.dataset_choice import note_questions
from pages.shared.jobs import Job, Jobs

if TYPE_CHECKING:
    from core.datasets.audit.accepted import Decisions
    from core.datasets.audit.audit_result import Audit
    from core.datasets.records import Dataset
    from core.datasets.split import Split, SplitKind

MOST_KEPT = 6  # datasets whose tables stay in memory


@dataclass(eq=False)
class AuditJob(Job):
    """One dataset that is opened, then audited, then compared with earlier decisions about it.

    `dataset` is all that was found, `kept` what is left of it without the dropped files.
    `decisions` is None until they are read, and stays so where `undecidable` says why.
    """

    deed = "audit this dataset"

    request: DatasetRequest
    dataset: "Dataset | None" = None
    kept: "Dataset | None" = None
    magnifications: tuple[str, ...] = ()  # all there are to choose from
    undecided: tuple[str, ...] = ()  # classes of which it is to be said which is positive
    audit: "Audit | None" = None
    decisions: "Decisions | None" = None
    undecidable: str | None = None
    splits: "dict[tuple[SplitKind, int], Split]" = field(default_factory=dict)
    alike: list[list[int]] | None = None  # rows of `kept` that show the same

    @property
    def visible(self) -> tuple[object, ...]:
        """Whether it runs, and which parts are there."""
        return self.running, self.dataset is not None, self.audit is not None

    def work(self) -> None:
        """Open the dataset, audit it, and take over earlier decisions."""
        self.note("Listing the files")
        self._open()
        self._audit()

    def stop(self) -> None:
        """End the audit soon; at once if only earlier decisions are still looked for."""
        super().stop()
        if self.audit is not None:
            self.undecidable = "The search for earlier decisions was stopped."
            self.running = False

    def decide(self, decisions: "Decisions") -> None:
        """Record decisions and leave out what they drop.

        Raises
        ------
        DatasetError
            If they would drop every image, or cannot be written; then the former ones stay.
        """
        from core.datasets.audit.accepted import apply_decisions, save_decisions  # noqa: PLC0415

        assert self.dataset is not None  # noqa: S101 - decisions are about what was opened
        remaining = apply_decisions(self.dataset, decisions)
        save_decisions(decisions, self.dataset)
        self._take(decisions, remaining)

    def _take(self, decisions: "Decisions", remaining: "Dataset") -> None:
        from core.datasets.audit.audit import duplicate_rows  # noqa: PLC0415

        assert self.audit is not None  # noqa: S101 - decisions are about its findings
        self.decisions, self.kept = decisions, remaining
        self.alike = duplicate_rows(self.audit, remaining)
        self.splits = {}

    def _open(self) -> None:
        from core.datasets.classes import UndecidedClassesError, in_doubt  # noqa: PLC0415 - pandas
        from core.datasets.open import open_dataset  # noqa: PLC0415
        from core.datasets.records import magnifications_of, with_magnifications  # noqa: PLC0415

        request = self.request
        opened = partial(
            open_dataset,
            request.path,
            task=request.task,
            patient_pattern=request.patient_pattern,
            positive=request.positive,
            neighbours=request.group_neighbours,
            listed=lambda files: self.report(f"Listing the files: {files:,}"),
        )
        try:
            dataset = opened()
        except UndecidedClassesError as error:
            self.undecided = error.classes
            raise
        self.magnifications = magnifications_of(dataset.records)
        if request.magnifications:
            # Refuses those that the dataset does not have.
            with_magnifications(dataset.records, request.magnifications, request.path)
            dataset = opened(magnifications=request.magnifications)
        remember_dataset(request.path)
        self.undecided = in_doubt(dataset)
        self.kept = dataset
        self.dataset = dataset

    def _audit(self) -> None:
        from core.datasets.audit.accepted import apply_decisions, load_decisions  # noqa: PLC0415
        from core.datasets.audit.audit import audit, duplicate_rows  # noqa: PLC0415

        assert self.dataset is not None  # noqa: S101 - opened before
        result = audit(self.dataset, progress=self.note, cancelled=lambda: self.stopping)
        self.alike = duplicate_rows(result, self.dataset)
        self.audit = result
        self.note("Comparing all files with earlier decisions")
        try:
            decisions = load_decisions(self.dataset)
            remaining = apply_decisions(self.dataset, decisions)
            if not self.stopping:
                self._take(decisions, remaining)
        except LobuleError as error:
            self.undecidable = str(error)


@st.cache_resource(show_spinner=False)
def _jobs() -> Jobs[DatasetRequest, AuditJob]:
    return Jobs(MOST_KEPT)


def job_for(request: DatasetRequest, *, anew: bool = False) -> AuditJob:
    """The audit of a dataset, which every session shares; started unless it is there."""
    return _jobs().start(request, lambda: AuditJob(request), anew=anew)


def offer(job: AuditJob) -> None:
    """Note what can be chosen of this dataset; draws the page again if that is news."""
    path = job.request.path
    offered = st.session_state.setdefault("offered", {})
    without = st.session_state.setdefault("without_patients", set())
    changed = False
    if job.magnifications and offered.get(path) != job.magnifications:
        offered[path], changed = job.magnifications, True
    if job.dataset and not job.dataset.patients_known and path not in without:
        without.add(path)
        changed = True
    changed |= note_questions(path, job.undecided, job.dataset.name if job.dataset else "")
    # The Training page asks for it; here nothing needs it.
    if job.dataset and job.dataset.records["um_per_px"].isna().any():
        st.session_state.setdefault("without_scale", set()).add(path)
    if changed:
        st.rerun()


@st.cache_resource(show_spinner=False)
def prepare() -> None:
    """Import what an audit needs while the user still types; once in this process."""

    def load() -> None:
        import core.datasets.audit.audit  # noqa: PLC0415
        import core.datasets.open  # noqa: PLC0415, F401

    threading.Thread(target=load, name="prepare-audit", daemon=True).start()
