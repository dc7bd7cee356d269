"""Is the dataset sound: its findings, the worst first."""

from typing import TYPE_CHECKING

import streamlit as st

from pages.parts.plain import as_html

if TYPE_CHECKING:
    from core.datasets.audit.finding import Finding
    from core.datasets.audit.report import Audit

SYMBOLS = {"error": "✕", "warning": "⚠", "note": "ℹ"}
WORDS = {"error": "Error", "warning": "Warning", "note": "Note"}


def show_verdict(audit: "Audit") -> None:
    """Say in one line whether the dataset is sound."""
    numbers = {kind: sum(f.severity == kind for f in audit.findings) for kind in SYMBOLS}
    said = ", ".join(
        f"{number} {kind}{'' if number == 1 else 's'}" for kind, number in numbers.items() if number
    )
    if numbers["error"]:
        kind, words = "error", "Not sound: a model trained on it as it is would mislead"
    elif numbers["warning"]:
        kind, words = "warning", "Usable with care"
    else:
        kind, words = "note", "Sound: nothing found that would mislead"
    st.html(
        f'<div class="lobule-notice lobule-{kind}" role="status"><span aria-hidden="true">'
        f"{SYMBOLS[kind] if kind != 'note' else '✓'}</span><span><b>{words}</b>"
        f"{f' ({said})' if said else ''}</span></div>"
    )


def show_findings(audit: "Audit") -> None:
    """List the findings with what to do about each."""
    if not audit.findings:
        st.text("The audit found nothing to say.")
    for finding in audit.findings:
        st.html(_finding_html(finding))


def _finding_html(finding: "Finding") -> str:
    examples = "".join(f"<li>{as_html(example)}</li>" for example in finding.examples)
    listing = (
        f"<details><summary>Examples</summary><ul class='lobule-list'>{examples}</ul></details>"
        if examples
        else ""
    )
    return (
        f'<div class="lobule-notice lobule-{finding.severity} lobule-finding">'
        f'<span aria-hidden="true">{SYMBOLS[finding.severity]}</span><div>'
        f'<span class="lobule-badge">{WORDS[finding.severity]}</span> '
        f"<b>{as_html(finding.message)}</b><p>{as_html(finding.advice)}</p>{listing}</div></div>"
    )
