"""Is the dataset sound: how far the audit is, its findings, and what was decided about them."""

from typing import TYPE_CHECKING

import streamlit as st

from core.errors import DatasetError
from pages.audits.job import AuditJob, job_for
from pages.audits.samples import MOST_CHOICES, strip_of
from pages.shared.account import tell
from pages.shared.jobs import show_progress
from pages.shared.plain import as_html, notice

if TYPE_CHECKING:
    from core.datasets.audit.accepted import Decisions
    from core.datasets.audit.audit_result import Audit
    from core.datasets.audit.finding import Finding

SYMBOLS = {"error": "✕", "warning": "⚠", "note": "ℹ"}
COLOUR = "colour-predicts-class"
MOST_WORST, LINE = 5, 110  # of the findings named first, and characters of each
WORDS = {"error": "Error", "warning": "Warning", "note": "Note"}


def show_state(job: AuditJob) -> None:
    """Show how far the audit is, or how it ended."""
    if job.running:
        show_progress(job, job.visible, "stop_audit")
        return
    state, again = st.columns([5, 1], vertical_alignment="center")
    with state:
        if job.error:
            notice(job.error, "error")
        if job.stopped:
            notice("Audit stopped. The next one continues from there.")
        if job.audit:
            _show_verdict(job.audit, job.decisions)
    if again.button(
        "Audit again" if job.audit else "Try again",
        key="again",
        width="stretch",
        help="Reads only new and changed files.",
    ):
        job_for(job.request, anew=True)
        st.rerun()


def _show_verdict(audit: "Audit", decisions: "Decisions | None") -> None:
    """Say in one line whether the dataset is sound, once what was decided about is left out."""
    open_ones = [finding for finding in audit.findings if not _decided(finding, decisions)]
    numbers = {kind: sum(f.severity == kind for f in open_ones) for kind in SYMBOLS}
    counted = [
        f"{number} {kind}{'' if number == 1 else 's'}" for kind, number in numbers.items() if number
    ]
    if settled := len(audit.findings) - len(open_ones):
        counted.append(f"{settled} decided")
    if numbers["error"]:
        kind, words = "error", "Not sound: a model trained on it would mislead"
    elif numbers["warning"]:
        kind, words = "warning", "Usable with care"
    else:
        kind, words = "note", "Sound"
    summary = f" ({', '.join(counted)})" if counted else ""
    st.html(
        f'<div class="lobule-notice lobule-{kind}" role="status"><span aria-hidden="true">'
        f"{SYMBOLS[kind] if kind != 'note' else '✓'}</span><span><b>{words}</b>"
        f"{summary}</span></div>"
    )


def show_worst(job: AuditJob) -> None:
    """Name the gravest open findings, a line each; all of each is among the findings."""
    if job.audit is None:
        return
    warned = [finding for finding in job.audit.findings if finding.severity != "note"]
    worst = [finding for finding in warned if not _decided(finding, job.decisions)]
    if not worst:
        return
    lines = "".join(
        f'<li><span aria-hidden="true">{SYMBOLS[finding.severity]}</span> '
        f"{as_html(_short(finding, job.audit))}</li>"
        for finding in worst[:MOST_WORST]
    )
    more = len(worst) - MOST_WORST
    more_line = f"<li>{more:,} more under Findings</li>" if more > 0 else ""
    st.html(f'<ul class="lobule-list lobule-reasons">{lines}{more_line}</ul>')


def _short(finding: "Finding", audit: "Audit") -> str:
    """A finding in a line: its first sentence, or where that is long what stands before a colon."""
    first = finding.message.partition(". ")[0].removesuffix(".")
    if len(first) <= LINE:
        return first
    head = first.partition(": ")[0]
    if finding.code == COLOUR and audit.colour:
        low_high = audit.colour.interval
        between = " ({:.2f}–{:.2f})".format(*low_high) if low_high else ""
        return f"{head}: AUROC {audit.colour.auroc:.2f}{between} without any network"
    return head if len(head) <= LINE else f"{head[:LINE].rpartition(' ')[0]} …"


def show_findings(job: AuditJob) -> None:
    """List the findings, those worth a warning first, and take decisions about their files."""
    audit = job.audit
    if audit is None:
        return
    if job.undecidable:
        notice(f"Nothing can be decided here. {job.undecidable}")
    elif job.decisions and job.dataset and job.kept and (job.decisions.drop or job.decisions.keep):
        dropped = len(job.dataset.records) - len(job.kept.records)
        st.text(f"Decided: {dropped:,} images dropped, {len(job.decisions.keep):,} kept.")
    tell("Decisions", "dropped images are left out everywhere; the files stay.")
    numbered = list(enumerate(audit.findings))
    worst = [pair for pair in numbered if pair[1].severity != "note"]
    notes = [pair for pair in numbered if pair[1].severity == "note"]
    for number, finding in worst:
        _show_finding(job, finding, number)
    if notes:
        words = f"{len(notes)} note{'' if len(notes) == 1 else 's'}"
        with st.expander(words, expanded=not worst, key="notes"):
            for number, finding in notes:
                _show_finding(job, finding, number)


