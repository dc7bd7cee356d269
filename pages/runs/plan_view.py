"""What a run will do, before it starts."""

from typing import TYPE_CHECKING

import streamlit as st

from core.durations import duration
from pages.shared.plain import as_html, notice, table

if TYPE_CHECKING:
    from core.training.planning.plan import Plan

_PARTS = {
    "train": "Training",
    "validation": "Validation, picks the best epoch",
    "test": "Test, judges the result",
    "all": "All, in folds that take turns",
}


def show_plan(plan: "Plan", ahead: int) -> None:
    """Say what would happen, or why it cannot.

    Parameters
    ----------
    plan : Plan
    ahead : int
        Runs that train or wait already.
    """
    for refusal in plan.refusals:
        notice(f"It cannot work: {refusal}", "error")
    if plan.parts:
        table(
            ("Part", "Patients", "Images", *plan.classes),
            [
                (
                    _PARTS.get(name, name),
                    f"{part.patients:,}",
                    f"{part.images:,}",
                    *(f"{part.classes.get(label, 0):,} images" for label in plan.classes),
                )
                for name, part in plan.parts.items()
            ],
            caption="Patients and images of each part",
        )
    facts = _facts(plan)
    if ahead and not plan.refusals:
        others = "1 other run" if ahead == 1 else f"{ahead} other runs"
        facts["Begins"] = f"after {others}: one trains at a time"
    if facts:
        rows = "".join(
            f"<div><dt>{name}</dt><dd>{as_html(said)}</dd></div>" for name, said in facts.items()
        )
        st.html(f'<dl class="lobule-numbers lobule-facts">{rows}</dl>')
    if plan.notes:
        notes = "".join(f"<li>{as_html(note)}</li>" for note in plan.notes)
        st.html(f'<h4>About the data</h4><ul class="lobule-list">{notes}</ul>')


def _facts(plan: "Plan") -> dict[str, str]:
    facts = {}
    if plan.device:
        facts["Device"] = plan.device
    if plan.seconds is not None and plan.seconds_an_epoch is not None:
        times = f"{plan.epochs} epochs" if plan.epochs else "a pass"
        facts["Time, at most"] = (
            f"{duration(plan.seconds)}: {times} of {duration(plan.seconds_an_epoch)}, and reading "
            "the images; judging comes on top"
        )
    if plan.crops > 1:
        facts["Squares"] = f"{plan.crops} cut from each image"
    if plan.disk_free and not plan.refusals:
        facts["Disk"] = (
            f"{plan.disk_needed / 1e6:,.0f} MB needed, {plan.disk_free / 1e9:,.1f} GB free"
        )
    return facts
