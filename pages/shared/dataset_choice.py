"""Which dataset: asked for by its path, or picked among folders."""

from pathlib import Path

import streamlit as st

from core.datasets.browse import look_into, recent_datasets
from core.errors import DatasetError
from core.roots import bounds, data_roots, held
from pages.shared.plain import as_html, notice

_HERE = "browsed_folder"


def ask_for_path() -> Path | None:
    """Ask where the dataset is; None until something is given."""
    # What a widget holds is forgotten while another page is shown.
    st.session_state.setdefault("dataset_path", st.session_state.get("last_dataset_path", ""))
    typed = st.text_input(
        "Folder or manifest",
        key="dataset_path",
        placeholder="/data/BreaKHis_v1",
        help="A folder of images, or a .csv or .parquet manifest, on Lobule's computer. Nothing "
        "in it is changed.",
    ).strip()
    st.session_state["last_dataset_path"] = typed
    if st.button("Pick a folder", key="pick", width="stretch"):
        st.session_state[_HERE] = _nearest_folder(typed)
        pick_folder()
    if recent := recent_datasets():
        st.selectbox("Recent", recent, index=None, key="recent", on_change=_take_recent)
    return as_path(typed) if typed else None


def ask_for_positive(path: Path) -> str | None:
    """Ask which class is positive, where the words of the two do not say it or leave doubt.

    `note_questions` tells of that.
    """
    classes = st.session_state.get("undecided_classes", {}).get(path)
    if not classes:
        return None
    return st.selectbox(
        "Positive class",
        classes,
        index=None,
        key=f"positive-{path}",
        placeholder="Which class is to be detected?",
        help="Which class is positive, such as tumour?",
        persist_state="session",
    )


def ask_for_neighbours(path: Path) -> bool:
    """Ask whether neighbouring ids are of one woman, where the dataset is IDC."""
    if path not in st.session_state.get("with_neighbours", ()):
        return False
    return st.toggle(
        "Neighbouring ids are one woman",
        key=f"neighbours-{path}",
        help="IDC's 279 ids are 162 women; one woman's slides have neighbouring numbers.",
        persist_state="session",
    )


def note_questions(path: Path, undecided: tuple[str, ...], dataset: str) -> bool:
    """Note what is to be asked of a dataset from now on; whether any of it is news.

    Parameters
    ----------
    path : Path
    undecided : tuple of str
        Two classes of which it is to be said which is positive; empty where that is known.
    dataset : str
        Its name, or "" while it could not be opened: neighbouring ids are asked about where it is
        IDC.
    """
    classes = st.session_state.setdefault("undecided_classes", {})
    neighbours = st.session_state.setdefault("with_neighbours", set())
    news = False
    if undecided and classes.get(path) != undecided:
        classes[path], news = undecided, True
    if dataset == "IDC" and path not in neighbours:
        neighbours.add(path)
        news = True
    return news


@st.dialog("Pick a folder", width="large")
def pick_folder() -> None:
    """Walk through the folders of the machine that runs Lobule, or through its data roots."""
    if not st.session_state[_HERE]:
        _pick_root()
        return
    folder = Path(st.session_state[_HERE])
    st.html(f'<div class="lobule-file"><b>{as_html(folder)}</b></div>')
    try:
        place = look_into(folder)
    except DatasetError as error:
        notice(str(error), "error")
        place = None
    inside = [*place.folders, *place.manifests] if place else []
    # Each folder has widgets of its own, so that no choice outlives the step.
    chosen = st.selectbox(
        "Go into a folder, or choose a manifest",
        inside,
        index=None,
        key=f"into-{folder}",
        placeholder=f"{len(inside):,} here" if inside else "No folders or manifests here",
        disabled=not inside,
    )
    if chosen and place and chosen in place.folders:
        st.session_state[_HERE] = str(folder / chosen)
        st.rerun(scope="fragment")
    if place:
        more = "" if place.whole else " or more"
        st.caption(f"{place.images:,} images directly in this folder{more}.")
    target = folder / chosen if chosen else folder
    with st.container(horizontal=True):
        if st.button("Up one folder", key="up", disabled=not held() and folder == folder.parent):
            st.session_state[_HERE] = (
                str(folder.parent) if bounds(listed=True)(folder.parent) else ""
            )
            st.session_state.pop(f"into-{folder.parent}", None)
            st.rerun(scope="fragment")
        if st.button(
            "Use this manifest" if chosen else "Use this folder",
            type="primary",
            key="use",
            on_click=_take,
            args=(str(target),),
        ):
            st.rerun()


def _pick_root() -> None:
    roots = [str(root) for root in data_roots()]
    if not roots:
        notice("No folder of data can be read here. Ask whoever runs Lobule to name one.")
    chosen = st.selectbox(
        "Begin in", roots, index=None, key="into-roots", placeholder="Folders that may be read"
    )
    if chosen:
        st.session_state[_HERE] = chosen
        st.session_state.pop("into-roots")
        st.rerun(scope="fragment")


def _take(path: str) -> None:
    st.session_state["dataset_path"] = path


def _take_recent() -> None:
    if chosen := st.session_state["recent"]:
        _take(chosen)


def as_path(typed: str) -> Path:
    """A path on Lobule's computer, as somebody typed it."""
    path = Path(typed)
    if held():  # nobody is to learn whose home there is
        return path.absolute()
    try:
        return path.expanduser().absolute()
    except RuntimeError:  # a user that does not exist
        return path.absolute()


def _nearest_folder(typed: str) -> str:
    """The typed folder or the next above it that is there; "" if it is to be chosen from roots."""
    start, allowed = as_path(typed) if typed else Path.home(), bounds(listed=True)
    for folder in (start, *start.parents):
        try:
            if allowed(folder) and folder.is_dir():
                return str(folder)
        except OSError:
            continue
    return "" if held() else str(Path.home())
