"""The first view of a dataset: its classes as bars, a few images of each, the numbers beside."""

from typing import TYPE_CHECKING

import streamlit as st

from pages.audits.colours import class_colours
from pages.audits.findings import show_worst
from pages.audits.samples import pictures_of
from pages.shared.account import add
from pages.shared.plain import as_html, no_markup, table, visible

if TYPE_CHECKING:
    import pandas as pd

    from core.datasets.records import Dataset
    from pages.audits.job import AuditJob

PICTURES, LEAST = 16, 2  # together, and of each class
MOST_CLASSES, MOST_STRIPS = 8, 3


def show_overview(job: "AuditJob", dataset: "Dataset") -> None:
    """Say what is wrong; draw images and patients of each class, samples, and the numbers."""
    show_worst(job)
    counts = class_counts(dataset)
    with st.container(key="beside-overview"):
        picture, numbers = st.columns([3, 2], gap="large")
    with picture:
        _draw(dataset, counts)
    with numbers:
        _show_numbers(dataset, counts)
    _show_samples(dataset)
    _offer_records(dataset)


def class_counts(dataset: "Dataset") -> "list[tuple[str, int, int]]":
    """Name, images and patients of each class, in their order."""
    records = dataset.records
    counts = []
    for label, name in enumerate(dataset.classes):
        of_class = records[records["label"] == label]
        counts.append((visible(name), len(of_class), int(of_class["patient"].nunique())))
    return counts


def some_of_each(dataset: "Dataset") -> "pd.DataFrame":
    """A few images of each class, each of another patient as far as there are so many."""
    import pandas as pd  # noqa: PLC0415 - not needed to draw the page

    records = dataset.records
    common = records["label"].value_counts().index[:MOST_CLASSES]
    each = max(LEAST, PICTURES // max(1, len(common)))
    parts = []
    for label in sorted(common):
        of_class = records[records["label"] == label].sample(frac=1, random_state=0)
        # Every patient's first image before any patient's second.
        turn = of_class.groupby("patient").cumcount()
        parts.append(of_class.loc[turn.sort_values(kind="stable").index[:each]])
    return pd.concat(parts)


def _show_samples(dataset: "Dataset") -> None:
    """A strip of images for each class; of many classes one strip for all."""
    samples = some_of_each(dataset)
    if len(dataset.classes) > MOST_STRIPS:
        pictures = pictures_of(dataset, samples, captions=True)
        st.html(f'<div class="lobule-strip">{pictures}</div>')
        return
    st.html(
        "".join(
            f'<div class="lobule-patient"><b>{as_html(dataset.classes[int(str(label))])}</b>'
            f'<div class="lobule-strip">{pictures_of(dataset, of_class)}</div></div>'
            for label, of_class in samples.groupby("label")
        )
    )


def _draw(dataset: "Dataset", counts: "list[tuple[str, int, int]]") -> None:
    from core.plots.classes import class_bars  # noqa: PLC0415 - Plotly

    names, images, patients = zip(*counts, strict=True)
    known = dataset.patients_known
    st.plotly_chart(
        class_bars(
            [no_markup(name) for name in names],
            class_colours(dataset.classes),
            images,
            patients if known else None,
        ),
        key="classes",
        config={"displayModeBar": False},
        alt="Images and patients of each class; numbers in the table."
        if known
        else "Images of each class; numbers in the table.",
    )


def _show_numbers(dataset: "Dataset", counts: "list[tuple[str, int, int]]") -> None:
    records = dataset.records
    every = ("All", len(records), int(records["patient"].nunique()))
    rows = [
        (name, f"{images:,} ({images / max(1, len(records)):.0%})", f"{patients:,}")
        for name, images, patients in (*counts, every)
    ]
    if not dataset.patients_known:
        rows = [(name, images, "unknown") for name, images, _ in rows]
    table(("Class", "Images", "Patients"), rows, caption="Images and patients of each class")
    magnified = records["magnification"].astype(str).value_counts().to_dict()
    if len(magnified) > 1:
        ordered = sorted(map(str, magnified), key=lambda name: (len(name), name))
        listed = ", ".join(f"{name or 'not stated'} {magnified[name]:,}" for name in ordered)
        st.text(f"Images by magnification: {listed}")


def _offer_records(dataset: "Dataset") -> None:
    from core.datasets.spreadsheet import records_csv  # noqa: PLC0415 - pandas

    add(
        lambda: st.download_button(
            "All records, CSV",
            lambda: records_csv(dataset),
            "records.csv",
            "text/csv",
            key="download_records",
            on_click="ignore",
            help="One row per image.",
        )
    )
