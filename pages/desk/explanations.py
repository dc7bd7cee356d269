"""Other explanations of an answer, beside each other, computed when somebody asks for them."""

from typing import TYPE_CHECKING

import streamlit as st

from core.explain.methods.catalogue import METHODS, MethodName, methods_for
from core.registry.package import Package
from pages.desk.explanation_job import Subject, explain_now, explanation_of
from pages.desk.explanation_panels import show_panels
from pages.shared.jobs import show_progress
from pages.shared.plain import notice, quiet

if TYPE_CHECKING:
    from core.diagnosis import Diagnosis
    from core.explain.pieces import Piece

_SLOW = "Slow: perhaps a minute."


def show_explanations(
    diagnosis: "Diagnosis", package: Package, *, beside_heatmap: bool = True
) -> None:
    """Offer the methods; nothing is computed before the part is opened and they are asked for.

    Parameters
    ----------
    diagnosis, package
        The answer and the model that gave it.
    beside_heatmap
        Whether the heatmap is on show, so that a warning of it has its place here.
    """
    if beside_heatmap:
        _warn_of_heatmap(package)
    part = st.expander("Other explanations", key="explanations", on_change="rerun")
    if not part.open:
        return
    with part:
        _show(diagnosis, package)


def _show(diagnosis: "Diagnosis", package: Package) -> None:
    piece = _choose_piece(diagnosis)
    subject = Subject(
        diagnosis.image.info.sha256,
        diagnosis.model_sha256,
        diagnosis.classes.index(diagnosis.heatmap_class),
        diagnosis.heatmap_layer,
        piece,
    )
    wanted = _choose_methods(package)
    job = explanation_of(subject)
    shown = tuple(name for name in wanted if job and name in job.maps)
    missing = tuple(name for name in wanted if name not in shown)
    if job and job.running:
        show_progress(job, job.visible, "stop_explaining")
    elif missing:

        def start() -> None:
            inputs = piece.inputs(diagnosis.image.pixels, diagnosis.card.input)
            explain_now(package, subject, inputs, missing)

        st.button("Explain", key="explain", type="primary", on_click=start)
    if job and job.error:
        notice(job.error, "error")
    if job and job.stopped and missing:
        quiet("Stopped. Finished maps are shown.")
    if job and shown:
        show_panels(
            diagnosis, piece, {name: job.maps[name] for name in shown}, _failed_tests(package)
        )
    _say_what_was_tested(package)


def _choose_piece(diagnosis: "Diagnosis") -> "Piece":
    """Ask which tile to explain, where the image has several."""
    from core.explain.pieces import pieces_of  # noqa: PLC0415 - OpenCV, not for drawing a page

    pieces = pieces_of(diagnosis.image.pixels, diagnosis.scale, diagnosis.heatmap)
    if len(pieces) == 1:
        return pieces[0]
    quiet(f"Answered in {diagnosis.tiles:,} tiles; one is explained at a time.")
    number = st.selectbox(
        "Tile",
        range(len(pieces)),
        format_func=lambda index: f"{index + 1}, the warmest" if index == 0 else f"{index + 1}",
        key=f"piece-{diagnosis.image.info.sha256[:12]}-{diagnosis.heatmap_class}",
        width=180,
        help="Warmest first. Do not compare maps of different tiles: each has its own range.",
    )
    return pieces[number or 0]


def _choose_methods(package: Package) -> tuple[MethodName, ...]:
    failed, misplaced = _failed_tests(package), _misplaced(package)
    chosen: list[MethodName] = []
    with st.container(horizontal=True, gap="medium"):
        for name, words in methods_for(package).items():
            label = f"{words.title} ⚠" if name in failed | misplaced else words.title
            place = f"⚠ It is {misplaced[name]}" if name in misplaced else ""
            tooltip = f"{words.tooltip} {_SLOW if words.slow else ''}"
            if st.checkbox(
                label,
                value=not words.slow,
                key=f"method-{name}",
                help="\n\n".join(filter(None, (tooltip.strip(), failed.get(name), place))),
                width="content",
            ):
                chosen.append(name)
    return tuple(chosen)


def _failed_tests(package: Package) -> dict[str, str]:
    """Why each method that failed on this model, or on a member of an ensemble, is marked."""
    marks: dict[str, str] = {}
    for member in package.members or (package,):
        test = member.card.explanations
        for check in test.methods if test else ():
            if test and check.unchanged:
                whose = f" of its member {member.card.name}" if package.members else ""
                marks[check.method] = (
                    "⚠ On this model it shows the image rather than what was learnt: with "
                    f"all weights{whose} randomised, its maps hardly changed (rank "
                    f"correlation {check.correlation:.2f}, mean of {test.images} images; "
                    f"unchanged from {test.threshold:g}). Adebayo et al. 2018."
                )
    return marks


def _misplaced(package: Package) -> dict[str, str]:
    """What each method is that does worse than chance at finding tumour, in words."""
    marks: dict[str, str] = {}
    for member in package.members or (package,):
        located = member.card.located
        for each in located.misleading if located else ():
            marks[each.method] = (
                "no guide to where the tumour is: within tiles that are part tumour it is "
                f"worse than chance (mean AUROC {each.auroc:.2f})."
            )
    return marks


def _warn_of_heatmap(package: Package) -> None:
    """Warn under the heatmap where Grad-CAM itself did not pass."""
    if mark := _misplaced(package).get("gradcam"):
        notice(f"The heatmap above is {mark}")
    if "gradcam" in _failed_tests(package):
        notice(
            f"The heatmap above failed its test on this model: {METHODS['gradcam'].title} "
            "hardly changed with all weights randomised. It does not explain the answer."
        )


def _say_what_was_tested(package: Package) -> None:
    """Say on what the methods were tested, or that they were not."""
    tests = [member.card.explanations for member in package.members or (package,)]
    if any(test is None for test in tests):
        names = ", ".join(
            member.card.name
            for member in package.members or (package,)
            if member.card.explanations is None
        )
        quiet(
            "Not tested whether these maps show what the model learnt: python -m core explain "
            f"check {names}"
        )
        return
    marks = _failed_tests(package)
    failed = " and ".join(words.title for name, words in METHODS.items() if name in marks)
    passed = f"Every method but {failed} passed" if marks else "Every method passed"
    images = max((test.images for test in tests if test), default=0)
    st.caption(
        f"{passed} the randomisation test on this model ({images} images).",
        help="With all weights randomised, a map of what was learnt must change (Adebayo et al. "
        "2018).",
    )
