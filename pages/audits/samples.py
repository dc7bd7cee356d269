"""Small pictures of a dataset: a grid of samples, and a strip for each patient."""

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from core.errors import DatasetError, ImageError
from core.roots import image_files
from pages.shared.marks import mark_of
from pages.shared.plain import as_html, visible

if TYPE_CHECKING:
    import pandas as pd

    from core.datasets.records import Dataset

GRID = 24  # pictures at once
STRIP, PATIENTS = 8, 8  # pictures of a patient, and patients a page
_HEIGHT = 128  # px
_NUMBER = re.compile(r"(\d+)")
MOST_CHOICES = 500  # longer lists are typed into
_FILTERS = {
    "label": "Class",
    "subtype": "Subtype",
    "patient": "Patient",
    "magnification": "Magnification",
}


def show_samples(dataset: "Dataset") -> None:
    """Draw samples of the images that pass the filters."""
    records = dataset.records
    filters = [column for column in _FILTERS if _several(dataset, column)]
    with st.container(key="filters"):
        places = st.columns([3] * len(filters) + [2], vertical_alignment="bottom")
    for place, column in zip(places, filters, strict=False):
        with place:
            wanted = _ask(dataset, column)
        if wanted is not None:
            records = records[records[column] == wanted]
    st.session_state.setdefault("sample_seed", 0)
    if places[-1].button("Show others", key="others", width="stretch"):
        st.session_state["sample_seed"] += 1
    if records.empty:
        st.text("No image passes these filters.")
        return
    chosen = records
    if len(records) > GRID:
        chosen = records.sample(GRID, random_state=st.session_state["sample_seed"]).sort_index()
        st.caption(f"{GRID} of {len(records):,}, at random")
    else:
        st.caption(f"All {len(records):,}")
    st.html(f'<div class="lobule-grid">{pictures_of(dataset, chosen, captions=True)}</div>')


def _several(dataset: "Dataset", column: str) -> bool:
    if column == "patient" and not dataset.patients_known:
        return False
    return dataset.records[column].nunique() > 1


def _ask(dataset: "Dataset", column: str) -> str | int | None:
    """Ask for one value of a column; None is all of them."""
    title = _FILTERS[column]
    if column == "label":
        return st.selectbox(
            title,
            (None, *range(len(dataset.classes))),
            format_func=lambda label: "All" if label is None else dataset.classes[label],
        )
    values = sorted(set(dataset.records[column]) - {""}, key=_by_number)
    if len(values) > MOST_CHOICES:
        return st.text_input(title, placeholder="All").strip() or None
    return st.selectbox(title, (None, *values), format_func=lambda name: name or "All")


def _by_number(name: str) -> list[str | int]:
    """Puts 9 before 10, 40X before 100X and 14-3411 before 14-22549."""
    return [int(part) if number % 2 else part for number, part in enumerate(_NUMBER.split(name))]


def show_patients(dataset: "Dataset") -> None:
    """Draw each patient on a row with a strip of thumbnails, a page at a time."""
    names = sorted(set(dataset.records["patient"]), key=_by_number)
    pages = -(-len(names) // PATIENTS)
    page = 1
    if pages > 1:
        page = int(
            st.columns([1, 4])[0].number_input(
                f"Page, of {pages:,}", 1, pages, key=f"patients-{dataset.root}"
            )
        )
    on_page = names[PATIENTS * (page - 1) : PATIENTS * page]
    few = dataset.records[dataset.records["patient"].isin(on_page)]
    rows = []
    for name in on_page:
        images = few[few["patient"] == name].sort_values("label", kind="stable")
        shown = min(STRIP, len(images))
        picked = images.iloc[[number * len(images) // shown for number in range(shown)]]
        rows.append(
            f'<div class="lobule-patient"><div><b>{as_html(name)}</b>'
            f"{_numbers(dataset, images)}</div>"
            f'<div class="lobule-strip">{pictures_of(dataset, picked)}</div></div>'
        )
    st.html("".join(rows))


def strip_of(dataset: "Dataset", files: Sequence[str]) -> str:
    """The first few of some files of a dataset in a row, as HTML, and how many more there are."""
    records = dataset.records
    some = records[records["path"].isin(list(files))].iloc[:GRID]
    more = len(files) - len(some)
    more_line = f"<p>{more:,} more not shown.</p>" if more > 0 else ""
    return f'<div class="lobule-grid">{pictures_of(dataset, some, captions=True)}</div>{more_line}'


def _numbers(dataset: "Dataset", images: "pd.DataFrame") -> str:
    counts = images["label"].value_counts()
    return "".join(
        f"<div>{_mark(dataset, label)} {as_html(name)} {counts.get(label, 0):,}</div>"
        for label, name in enumerate(dataset.classes)
        if counts.get(label, 0)
    )


def pictures_of(dataset: "Dataset", records: "pd.DataFrame", *, captions: bool = False) -> str:
    """Thumbnails as HTML, read in parallel."""
    with ThreadPoolExecutor() as pool:
        pictures = list(pool.map(partial(_picture, dataset.root), records["path"]))
    parts = []
    columns = (records[name].tolist() for name in ("path", "label", "patient", "magnification"))
    for path, label, patient, magnification, picture in zip(*columns, pictures, strict=True):
        name = as_html(dataset.classes[label])
        whose = patient if dataset.patients_known else path.rpartition("/")[2]
        origin = " · ".join(filter(None, (whose, magnification)))
        where = f"<small>{as_html(origin)}</small>" if captions else ""
        words = f"<span>{_mark(dataset, label)}{f' {name}' if captions else ''}</span>{where}"
        shown = (
            f'<img src="{picture}" alt="{_attribute(dataset.classes[label])}"'
            f' title="{_attribute(path)}">'
            if picture
            else '<span class="lobule-none">✕ unreadable</span>'
        )
        parts.append(f"<figure>{shown}<figcaption>{words}</figcaption></figure>")
    return "".join(parts)


def _attribute(text: str) -> str:
    return escape(visible(text))


def _mark(dataset: "Dataset", label: int) -> str:
    positive = dataset.classes[1] if dataset.task == "binary" else None
    mark = mark_of(dataset.classes[label], positive)
    return f'<span aria-hidden="true" style="color:{mark.colour}">{mark.symbol}</span>'


def _picture(root: Path, path: str) -> str | None:
    try:
        file = image_files(root)(path)
        return _encoded(str(file), file.stat().st_mtime_ns)
    except (DatasetError, OSError):
        return None


@st.cache_data(max_entries=1000, show_spinner=False)
def _encoded(file: str, modified: int) -> str | None:  # noqa: ARG001 - part of what is remembered
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
