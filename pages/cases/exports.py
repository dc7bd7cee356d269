"""Cases as files: a report of one; a table, JSON and a dataset of those that are listed."""

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from core.cases.records import Case
from core.counts import counted
from core.documents.fonts import missing_fonts
from core.errors import LobuleError
from core.rights import Person, acting, who_acts
from pages.cases.trail import why_broken
from pages.shared.plain import as_html, notice, quiet, visible
from pages.shared.who import ask_who, who

if TYPE_CHECKING:
    from pathlib import Path

    from core.cases.manifest import Labelled
    from core.cases.read import Listing
    from core.cases.store import Store

DATASETS = "pages/datasets.py"
_WRITTEN = "written_manifest"
_MADE = "made_report"
_LACKING = "fonts_lacking_for_report"
_MEGABYTE = 1_000_000


def show_exports(store: "Store", listing: "Listing") -> None:
    """Draw the exports of the cases that are listed."""
    cases = listing.cases
    ids = (*(case.id for case in cases), *(each.id for each in listing.damaged))
    actor = who_acts()  # files are made later, in a thread that nobody is signed in to
    with st.container(horizontal=True, key="exports"):
        st.download_button(
            "Export CSV",
            partial(_csv, store, ids, actor),
            "worklist.csv",
            "text/csv",
            key="export_csv",
            on_click="ignore",
            help="One row per answer.",
        )
        st.download_button(
            "Export JSON",
            partial(_json, store, ids, actor),
            "worklist.json",
            "application/json",
            key="export_json",
            on_click="ignore",
            help="Answers, verdicts and trails in full; no pixels or maps.",
        )
        if st.button(
            "Make a dataset",
            key="export_manifest",
            disabled=not cases,
            help="The judged images with your verdicts as labels, for Datasets or Training.",
        ):
            st.session_state.pop(_WRITTEN, None)
            _make_dataset(store, cases)


@st.dialog("Make a dataset of judged images")
def _make_dataset(store: "Store", cases: tuple[Case, ...]) -> None:
    from core.cases.manifest import class_sets, labelled  # noqa: PLC0415 - SQLAlchemy and OpenCV
    from core.cases.read import everything_shown  # noqa: PLC0415

    if written := st.session_state.get(_WRITTEN):
        _go_to(written)
        return
    classes = st.selectbox(
        "Images answered with the classes",
        class_sets(cases),
        format_func=lambda names: visible(" / ".join(names)),
        key="manifest_classes",
        help="The first model's classes.",
    )
    try:
        images = labelled(cases, classes, everything_shown(store))
    except LobuleError as error:
        notice(str(error), "error")
        return
    if broken := why_broken(store):
        notice(broken, "error")
    _say(images)
    if st.button(
        "Write the manifest",
        type="primary",
        key="write_manifest",
        width="stretch",
        disabled=not images.rows,
    ):
        from core.cases.manifest import write_manifest  # noqa: PLC0415

        try:
            st.session_state[_WRITTEN] = write_manifest(store, images)
        except LobuleError as error:
            notice(str(error), "error")
        else:
            st.rerun(scope="fragment")
    if st.button(
        "Cut the regions of slides into patches",
        key="write_patches",
        width="stretch",
        disabled=not images.rows,
        help="Squares as large as one input of the model that answered, at its scale, each with "
        "the label of its region. A folder of its own: it stays when a case is deleted.",
    ):
        _cut_patches(store, cases, classes)


def _cut_patches(store: "Store", cases: tuple[Case, ...], classes: tuple[str, ...]) -> None:
    from core.cases.read import everything_shown  # noqa: PLC0415 - SQLAlchemy
    from core.settings import get_settings  # noqa: PLC0415
    from core.slides.worklist.patches import write_patches  # noqa: PLC0415 - OpenCV

    try:
        with st.spinner("Cutting patches …"):
            written = write_patches(
                store, cases, classes, everything_shown(store), get_settings().slide_patches
            )
    except LobuleError as error:
        notice(str(error), "error")
    else:
        st.session_state[_WRITTEN] = written.manifest
        st.rerun(scope="fragment")


def _say(images: "Labelled") -> None:
    by_label = dict.fromkeys(images.labels, 0)
    for _, label, _ in images.rows:
        by_label[label] += 1
    words = ", ".join(f"{number:,} {label}" for label, number in by_label.items())
    patients = len({patient for _, _, patient in images.rows})
    if images.rows:
        st.text(
            visible(
                f"{counted(len(images.rows), 'image')} of {counted(patients, 'patient')}: {words}"
            ),
            help="Cases that share a pseudonym or an image count as one patient.",
        )
    else:
        st.text("No verdict names a class yet.")
    left_out = {
        "without a verdict": images.unjudged,
        "whose verdict names no class": images.no_class,
        "that were judged differently in two cases": images.contradictory,
        "synthetic, of no patient": images.synthetic,
        "overviews of slides": images.overviews,
    }
    if reasons := [f"{number:,} {why}" for why, number in left_out.items() if number]:
        quiet(f"Left out: {'; '.join(reasons)}.")
    if len(images.labels) == 1:
        notice("Only one class: a dataset needs two or more.")


def _go_to(written: "Path") -> None:
    st.html(f'<div class="lobule-file">The manifest is <b>{as_html(written)}</b></div>')
    if "patches" not in written.parts:
        quiet("Deleting a case removes its images from it.")
    if st.button("Open on the Datasets page", type="primary", key="open_dataset", width="stretch"):
        st.session_state["dataset_path"] = st.session_state["last_dataset_path"] = str(written)
        st.session_state.pop(_WRITTEN)
        st.switch_page(DATASETS)


def _csv(store: "Store", ids: tuple[str, ...], person: Person) -> bytes:
    from core.cases.export import cases_csv  # noqa: PLC0415 - SQLAlchemy

    with acting(person):
        return cases_csv(store, ids)


def _json(store: "Store", ids: tuple[str, ...], person: Person) -> bytes:
    from core.cases.export import cases_json  # noqa: PLC0415 - SQLAlchemy

    with acting(person):
        return cases_json(store, ids)


def offer_report(store: "Store", case: Case) -> None:
    """Draw the button that opens the dialog."""
    words = "The case as a PDF."
    if st.button("Report", key="report", help=words):
        st.session_state.pop(_MADE, None)
        _report(store, case)


@st.dialog("Report as PDF")
def _report(store: "Store", case: Case) -> None:
    quiet("Images, heatmaps, answers, verdicts, notes, and the models' cards.")
    ask_who("report_user")
    if st.button("Make the report", key="make_report", type="primary", width="stretch"):
        _make_report(store, case)
    if made := st.session_state.get(_MADE):
        st.download_button(
            f"Save the report, {len(made) / _MEGABYTE:.1f} MB",
            made,
            f"case {case.id}.pdf",
            "application/pdf",
            key="save_report",
            width="stretch",
            on_click="ignore",
        )
        if lacking := st.session_state.get(_LACKING):
            quiet(lacking)


def _make_report(store: "Store", case: Case) -> None:
    from core.cases.report_pdf import report_pdf  # noqa: PLC0415 - SQLAlchemy

    bar = st.progress(0.0, text="Reading the case")

    def progress(share: float, words: str) -> None:
        bar.progress(share, text=words)

    try:
        st.session_state[_MADE] = report_pdf(
            store, case.id, made_at=datetime.now(UTC), made_by=who(), progress=progress
        )
        st.session_state[_LACKING] = missing_fonts(f"{case} {who()}")
    except LobuleError as error:
        notice(str(error), "error")
    bar.empty()
