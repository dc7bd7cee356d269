"""Slides of the image archive: searched for and fetched, where LOBULE_DICOMWEB_URL names one."""

import time
from typing import TYPE_CHECKING

import streamlit as st

from core.durations import duration
from core.errors import LobuleError
from core.settings import get_settings
from pages.shared.plain import notice, quiet
from pages.viewer.choice import go_to_slide

if TYPE_CHECKING:
    from core.slides.dicomweb import RemoteSlide

_FOUND, _FAILED = "slides_archive_found", "slides_archive_failed"
_SOME = 0.05  # of a slide, before the time left can be told


def offer_archive() -> None:
    """Draw the search of the archive and what it found; nothing where no archive is named."""
    if get_settings().dicomweb_url is None:
        return
    with st.expander("From the image archive"):
        with st.form("slides_archive", border=False):
            patient = st.text_input("Patient's id", key="slides_archive_patient")
            accession = st.text_input("Accession number", key="slides_archive_accession")
            if st.form_submit_button("Search", width="stretch"):
                _search(patient.strip(), accession.strip())
        if failure := st.session_state.pop(_FAILED, None):
            notice(failure, "error")
        slides: list[RemoteSlide] | None = st.session_state.get(_FOUND)
        if slides == []:
            quiet("The archive has no such slide.")
        for slide in slides or []:
            quiet(", ".join(filter(None, (slide.patient_id, slide.date, slide.description))))
            if st.button("Fetch", key=f"fetch-{slide.series}", width="stretch"):
                _fetch(slide.series)


def _search(patient: str, accession: str) -> None:
    from core.slides.dicomweb import search  # noqa: PLC0415 - seldom needed

    st.session_state.pop(_FOUND, None)
    try:
        with st.spinner("Asking the archive"):
            st.session_state[_FOUND] = search(patient_id=patient, accession=accession)
    except LobuleError as error:
        st.session_state[_FAILED] = str(error)


def _fetch(series: str) -> None:
    """Fetch a slide, and show it; whoever leaves the page meanwhile goes on with it later."""
    from core.slides.dicomweb import download  # noqa: PLC0415 - seldom needed
    from core.slides.roots import list_slides  # noqa: PLC0415

    bar, began = st.progress(0.0, "Fetching"), time.monotonic()

    def told(fetched: int, files: int, size: int) -> None:
        done = fetched / files
        left = (time.monotonic() - began) * (1 - done) / done if done > _SOME else None
        words = f"Fetching: {fetched:,} of {files:,} files, {size / 1e6:,.0f} MB"
        bar.progress(done, words if left is None else f"{words}, {duration(left)} left")

    try:
        folder = download(series, told).resolve()
    except LobuleError as error:
        st.session_state[_FAILED] = str(error)
        st.rerun()
    slide = next((slide for slide in list_slides() if slide.path == folder), None)
    if slide is not None:
        go_to_slide(slide.id)
    st.rerun()
