"""What came out of a run: how its model did on held-out patients, beside earlier ones."""

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from core.errors import LobuleError
from core.registry.package import Package, load_package
from pages.runs.words import LEAKY, active, split_words
from pages.shared.plain import notice, table

if TYPE_CHECKING:
    from core.registry.card_results import Evaluation
    from core.training.jobs.state import RunState

MOST_EARLIER = 8
_JUDGED_HELP = (
    "AUROC: how often an image of the positive class ranks above one of the other, in patients "
    "that training has never seen; 0.5 is guessing. Brackets: 95 % interval by bootstrap over "
    "patients. Colour alone: the same task answered from the colours of the image, without any "
    "network; a model should beat it."
)


def package_of(state: "RunState") -> Package | str | None:
    """The model of a run, or why it cannot be used; None where there is none."""
    if state.package is None or active(state):  # a resumed run has the one from before yet
        return None
    try:
        written = (state.package / "card.json").stat()
    except OSError:
        return f"The model in {state.package} has lost its card."
    return _load(state.package, written.st_ino, written.st_mtime_ns)


# Hashing a package takes a while, and the page is drawn at every click.
@st.cache_resource(show_spinner=False, max_entries=500)
def _load(folder: Path, inode: int, written: int) -> Package | str:  # noqa: ARG001 - another file
    try:
        return load_package(folder)
    except LobuleError as error:
        return str(error)


def evaluation_of(state: "RunState") -> "Evaluation | None":
    """How a run's model was judged, if it was."""
    package = package_of(state)
    return package.card.evaluation if isinstance(package, Package) else None


def show_result(state: "RunState", others: list["RunState"]) -> None:
    """Say how a run's model did, and how earlier ones on the same data did."""
    package = package_of(state)
    if package is None:
        return
    st.html("<h3>Result</h3>")
    if isinstance(package, str):
        notice(package, "error")
        return
    evaluation = package.card.evaluation
    if evaluation is None:
        notice("This model could not be judged on patients held out of its training.")
        return
    if evaluation.leaky:
        notice(LEAKY)
    earlier = [run for run in others if _came_before(run, state)]
    own = [run for run in earlier if _on_same_data(package_of(run), package)]
    shown = [(run, found) for run in [state, *own] if (found := evaluation_of(run))]
    st.text(f"{evaluation.protocol}", help=_JUDGED_HELP)
    table(
        ("Run", "Recipe", "Split", "AUROC", "colour alone", "Balanced accuracy", "Held out"),
        [_row(run, found, this=run is state) for run, found in shown[: MOST_EARLIER + 1]],
        caption="This run beside earlier ones on the same data",
    )
    if not evaluation.beats_colour:
        notice("This model does not clearly beat colour alone: it may only have learnt the stain.")
    if len(shown) > 1:
        st.caption(
            "Runs that were split alike, with one seed, are judged on the same patients; others "
            "are not, and differ by that too."
        )
    else:
        st.caption("No earlier run on this dataset has a model to stand beside it.")


def auroc_words(evaluation: "Evaluation") -> str:
    """AUROC with its interval."""
    interval = evaluation.auroc_interval
    ends = f" [{interval[0]:.3f}, {interval[1]:.3f}]" if interval else " [too few patients]"
    return f"{evaluation.auroc:.3f}{ends}"


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


def _row(run: "RunState", found: "Evaluation", *, this: bool) -> tuple[object, ...]:
    return (
        f"{run.request.name} (this run)" if this else run.request.name,
        run.request.recipe.name,
        split_words(run),
        auroc_words(found),
        f"{found.colour_auroc:.3f}",
        f"{found.balanced_accuracy:.3f}",
        f"{found.images:,} images of {found.patients:,} patients",
    )
