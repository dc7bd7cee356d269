"""What came out of a run, beside earlier ones, and what can be done with it."""

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from core.errors import LobuleError
from core.evaluation.few_patients import MARK, marked, warning
from core.registry.card_words import MEASURES, next_patient, next_patient_in_short
from core.registry.package import Package, load_package
from core.registry.shelf import shelf
from core.settings import get_settings
from pages.runs.deed import do, say_what_went_wrong
from pages.runs.words import LEAKY, RESUMABLE, active, split_words
from pages.shared.hand_over import try_model
from pages.shared.model_card import show_card
from pages.shared.plain import notice, table

if TYPE_CHECKING:
    from core.registry.card_results import CardEvaluation
    from core.training.jobs.state import RunState

MOST_EARLIER = 8


def package_of(state: "RunState") -> Package | str | None:
    """The model of a run, or why it cannot be used; None where there is none."""
    if state.package is None or active(state):  # a resumed run has the one from before yet
        return None
    try:
        written = (state.package / "card.json").stat()
    except OSError:
        return f"The model in {state.package} has no card."
    return _load(state.package, written.st_ino, written.st_mtime_ns)


# Hashing a package takes a while, and the page is drawn at every click.
@st.cache_resource(show_spinner=False, max_entries=500)
def _load(folder: Path, inode: int, written: int) -> Package | str:  # noqa: ARG001 - another file
    try:
        return load_package(folder)
    except LobuleError as error:
        return str(error)


def evaluation_of(state: "RunState") -> "CardEvaluation | None":
    """How a run's model was judged, if it was."""
    package = package_of(state)
    return package.card.evaluation if isinstance(package, Package) else None


def show_result(state: "RunState", others: list["RunState"]) -> None:
    """Say how a run's model did, and how earlier ones on the same data did."""
    package = package_of(state)
    if package is None:
        return
    evaluation = package.card.evaluation if isinstance(package, Package) else None
    how = f"{evaluation.protocol} {MEASURES}" if evaluation else None
    st.subheader("Result", anchor=False, help=how)
    if isinstance(package, str):
        notice(package, "error")
        return
    if evaluation is None:
        notice("This model was not judged on held-out patients.")
        return
    if evaluation.leaky:
        notice(LEAKY)
    if evaluation.few:
        notice(f"{MARK}: {warning(evaluation.patients)}")
    earlier = [run for run in others if _came_before(run, state)]
    comparable = [run for run in earlier if _on_same_data(package_of(run), package)]
    judged = [(run, result) for run in [state, *comparable] if (result := evaluation_of(run))]
    table(
        (
            "Run",
            "Recipe",
            "Split",
            "AUROC is",
            "AUROC",
            "colour alone",
            "Balanced accuracy",
            "Held out",
        ),
        [_row(run, result, this=run is state) for run, result in judged[: MOST_EARLIER + 1]],
        caption="This run beside earlier ones on the same data",
    )
    if in_short := next_patient_in_short(evaluation):
        st.text(in_short, help=" ".join(next_patient(evaluation)))
    if not evaluation.beats_colour:
        notice("Not clearly better than colour alone: it may only know the stain.")
    if len(judged) > 1:
        st.caption("Comparable only with the same split and seed.")


def auroc_words(evaluation: "CardEvaluation") -> str:
    """AUROC with its interval."""
    interval = evaluation.auroc_interval
    ends = f" [{interval[0]:.3f}, {interval[1]:.3f}]" if interval else " [too few patients]"
    return marked(f"{evaluation.auroc:.3f}{ends}", evaluation.patients)


def _came_before(run: "RunState", state: "RunState") -> bool:
    """Whether a run for the same task had ended when this one did."""
    if run.ended is None or state.ended is None:
        return False
    alike = run.request.recipe.task == state.request.recipe.task  # known without its package
    return run.id != state.id and alike and run.ended <= state.ended


def _on_same_data(other: Package | str | None, package: Package) -> bool:
    """Whether two models are of the same images, labels and patients, magnifications included."""
    if not isinstance(other, Package):
        return False
    # Of paths alone nothing follows: a folder's images change, and magnifications are chosen.
    return other.card.training.dataset_fingerprint == package.card.training.dataset_fingerprint


def _row(run: "RunState", evaluation: "CardEvaluation", *, this: bool) -> tuple[object, ...]:
    return (
        f"{run.request.name} (this run)" if this else run.request.name,
        run.request.recipe.name,
        split_words(run),
        evaluation.auroc_is,
        auroc_words(evaluation),
        f"{evaluation.colour_auroc:.3f}",
        marked(f"{evaluation.balanced_accuracy:.3f}", evaluation.patients),
        f"{evaluation.images:,} images of {evaluation.patients:,} patients",
    )


def offer_cancel(state: "RunState") -> None:
    """Draw the button that stops a run, which asks once more."""
    from core.training.jobs import cancel  # noqa: PLC0415 - pandas
    from core.training.jobs.state import TRAINING  # noqa: PLC0415

    if f"stopping-{state.id}" in st.session_state:
        st.button("Stopping …", key="stopping", disabled=True)
        return
    with st.popover("Cancel", key="cancel"):
        if state.state == "waiting":
            st.text("Not begun yet; it can be resumed later.")
        elif state.history and state.stage != TRAINING:
            st.text("It stops before the model is judged. Finished epochs are kept for resuming.")
        elif state.history:
            st.text("The best model so far is kept.")
        else:
            st.text("No epoch is finished: no model yet. It can be resumed.")
        if st.button("Stop this run", key="really_cancel", type="primary"):
            do(state.id, lambda: cancel(state.id), f"stopping-{state.id}")


def offer_the_rest(state: "RunState") -> None:
    """Draw what can be done with a run that has ended: resume, use the model, see its card."""
    from core.training.jobs import resume  # noqa: PLC0415 - pandas

    st.session_state.pop(f"stopping-{state.id}", None)
    package = package_of(state)
    with st.container(horizontal=True, vertical_alignment="center", key="run_actions"):
        if isinstance(package, Package):
            _offer_model(state, package)
            if st.button("Model card", key="run_card"):
                show_card(package.card, package.model_sha256)
        if state.state in RESUMABLE and st.button(
            "Resume",
            key="resume",
            type="secondary" if package else "primary",
            help="From its last finished epoch; joins the end of the queue.",
        ):
            do(state.id, lambda: resume(state.id))
    say_what_went_wrong(state.id)


def _offer_model(state: "RunState", package: Package) -> None:
    place = (state.request.folder or get_settings().own_models) / package.path.name
    entries = [entry for entry in shelf() if entry.package and entry.package.path == place]
    if entries and entries[0].package and entries[0].package.model_sha256 == package.model_sha256:
        st.button(
            "✓ Added",
            key="shelved",
            disabled=True,
            help="Choose it under Model on Diagnose.",
        )
        if st.button("Try it", key="try_model", type="primary", help="On Diagnose, on an image."):
            try_model(entries[0].name)
    elif place.exists():
        with st.popover("Use this model …", key="ask_replace", type="primary"):
            st.text(f"A model named {package.path.name} exists. Replace it?")
            if st.button("Replace it", key="replace", type="primary"):
                _shelve(state, replace=True)
    elif st.button(
        "Use this model",
        key="use_model",
        type="primary",
        help="Adds it to the models on Diagnose.",
    ):
        _shelve(state, replace=False)


def _shelve(state: "RunState", *, replace: bool) -> None:
    from core.training.jobs import shelve  # noqa: PLC0415 - pandas

    do(state.id, lambda: shelve(state.id, replace=replace))
