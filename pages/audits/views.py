"""What there is to see of a dataset by now: a view that would be empty is not there."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from pages.audits.contents import has_contents, show_contents
from pages.audits.findings import show_findings
from pages.audits.overview import show_overview
from pages.audits.samples import show_patients, show_samples
from pages.audits.split import show_split
from pages.shared.account import account, tell

if TYPE_CHECKING:
    from core.datasets.records import Dataset
    from pages.audits.job import AuditJob

_LAST = "last_dataset_view"


def views_of(job: "AuditJob", dataset: "Dataset") -> dict[str, Callable[[], None]]:
    """The views that show something, by name."""
    has_findings = bool(job.audit and job.audit.findings) or job.undecidable is not None
    every: dict[str, tuple[bool, Callable[[], None]]] = {
        "Overview": (True, partial(show_overview, job, dataset)),
        "Findings": (has_findings, partial(show_findings, job)),
        "Contents": (has_contents(dataset), partial(show_contents, dataset)),
        "Samples": (True, partial(show_samples, dataset)),
        "Patients": (dataset.patients_known, partial(show_patients, dataset)),
        "Split": (True, partial(show_split, job, dataset)),
    }
    return {name: show for name, (has_content, show) in every.items() if has_content}


def show_view(job: "AuditJob", dataset: "Dataset") -> None:
    """Ask for a view, and draw it."""
    views = views_of(job, dataset)
    # Views come while the audit goes on; the one on show stays.
    if st.session_state.get(_LAST) not in views:
        st.session_state[_LAST] = next(iter(views))
    chosen = st.segmented_control(
        "View",
        tuple(views),
        default=st.session_state[_LAST],
        required=True,
        key=f"view-{'-'.join(views)}",
        label_visibility="collapsed",
    )
    st.session_state[_LAST] = chosen
    with account():
        if chosen:
            views[chosen]()
        for note in dataset.notes:
            tell("Reading", note)
