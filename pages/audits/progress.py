"""How far an audit is, how it ended, and a way to stop it or do it again."""

import streamlit as st

from pages.audits.findings import show_verdict
from pages.audits.job import AuditJob, job_for
from pages.shared.plain import notice


def show_state(job: AuditJob) -> None:
    """Show how far the audit is, or how it ended."""
    if job.running:
        _show_progress(job, job.known)
        return
    said, again = st.columns([5, 1], vertical_alignment="center")
    with said:
        if job.error:
            notice(job.error, "error")
        if job.stopped:
            notice("The audit was stopped. What was read is kept: the next one goes on from there.")
        if job.audit:
            show_verdict(job.audit, job.decisions)
    if again.button(
        "Audit again" if job.audit else "Try again",
        key="again",
        width="stretch",
        help="Only files that are new or have changed are read.",
    ):
        job_for(job.question, anew=True)
        st.rerun()


# Streamlit tells fragments apart by their function and their place on the page: defined once and
# always drawn at one place, this one is the same in every run, and its timer finds it again.
@st.fragment(run_every=0.5)
def _show_progress(job: AuditJob, known: tuple[bool, ...]) -> None:
    if job.known != known:
        st.rerun()
    left, right = st.columns([5, 1], vertical_alignment="center")
    share = f", {job.done:.0%}" if job.done else ""
    stopping = job.cancel.is_set()
    left.progress(min(1.0, job.done), text=f"{job.stage}{share}{', stopping' * stopping} …")
    right.button("Stop", key="stop_audit", width="stretch", disabled=stopping, on_click=job.stop)
