"""What a dataset holds: images by subtype, patient and magnification."""

from typing import TYPE_CHECKING

import streamlit as st

from pages.audits.colours import class_colours
from pages.shared.plain import as_html, no_markup, table, visible

if TYPE_CHECKING:
    import pandas as pd

    from core.datasets.records import Dataset
    from pages.audits.job import AuditJob

MOST_BARS, MOST_ROWS = 30, 1000
_BY = {
    "Subtype": "subtype",
    "Patient": "patient",
    "Magnification": "magnification",
}


def show_size(job: "AuditJob", dataset: "Dataset") -> None:
    """Say in one line what was opened."""
    number = dataset.records["patient"].nunique()
    patients = f"{number:,} patients" if dataset.patients_known else "patients unknown"
    images, classes = f"{len(dataset.records):,} images", f"{len(dataset.classes)} classes"
    dropped = len(job.dataset.records) - len(dataset.records) if job.dataset else 0
    less = f" · {dropped:,} dropped" if dropped else ""
    summary = f"{dataset.name} · {images}{less} · {patients} · {classes}"
    st.html(f'<div class="lobule-file"><b>{as_html(summary)}</b></div>')


def show_contents(dataset: "Dataset") -> None:
    """Draw a chart and a table for each column that says something."""
    for title, column in _columns(dataset).items():
        _show(title, counts_by(dataset, column), dataset)


def has_contents(dataset: "Dataset") -> bool:
    """Whether a column says more than the classes do."""
    return bool(_columns(dataset))


def _columns(dataset: "Dataset") -> dict[str, str]:
    """The columns that say something, by their titles."""
    silent = {"patient"} if not dataset.patients_known else set()
    if dataset.task == "subtype":  # they are the classes
        silent.add("subtype")
    return {
        title: column
        for title, column in _BY.items()
        if column not in silent and (dataset.records[column] != "").any()
    }


def counts_by(dataset: "Dataset", column: str) -> "pd.DataFrame":
    """Images of each class (columns) by each value of a column of the records (index)."""
    import pandas as pd  # noqa: PLC0415 - not needed to draw the page

    records = dataset.records
    counts = pd.crosstab(records[column], records["label"])
    counts = counts.reindex(columns=range(len(dataset.classes)), fill_value=0)
    if column == "magnification":
        return counts.loc[sorted(counts.index, key=lambda name: (len(name), name))]
    return counts.loc[counts.sum(axis=1).sort_values(ascending=False, kind="stable").index]


def _show(title: str, counts: "pd.DataFrame", dataset: "Dataset") -> None:
    from core.plots.counts import stacked_counts  # noqa: PLC0415 - Plotly

    st.html(f"<h3>By {title.lower()}</h3>")
    most = counts.iloc[:MOST_BARS]
    names = [visible(str(name)) or "not stated" for name in counts.index]
    classes = [visible(name) for name in dataset.classes]
    if len(counts) > MOST_BARS:
        st.caption(f"The {MOST_BARS} with most images, of {len(counts):,}.")
    with st.container(key=f"beside-{title}"):
        left, right = st.columns([3, 2], gap="large")
    left.plotly_chart(
        stacked_counts(
            [no_markup(name) for name in names[:MOST_BARS]],
            most.to_numpy(),
            [no_markup(name) for name in classes],
            class_colours(dataset.classes),
        ),
        key=f"counts_{title}",
        config={"displayModeBar": False},
        alt=f"Images by {title.lower()} and class; numbers in the table.",
    )
    with right:
        if len(counts) <= MOST_BARS and title != "Patient":
            rows: list[tuple[object, ...]] = [
                (name, *(f"{value:,}" for value in row), f"{sum(row):,}")
                for name, row in zip(names, counts.to_numpy().tolist(), strict=True)
            ]
            table((title, *classes, "images"), rows, caption=f"Images by {title.lower()}")
        else:
            rows_shown = counts.iloc[:MOST_ROWS]
            columns = {name: rows_shown[number].to_list() for number, name in enumerate(classes)}
            images = rows_shown.sum(axis=1).to_list()
            st.dataframe(
                {title: names[:MOST_ROWS], **columns, "images": images},
                hide_index=True,
                key=f"table_{title}",
                height=min(36 * (len(rows_shown) + 1), 420),
                column_config={
                    name: st.column_config.NumberColumn(format="localized")
                    for name in (*columns, "images")
                },
            )
            if len(counts) > MOST_ROWS:
                st.caption(f"First {MOST_ROWS:,} rows; all are in the CSV file.")
