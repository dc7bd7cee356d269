"""Datasets: is it sound, what is in it, and would a split of it leak."""

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from core.datasets.recent import recent_datasets
from pages.parts.audit_job import AuditJob, job_for, show_progress
from pages.parts.contents import show_contents
from pages.parts.findings import show_findings, show_verdict
from pages.parts.plain import as_html, notice
from pages.parts.split_preview import show_split
from pages.parts.thumbnails import show_patients, show_samples

if TYPE_CHECKING:
    from core.datasets.records import Dataset

VIEWS = ("Findings", "Contents", "Samples", "Patients", "Split")


def pick_recent() -> None:
    """Put the chosen recent dataset into the field."""
    if chosen := st.session_state["recent"]:
        st.session_state["dataset_path"] = chosen


def ask_for_folder() -> str:
    """Ask where the dataset is; empty until something is given."""
    typed = st.text_input(
        "Folder or manifest",
        key="dataset_path",
        placeholder="/data/BreaKHis_v1",
        help="On the machine that runs Lobule: a folder of images, or a .csv or .parquet manifest. "
        "Nothing in it is changed.",
    )
    if recent := recent_datasets():
        st.selectbox("Opened lately", recent, index=None, key="recent", on_change=pick_recent)
    return typed.strip()


def invite() -> None:
    """Say what to do; shown while there is no dataset."""
    st.title("Is the dataset sound?", anchor=False)
    st.html(
        '<ol class="lobule-list lobule-steps"><li>Type the folder of a dataset on the left: '
        "BreaKHis, IDC, one subfolder a class, or a manifest.</li>"
        "<li>Every image is read once, while you look around.</li>"
        "<li>See what was found, what it holds, and whether a split of it would leak.</li></ol>"
    )


def show_dataset(job: AuditJob) -> None:
    """Show everything that is known by now."""
    st.title("Dataset", anchor=False)
    if job.dataset is not None:
        show_size(job.dataset, job.path)
    show_state(job)
    if job.dataset is not None:
        show_view(job, job.dataset)


def show_size(dataset: "Dataset", path: Path) -> None:
    """Say in one line what was opened."""
    number = dataset.records["patient"].nunique()
    patients = f"{number:,} patients" if dataset.patients_known else "patients unknown"
    images, classes = f"{len(dataset.records):,} images", f"{len(dataset.classes)} classes"
    said = f"{dataset.name} · {images} · {patients} · {classes}"
    st.html(f'<div class="lobule-file"><b>{as_html(said)}</b> {as_html(path)}</div>')


def show_state(job: AuditJob) -> None:
    """Show how far the audit is, or how it ended."""
    if job.running:
        show_progress(job)
        return
    verdict, again = st.columns([5, 1], vertical_alignment="center")
    with verdict:
        if job.error:
            notice(job.error, "error")
        if job.stopped:
            notice("The audit was stopped. What was read is kept: the next one goes on from there.")
        if job.audit:
            show_verdict(job.audit)
    if again.button(
        "Audit again", key="again", width="stretch", help="Only files that changed are read."
    ):
        job_for(job.path, anew=True)
        st.rerun()


def show_view(job: AuditJob, dataset: "Dataset") -> None:
    """Let one side of the dataset be chosen, and draw it."""
    view = st.segmented_control(
        "View", VIEWS, default=VIEWS[0], required=True, key="view", label_visibility="collapsed"
    )
    if view == "Findings" and job.audit:
        show_findings(job.audit)
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


# The very first visit after a start may be to this page's own address; Streamlit then runs it
# without app.py, which knows the navigation and the style.
if "through_app" not in st.session_state:
    st.switch_page("app.py")
with st.sidebar:
    place = ask_for_folder()
if not place:
    invite()
else:
    show_dataset(job_for(Path(place).expanduser()))
