"""A network made elsewhere: what it is, what only its owner knows of it, and adding it."""

from typing import TYPE_CHECKING

import streamlit as st

from core.registry.card_words import judged_on
from pages.shared.jobs import show_progress
from pages.shared.plain import notice
from pages.shelf.brought_form import ask_for_adoption
from pages.shelf.brought_job import AdoptJob, ReadJob, adopting, reading
from pages.shelf.brought_network import show_layers, show_network, try_picture

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

    from core.adoption.foreign import Foreign
    from core.adoption.request import Adoption
    from core.registry.package import Package


def show_brought(file: "UploadedFile") -> None:
    """Draw all about a file that was given, until its model stands with the others."""
    key = file.file_id
    with st.container(border=True, key="brought"):
        st.subheader("Bring your own model", anchor=False)
        job = reading().start(key, lambda: ReadJob(file.name, file.getvalue()))
        if job.running:
            show_progress(job, job.visible, "stop-reading")
            return
        if job.error or not job.foreign:
            notice(job.error or "Stopped. Drop the file again.", "error")
            return
        adoption = adopting().get(key)
        if adoption and adoption.package:
            _finish(key, adoption.package)
        # It may end while this is drawn: then all of it is drawn again.
        busy, drawn = adoption is not None and adoption.running, adoption and adoption.visible
        left, right = st.columns([3, 2], gap="large")
        with right:
            show_network(job)
            try_picture(job.foreign, key)
        with left:
            request = ask_for_adoption(job, key, disabled=busy)
            if adoption and busy:
                show_progress(adoption, drawn or (), "stop-adopting")
            else:
                _offer_to_add(key, job.foreign, request)
            if adoption and adoption.stopped:
                notice("Stopped; nothing was added.", "note")
            elif adoption and adoption.error:
                notice(adoption.error, "error")
        show_layers(job)


def _offer_to_add(key: str, foreign: "Foreign", request: "Adoption | None") -> None:
    if request and st.button("Add this model", key="adopt", type="primary"):
        adopting().start(key, lambda: AdoptJob(foreign, request), anew=True)
        st.rerun()


def _finish(key: str, package: "Package") -> None:
    """Say what was added, at the top of the page, and put the file away."""
    adopting().forget(key)
    reading().forget(key)
    card = package.card
    judged = (
        f"judged on {judged_on(card.evaluation)}" if card.evaluation else "and is not judged yet"
    )
    how = f" Scaling: {card.origin.scaling}." if card.origin else ""
    st.session_state["shelf_told"] = f"{card.name} was added, {judged}.{how}"
    st.session_state["imports"] += 1
    st.rerun()
