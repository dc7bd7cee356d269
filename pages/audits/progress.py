"""How far an audit is, how it ended, and a way to stop it or do it again."""

import streamlit as st

from pages.audits.findings import show_verdict
from pages.audits.job import AuditJob, job_for
from pages.shared.jobs import show_progress
from pages.shared.plain import notice


def show_state(job: AuditJob) -> None:
    """Show how far the audit is, or how it ended."""
    if job.running:
        show_progress(job, job.visible, "stop_audit")
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
