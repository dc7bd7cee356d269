"""What can be done with models: import one; make it the default, check, export, rename, delete."""

from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING

import streamlit as st

from core.errors import LobuleError, PackageError
from core.registry.card_page import card_markdown, card_pdf
from core.registry.exchange import MOST_BYTES, export_package, holds_package, import_package
from core.registry.manage import NAMES_ARE, delete, needed_by, rename
from core.registry.package import Package, verify
from core.registry.shelf import OWN, ShelfEntry, activate, active_name
from pages.shared.model_card import show_card
from pages.shared.plain import notice
from pages.shared.warm_up import warm_up

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

_ADD_HELP = (
    "A zip from Export, or a Keras network: .keras, .h5, or a SavedModel as .zip. Checked "
    "first; replaces nothing."
)


def ask_for_model() -> "UploadedFile | None":
    """Draw the uploader; a model that Lobule exported goes onto the shelf.

    Returns the file of a network that was made elsewhere, of which more must be asked.
    """
    number = st.session_state.setdefault("imports", 0)
    file = st.file_uploader(
        "Add a model",
        type=["zip", "keras", "h5", "hdf5"],
        key=f"import-{number}",
        max_upload_size=MOST_BYTES // 1_000_000,
        help=_ADD_HELP,
    )
    if file is None:
        return None
    if not file.name.lower().endswith(".zip") or not _holds_package(file):
        return file
    name = st.text_input(
        "Its name here",
        key=f"import-name-{number}",
        placeholder="as on its card",
        max_chars=64,
    ).strip()
    if st.button("Add this model", key="import", type="primary", width="stretch"):
        try:
            with st.spinner("Checking the model …"):
                package = import_package(file, name or None)
        except LobuleError as error:
            notice(str(error), "error")
            return None
        st.session_state["imports"] = number + 1
        st.session_state["shelf_told"] = f"{package.card.name}, “{package.card.title}”, was added."
        st.rerun()
    return None


def _holds_package(file: "UploadedFile") -> bool:
    """Whether Lobule exported it; looked up once an upload, as a page is drawn again and again."""
    known = st.session_state.get("import-kind")
    if known is None or known[0] != file.file_id:
        known = st.session_state["import-kind"] = (file.file_id, holds_package(file))
    return bool(known[1])


def offer_deeds(entry: ShelfEntry, package: Package, *, active: bool) -> None:
    """Draw the buttons of a sound model, and what came of the last one."""
    name = entry.name
    with st.container(horizontal=True, key=f"deeds-{name}"):
        if st.button(
            "✓ Default" if active else "Make default",
            key=f"default-{name}",
            disabled=active,
            help="Answers unless you choose another.",
        ):
            _do(lambda: _make_default(name))
        if st.button("Model card", key=f"card-{name}", help="Everything known about it."):
            show_card(package.card, package.model_sha256)
        checked = st.button(
            "Verify",
            key=f"verify-{name}",
            help="Compares every file with the card.",
        )
        _offer_export(entry, package)
        if not entry.shipped:
            _offer_rename(entry, package)
            offer_delete(entry, active=active)
    if checked:
        _verify(package)


def offer_delete(entry: ShelfEntry, *, active: bool) -> None:
    """Draw the button that deletes an own model, which asks once more."""
    with st.popover("Delete …", key=f"ask-delete-{entry.name}"):
        if needed := needed_by(entry):
            notice(f"It cannot be deleted: {', '.join(needed)} needs it.")
            return
        st.text("Deleted for good; its training run keeps a copy.")
        if active:
            st.text("It is the default: another model takes over.")
        if st.button("Delete it", key=f"delete-{entry.name}", type="primary"):
            _do(lambda: _delete(entry.name, active=active))


def _offer_rename(entry: ShelfEntry, package: Package) -> None:
    name = entry.name
    with st.popover("Rename …", key=f"ask-rename-{name}"), st.form(f"rename-{name}", border=False):
        title = st.text_input("Title", package.card.title, key=f"title-{name}", max_chars=200)
        new = st.text_input(
            "Name",
            name.removeprefix(OWN),
            key=f"name-{name}",
            max_chars=64,
            help=f"For folder and command line: {NAMES_ARE}.",
        )
        if st.form_submit_button("Rename", type="primary", key=f"renamed-{name}"):

            def deed() -> str:
                rename(name, new.strip(), title)
                return f"{name} is now {new.strip()}, “{title.strip()}”."

            _do(deed)


def _offer_export(entry: ShelfEntry, package: Package) -> None:
    name = package.card.name
    with st.popover("Export …", key=f"export-{entry.name}"):
        st.download_button(
            "Model, zip",
            lambda: _zipped(package),
            f"{name}.zip",
            "application/zip",
            key=f"zip-{entry.name}",
            on_click="ignore",
            width="stretch",
            help="For another Lobule to import.",
        )
        st.download_button(
            "Card on one page, PDF",
            lambda: _pdf(package),
            f"{name} model card.pdf",
            "application/pdf",
            key=f"pdf-{entry.name}",
            on_click="ignore",
            width="stretch",
            help="Sections after Mitchell et al. 2019.",
        )
        st.download_button(
            "Card on one page, Markdown",
            lambda: _markdown(package),
            f"{name} model card.md",
            "text/markdown",
            key=f"markdown-{entry.name}",
            on_click="ignore",
            width="stretch",
        )


def _zipped(package: Package) -> bytes:
    written = BytesIO()
    export_package(package, written)
    return written.getvalue()


def _pdf(package: Package) -> bytes:
    return card_pdf(package.card, package.model_sha256)


def _markdown(package: Package) -> str:
    return card_markdown(package.card, package.model_sha256)


def _verify(package: Package) -> None:
    try:
        with st.spinner("Computing the hash of every file …"):
            verify(package.path)
    except LobuleError as error:
        notice(str(error), "error")
    else:
        files = len(package.card.files)
        notice(
            f"Sound: all {files} files match the card's hashes, and the network has only "
            "Keras's own layers.",
            "note",
        )


def _make_default(name: str) -> str:
    activate(name)
    warm_up.clear()  # what was loaded is another model
    return f"{name} answers by default now."


def _delete(name: str, *, active: bool) -> str:
    delete(name)
    if not active:
        return f"{name} was deleted."
    warm_up.clear()
    try:
        return f"{name} was deleted. {active_name()} now answers by default."
    except PackageError as error:
        return f"{name} was deleted. {error}"


def _do(deed: Callable[[], str]) -> None:
    """Do it, say what came of it at the top of the page, and draw everything again."""
    try:
        outcome = deed()
    except LobuleError as error:
        notice(str(error), "error")
        return
    st.session_state["shelf_told"] = outcome
    st.rerun()
