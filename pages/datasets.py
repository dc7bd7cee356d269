"""Datasets: is it sound, what is in it, and would a split of it leak."""

from typing import TYPE_CHECKING

import streamlit as st

from pages.audits.contents import show_contents
from pages.audits.findings import show_findings
from pages.audits.job import AuditJob, job_for, prepare
from pages.audits.progress import show_state
from pages.audits.samples import show_patients, show_samples
from pages.audits.split import show_split
from pages.shared.dataset_choice import ask_for_path, ask_how, offer
from pages.shared.entrance import enter_through_app
from pages.shared.plain import as_html

if TYPE_CHECKING:
    from core.datasets.records import Dataset

VIEWS = ("Findings", "Contents", "Samples", "Patients", "Split")


def invite() -> None:
    """Say what to do; shown while there is no dataset."""
    st.title("Is the dataset sound?", anchor=False)
    st.html(
        "<ol class='lobule-list lobule-steps'><li>Type or pick a folder on the left: "
        "BreaKHis, IDC, one subfolder a class, or a manifest.</li>"
        "<li>Every image is read once, while you look around.</li>"
        "<li>See what was found, what it holds, and whether a split of it would leak.</li></ol>"
    )


def show_dataset(job: AuditJob) -> None:
    """Show everything that is known by now."""
    st.title("Dataset", anchor=False)
    dataset = job.kept
    size, state = st.container(), st.container()
    if dataset is not None:
        with size:
            show_size(job, dataset)
    with state:  # at one place of the page, whatever else is there
        show_state(job)
    if dataset is not None:
        show_view(job, dataset)


def show_size(job: AuditJob, dataset: "Dataset") -> None:
    """Say in one line what was opened."""
    number = dataset.records["patient"].nunique()
    patients = f"{number:,} patients" if dataset.patients_known else "patients unknown"
    images, classes = f"{len(dataset.records):,} images", f"{len(dataset.classes)} classes"
    dropped = len(job.dataset.records) - len(dataset.records) if job.dataset else 0
    less = f" · {dropped:,} dropped" if dropped else ""
    said = f"{dataset.name} · {images}{less} · {patients} · {classes}"
    st.html(f'<div class="lobule-file"><b>{as_html(said)}</b></div>')


def show_view(job: AuditJob, dataset: "Dataset") -> None:
    """Let one side of the dataset be chosen, and draw it."""
    view = st.segmented_control(
        "View", VIEWS, default=VIEWS[0], required=True, key="view", label_visibility="collapsed"
    )
    if view == "Findings" and job.audit:
        show_findings(job, job.audit)
    elif view == "Findings" and job.running:
        st.text("The findings come when every image has been read. Look around meanwhile.")
    elif view == "Contents":
        show_contents(dataset)
    elif view == "Samples":
        show_samples(dataset)
    elif view == "Patients":
        show_patients(dataset)
    elif view == "Split":
        show_split(job, dataset)


enter_through_app(__file__)
prepare()
with st.sidebar:
    path = ask_for_path()
    question = ask_how(path) if path else None
if question is None:
    invite()
else:
    job = job_for(question)
    offer(job)
    show_dataset(job)
