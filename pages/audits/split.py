"""The leak meter: split by patient and by image compared on this very dataset."""

from typing import TYPE_CHECKING

import streamlit as st

from core.errors import DatasetError
from core.plots.intervals import Series, with_intervals
from pages.shared.account import tell
from pages.shared.marks import NEGATIVE, POSITIVE
from pages.shared.plain import as_html, notice, table

if TYPE_CHECKING:
    from core.datasets.leak import LeakReport
    from core.datasets.records import Dataset
    from core.datasets.split import Split, SplitKind
    from pages.audits.job import AuditJob

MOST_SPLITS = 40
TITLES = {"patient": "Split by patient", "image": "Split by image (leaky)"}


def show_split(job: "AuditJob", dataset: "Dataset") -> None:
    """Draw both splits of one seed side by side, then what such a leak is worth."""
    seed = int(st.columns([1, 4])[0].number_input("Seed", 0, 9999, 0, key="split_seed"))
    if job.alike is None:
        st.text("Near duplicates count once the audit is done.")
    kinds: tuple[SplitKind, ...] = ("patient", "image")
    with st.container(key="beside-splits"):
        columns = st.columns(2, gap="large")
    for column, kind in zip(columns, kinds, strict=True):
        with column:
            st.html(f"<h3>{TITLES[kind]}</h3>")
            _show_one(job, dataset, kind, seed)
    _show_figure()


def _show_one(job: "AuditJob", dataset: "Dataset", kind: "SplitKind", seed: int) -> None:
    try:
        split, report = _measured(job, dataset, kind, seed)
    except DatasetError as error:
        notice(str(error), "warning")
        return
    mark = POSITIVE if report.leaked else NEGATIVE
    width = f"{100 * report.share:.1f}"
    st.html(
        f'<div class="lobule-answer" style="--mark: {mark.colour}"><span>Test images that leak'
        f"</span><output>{width} %</output></div>"
        f'<div class="lobule-bar lobule-leak" role="img" aria-label="{width} % of the test images '
        f'leak" style="--mark: {mark.colour}"><div class="lobule-fill" style="width: {width}%">'
        f"</div></div><p>{as_html(report.sentence)}</p>"
    )
    labels = dataset.records["label"].to_numpy()
    patients = dataset.records["patient"]
    rows = [
        (
            part,
            f"{len(chosen):,}",
            f"{patients.iloc[chosen].nunique():,}" if dataset.patients_known else "unknown",
            *(f"{(labels[chosen] == label).mean():.0%}" for label in range(len(dataset.classes))),
        )
        for part, chosen in split.parts().items()
    ]
    table(("Part", "Images", "Patients", *dataset.classes), rows, caption=f"Parts: {TITLES[kind]}")


def _measured(
    job: "AuditJob", dataset: "Dataset", kind: "SplitKind", seed: int
) -> "tuple[Split, LeakReport]":
    """The split and its leak, kept with the dataset: the search for a split takes its time."""
    from core.datasets.leak import leak_meter  # noqa: PLC0415 - pandas
    from core.datasets.split import split_dataset  # noqa: PLC0415

    if (kind, seed) not in job.splits:
        if len(job.splits) >= MOST_SPLITS:
            job.splits.clear()
        with st.spinner("Looking for a split …"):
            job.splits[kind, seed] = split_dataset(dataset, kind, seed)
    split = job.splits[kind, seed]
    return split, leak_meter(split, dataset, job.alike)


def _show_figure() -> None:
    from core.datasets.leak import leak_figure  # noqa: PLC0415

    measured = leak_figure()
    names = list(dict.fromkeys(row.model for row in measured.rows))
    series = []
    for kind, colour, symbol in (
        ("image", POSITIVE.colour, "triangle-up"),
        ("patient", NEGATIVE.colour, "circle"),
    ):
        rows = [row for row in measured.rows if row.split == kind]
        title = f"split by {kind}, {rows[0].seen:.0%} of tested images leak"
        values, intervals = [row.auroc for row in rows], [row.interval for row in rows]
        series.append(Series(title, colour, symbol, values, intervals))
    st.html(
        f"<h3>What a leak is worth, {measured.images:,} images of {measured.patients} patients</h3>"
    )
    tell(
        "What a leak is worth",
        f"the same models on {measured.images:,} images of {measured.patients} patients "
        f"({measured.dataset}); only the split differs. AUROC of {measured.folds} folds, mean "
        f"of {measured.seeds} seeds, with 95 % intervals; 0.5 is guessing.",
    )
    st.plotly_chart(
        with_intervals(names, series, "AUROC, benign against malignant"),
        key="leak_figure",
        config={"displayModeBar": False},
        alt="AUROC with its interval for each model, split by image and split by patient.",
    )