def _show_finding(job: AuditJob, finding: "Finding", number: int) -> None:
    with st.container(key=f"finding-{number}", gap="small"):
        st.html(_finding_html(finding, job.decisions))
        if finding.files:
            _show_files(job, finding, number)
        if finding.patients and job.decisions is not None:
            _decide_people(job, job.decisions, finding, number)


def _decided(finding: "Finding", decisions: "Decisions | None") -> bool:
    return decisions is not None and not decisions.undecided(finding)


def _finding_html(finding: "Finding", decisions: "Decisions | None") -> str:
    decided = _decided(finding, decisions)
    examples = "".join(f"<li>{as_html(example)}</li>" for example in finding.examples)
    listing = f"<ul class='lobule-list'>{examples}</ul>" if examples else ""
    title = "What to do, examples" if examples else "What to do"
    kind = "note" if decided else finding.severity
    word = f"{WORDS[finding.severity]}, decided" if decided else WORDS[finding.severity]
    return (
        f'<div class="lobule-notice lobule-{kind} lobule-finding">'
        f'<span aria-hidden="true">{"✓" if decided else SYMBOLS[finding.severity]}</span><div>'
        f'<span class="lobule-badge">{word}</span> '
        f"<b>{as_html(finding.message)}</b>"
        f"<details><summary>{title}</summary><p>{as_html(finding.advice)}</p>{listing}</details>"
        "</div></div>"
    )


def _show_files(job: AuditJob, finding: "Finding", number: int) -> None:
    """Let the finding's images be looked at, and all or some of them be dropped or kept."""
    place = st.container(horizontal=True, vertical_alignment="center", key=f"decide-{number}")
    shown = place.toggle("Show images", key=f"show-{number}")
    chosen = finding
    if shown and job.dataset:
        if some := _choose(finding, number):
            chosen = finding.model_copy(update={"files": tuple(some)})
        st.html(strip_of(job.dataset, finding.files))
    if job.decisions is not None:
        with place:
            _decide(job, job.decisions, chosen, number)


def _choose(finding: "Finding", number: int) -> list[str]:
    """Ask for some of the files; none means all."""
    if len(finding.files) == 1:
        return []
    return st.multiselect(
        "Decide about some only",
        finding.files[:MOST_CHOICES],
        key=f"some-{number}",
        placeholder=f"All {len(finding.files):,}",
        help="Of duplicates, keep one.",
    )


def _decide(job: AuditJob, decisions: "Decisions", finding: "Finding", number: int) -> None:
    files = frozenset(finding.files)
    images = f"{len(files):,} image{'' if len(files) == 1 else 's'}"
    for word, done, already, decide, means in (
        ("Drop", "Dropped", decisions.drop, decisions.dropping, "Leave out; the files stay."),
        ("Keep", "Kept", decisions.keep, decisions.keeping, "Nothing is wrong with them."),
    ):
        settled = files <= already
        label = f"✓ {done} {images}" if settled else f"{word} {images}"
        if st.button(label, key=f"{word}-{number}", help=means, disabled=settled):
            _record(job, decide(finding))
    decided = files & (decisions.drop | decisions.keep)
    if decided and st.button("Undo", key=f"Undo-{number}"):
        _record(job, decisions.forgetting(finding))


def _decide_people(job: AuditJob, decisions: "Decisions", finding: "Finding", number: int) -> None:
    """Ask whether patients who look alike are one person each."""
    people = frozenset(finding.patients)
    with st.container(horizontal=True, vertical_alignment="center", key=f"decide-{number}"):
        for word, apart, already, means in (
            ("One person each", False, decisions.one_person, "Kept together in every split."),
            ("Different people", True, decisions.apart, "Separate people in every split."),
        ):
            settled = people <= already
            label = f"✓ {word}" if settled else word
            if st.button(label, key=f"{word}-{number}", help=means, disabled=settled):
                _record(job, decisions.deciding_people(finding, apart=apart))
        if people & (decisions.one_person | decisions.apart) and st.button(
            "Undo", key=f"Undo-{number}"
        ):
            _record(job, decisions.forgetting(finding))


def _record(job: AuditJob, decisions: "Decisions") -> None:
    try:
        job.decide(decisions)
    except DatasetError as error:
        notice(str(error), "error")
        return
    st.rerun()
