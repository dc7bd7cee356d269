"""Datasets: is it sound, what is in it, and would a split of it leak."""

import streamlit as st

from pages.audits.contents import show_size
from pages.audits.findings import show_state
from pages.audits.job import AuditJob, job_for, offer, prepare
from pages.audits.request import ask_for_dataset
from pages.audits.views import show_view
from pages.shared.entrance import enter_through_app

INVITATION = "Give a folder on the left: BreaKHis, IDC, one subfolder per class, or a manifest."


def show_dataset(job: AuditJob) -> None:
    """Show everything that is known by now."""
    st.title("Dataset", anchor=False)
    size, state = st.container(), st.container()
    with state:  # at one place of the page, whatever else is there
        show_state(job)
    if (dataset := job.kept) is None:
        return
    with size:
        show_size(job, dataset)
    show_view(job, dataset)


enter_through_app(__file__)
prepare()
with st.sidebar:
    request = ask_for_dataset()
if request is None:
    st.title("Is the dataset sound?", anchor=False)
    st.text(INVITATION)
else:
    job = job_for(request)
    offer(job)
    show_dataset(job)
