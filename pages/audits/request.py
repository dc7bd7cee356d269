"""What is audited: a dataset and how it is read, asked for in the sidebar."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from pages.shared.dataset_choice import ask_for_neighbours, ask_for_path, ask_for_positive

if TYPE_CHECKING:
    from core.datasets.records import Task

TASKS: dict["Task", str] = {"binary": "Two classes", "subtype": "Subtypes"}


@dataclass(frozen=True, slots=True)
class DatasetRequest:
    """What is audited: where it is, and how it is to be read.

    No magnifications are all of them; no pattern leaves the patients to what the folder says; no
    positive class to the words of the two.
    """

    path: Path
    task: "Task" = "binary"
    magnifications: tuple[str, ...] = ()
    patient_pattern: str | None = None
    positive: str | None = None
    group_neighbours: bool = False


def ask_for_dataset() -> DatasetRequest | None:
    """Ask for a dataset and how it is read; None until one is given."""
    path = ask_for_path()
    return _ask_how(path) if path else None


def _ask_how(path: Path) -> DatasetRequest:
    """Ask for the task, the magnifications and the patients of a dataset.

    What there is to choose from is known once the dataset was opened: `offer` tells the next run.
    """
    task: Task | None = st.segmented_control(
        "Task",
        tuple(TASKS),
        default="binary",
        required=True,
        format_func=TASKS.__getitem__,
        key=f"task-{path}",
        help="Two classes, or subtypes.",
    )
    magnifications: list[str] = []
    offered = st.session_state.get("offered", {}).get(path, ())
    if len(offered) > 1:
        magnifications = st.pills(
            "Magnifications",
            offered,
            selection_mode="multi",
            key=f"magnifications-{path}",
            help="None chosen: all.",
        )
    pattern = ""
    if path in st.session_state.get("without_patients", ()):
        pattern = st.text_input(
            "Patients, by a pattern",
            key=f"pattern-{path}",
            placeholder=r"(?P<patient>\d+)_",
            help="A regular expression with a group named patient, or a file patients.csv (path, "
            "patient) in the folder.",
        ).strip()
    return DatasetRequest(
        *(path, task or "binary", tuple(sorted(magnifications)), pattern or None),
        ask_for_positive(path),
        ask_for_neighbours(path),
    )
