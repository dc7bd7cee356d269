"""Small pictures of a dataset: a grid of samples, and a strip for each patient."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from pages.parts.look import mark_of
from pages.parts.plain import as_html, visible

if TYPE_CHECKING:
    import pandas as pd

    from core.datasets.records import Dataset

GRID = 24  # pictures at once
STRIP, PATIENTS = 8, 8  # pictures of a patient, and patients a page
_HEIGHT = 128  # px
ALL = ""


def show_samples(dataset: "Dataset") -> None:
    """Draw samples of the images that pass the filters."""
    records = dataset.records
    columns = st.columns([3, 3, 2, 2], vertical_alignment="bottom")
    label = columns[0].selectbox(
        "Class", (None, *range(len(dataset.classes))), format_func=partial(_class_name, dataset)
    )
    patient = columns[1].selectbox("Patient", _choices(dataset, "patient"), format_func=_or_all)
    scale = columns[2].selectbox(
        "Magnification", _choices(dataset, "magnification"), format_func=_or_all
    )
    st.session_state.setdefault("sample_seed", 0)
    if columns[3].button("Show others", key="others", width="stretch"):
        st.session_state["sample_seed"] += 1
    if label is not None:
        records = records[records["label"] == label]
    if patient != ALL:
        records = records[records["patient"] == patient]
    if scale != ALL:
        records = records[records["magnification"] == scale]
    if records.empty:
        st.text("No image passes these filters. Choose All in one of them.")
        return
    chosen = records
    if len(records) > GRID:
        chosen = records.sample(GRID, random_state=st.session_state["sample_seed"]).sort_index()
    st.caption(f"{len(chosen):,} of {len(records):,} images, drawn at random.")
    st.html(f'<div class="lobule-grid">{_figures(dataset, chosen, captions=True)}</div>')


def show_patients(dataset: "Dataset") -> None:
    """Draw each patient on a row with a strip of thumbnails, a page at a time."""
    if not dataset.patients_known:
        st.text("Patients are not known: every image counts as its own patient.")
        return
    groups = dataset.records.groupby("patient", sort=True)
    names = list(groups.groups)
    pages = -(-len(names) // PATIENTS)
    page = 1
    if pages > 1:
        page = int(
            st.columns([1, 4])[0].number_input(
                f"Page, of {pages:,}", 1, pages, key=f"patients-{dataset.root}"
            )
        )
    rows = []
    for name in names[PATIENTS * (page - 1) : PATIENTS * page]:
        own = groups.get_group(name).sort_values("label", kind="stable")
        picked = own.iloc[:: max(1, -(-len(own) // STRIP))]
        rows.append(
            f'<div class="lobule-patient"><div><b>{as_html(name)}</b>{_numbers(dataset, own)}</div>'
            f'<div class="lobule-strip">{_figures(dataset, picked)}</div></div>'
        )
    st.html("".join(rows))


def _numbers(dataset: "Dataset", own: "pd.DataFrame") -> str:
    counts = own["label"].value_counts()
    return "".join(
        f"<div>{_mark(dataset, label)} {as_html(name)} {counts.get(label, 0):,}</div>"
        for label, name in enumerate(dataset.classes)
        if counts.get(label, 0)
    )


def _figures(dataset: "Dataset", records: "pd.DataFrame", *, captions: bool = False) -> str:
    """Thumbnails as HTML, read in parallel."""
    with ThreadPoolExecutor() as pool:
        pictures = list(pool.map(partial(_picture, dataset.root), records["path"]))
    parts = []
    rows = zip(records["path"].tolist(), records["label"].tolist(), pictures, strict=True)
    for path, label, picture in rows:
        name = as_html(dataset.classes[label])
        where = f"<small>{as_html(path.rpartition('/')[2])}</small>" if captions else ""
        words = f"<span>{_mark(dataset, label)} {name}</span>{where}" if captions else ""
        shown = (
            f'<img src="{picture}" alt="{_attribute(dataset.classes[label])}"'
            f' title="{_attribute(path)}">'
            if picture
            else '<span class="lobule-none">✕ unreadable</span>'
        )
        caption = f"<figcaption>{words}</figcaption>" if words else ""
        parts.append(f"<figure>{shown}{caption}</figure>")
    return "".join(parts)


def _attribute(text: str) -> str:
    return escape(visible(text))


def _mark(dataset: "Dataset", label: int) -> str:
    positive = dataset.classes[1] if dataset.task == "binary" else None
    mark = mark_of(dataset.classes[label], positive)
    return f'<span aria-hidden="true" style="color:{mark.colour}">{mark.symbol}</span>'


def _picture(root: Path, path: str) -> str | None:
    try:
        return _encoded(str(root / path), (root / path).stat().st_mtime_ns)
    except OSError:
        return None


@st.cache_data(max_entries=1000, show_spinner=False)
def _encoded(file: str, modified: int) -> str | None:  # noqa: ARG001 - part of what is remembered
    from core.errors import ImageError  # noqa: PLC0415
    from core.imaging.preview import preview  # noqa: PLC0415 - OpenCV
    from core.imaging.read import read_image  # noqa: PLC0415
    from core.imaging.resize import resize  # noqa: PLC0415

    try:
        pixels = read_image(Path(file)).pixels
    except ImageError:
        return None
    height, width = pixels.shape[:2]
    share = min(1.0, _HEIGHT / height)
    return preview(resize(pixels, max(1, round(height * share)), max(1, round(width * share))))


def _choices(dataset: "Dataset", column: str) -> list[str]:
    if column == "patient" and not dataset.patients_known:
        return [ALL]
    values = sorted(set(dataset.records[column]) - {ALL}, key=lambda name: (len(name), name))
    return [ALL, *values]


def _or_all(name: str) -> str:
    return name or "All"


def _class_name(dataset: "Dataset", label: int | None) -> str:
    return "All" if label is None else dataset.classes[label]
