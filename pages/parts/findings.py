"""Is the dataset sound: its findings, the worst first, and what was decided about them."""

from typing import TYPE_CHECKING

import streamlit as st

from core.errors import DatasetError
from pages.parts.plain import as_html, notice
from pages.parts.thumbnails import strip_of

if TYPE_CHECKING:
    from core.datasets.audit.accepted import Decisions
    from core.datasets.audit.finding import Finding
    from core.datasets.audit.report import Audit
    from pages.parts.audit_job import AuditJob

SYMBOLS = {"error": "✕", "warning": "⚠", "note": "ℹ"}
WORDS = {"error": "Error", "warning": "Warning", "note": "Note"}


def show_verdict(audit: "Audit", decisions: "Decisions | None") -> None:
    """Say in one line whether the dataset is sound, once what was decided about is left out."""
    open_ones = [finding for finding in audit.findings if not _decided(finding, decisions)]
    numbers = {kind: sum(f.severity == kind for f in open_ones) for kind in SYMBOLS}
    counted = [
        f"{number} {kind}{'' if number == 1 else 's'}" for kind, number in numbers.items() if number
    ]
    if settled := len(audit.findings) - len(open_ones):
        counted.append(f"{settled} decided")
    if numbers["error"]:
        kind, words = "error", "Not sound: a model trained on it as it is would mislead"
    elif numbers["warning"]:
        kind, words = "warning", "Usable with care"
    else:
        kind, words = "note", "Sound: nothing found that would mislead"
    said = f" ({', '.join(counted)})" if counted else ""
    st.html(
        f'<div class="lobule-notice lobule-{kind}" role="status"><span aria-hidden="true">'
        f"{SYMBOLS[kind] if kind != 'note' else '✓'}</span><span><b>{words}</b>"
        f"{said}</span></div>"
    )


def show_findings(job: "AuditJob", audit: "Audit") -> None:
    """List the findings with what to do about each, and take decisions about their files."""
    if job.undecidable:
        notice(f"Nothing can be decided about these findings. {job.undecidable}")
    elif job.decisions and job.dataset and job.kept and (job.decisions.drop or job.decisions.keep):
        dropped = len(job.dataset.records) - len(job.kept.records)
        st.caption(
            f"Decided: {dropped:,} images dropped, {len(job.decisions.keep):,} kept although a "
            "finding names them. Dropped images are left out of the other views; no file is "
            "touched."
        )
    if not audit.findings:
        st.text("The audit found nothing to say.")
    for number, finding in enumerate(audit.findings):
        with st.container(key=f"finding-{number}", gap="small"):
            st.html(_finding_html(finding, job.decisions))
            if finding.files:
                _show_files(job, finding, number)


def _decided(finding: "Finding", decisions: "Decisions | None") -> bool:
    return decisions is not None and not decisions.undecided(finding)


def _finding_html(finding: "Finding", decisions: "Decisions | None") -> str:
    decided = _decided(finding, decisions)
    examples = "".join(f"<li>{as_html(example)}</li>" for example in finding.examples)
    listing = (
        f"<details><summary>Examples</summary><ul class='lobule-list'>{examples}</ul></details>"
        if examples
        else ""
    )
    kind = "note" if decided else finding.severity
    word = f"{WORDS[finding.severity]}, decided" if decided else WORDS[finding.severity]
    return (
        f'<div class="lobule-notice lobule-{kind} lobule-finding">'
        f'<span aria-hidden="true">{"✓" if decided else SYMBOLS[finding.severity]}</span><div>'
        f'<span class="lobule-badge">{word}</span> '
        f"<b>{as_html(finding.message)}</b><p>{as_html(finding.advice)}</p>{listing}</div></div>"
    )


def _show_files(job: "AuditJob", finding: "Finding", number: int) -> None:
    """Let the finding's images be looked at, dropped or kept."""
    files, decisions = frozenset(finding.files), job.decisions
    images = f"{len(files):,} image{'' if len(files) == 1 else 's'}"
    with st.container(horizontal=True, vertical_alignment="center", key=f"decide-{number}"):
        shown = st.toggle("Show images", key=f"show-{number}")
        if decisions is not None:
            dropped, kept = len(files & decisions.drop), len(files & decisions.keep)
            choices = (
                ("Drop", decisions.dropping, dropped, "Leave them out; the files stay."),
                ("Keep", decisions.keeping, kept, "They are as they should be."),
                ("Undo", decisions.forgetting, len(files) - dropped - kept, "Decide nothing."),
            )
            for word, decide, already, help_ in choices:
                if word == "Undo" and already == len(files):
                    continue
                done = {"Drop": "Dropped", "Keep": "Kept"}.get(word) if already else None
                everything = already == len(files)
                label = f"{word} {images}" if word != "Undo" else word
                if everything and done:
                    label = f"✓ {done} {images}"
                pressed = st.button(
                    label, key=f"{word}-{number}", help=help_, disabled=everything, type="tertiary"
                )
                if pressed:
                    _record(job, decide(finding))
    if shown and job.dataset:
        st.html(strip_of(job.dataset, finding.files))


def _record(job: "AuditJob", decisions: "Decisions") -> None:
    try:
        job.decide(decisions)
    except DatasetError as error:
        notice(str(error), "error")
        return
    st.rerun()
