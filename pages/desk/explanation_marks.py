"""Which explanations did not pass the randomisation test on a model, in words."""

import streamlit as st

from core.explain.methods.catalogue import METHODS
from core.registry.package import Package
from pages.shared.plain import notice, quiet


def marks_of(package: Package) -> dict[str, str]:
    """Why each method that failed on this model, or on a member of an ensemble, is marked."""
    marks: dict[str, str] = {}
    for one in package.members or (package,):
        test = one.card.explanations
        for check in test.methods if test else ():
            if test and check.unchanged:
                whose = f" of its member {one.card.name}" if package.members else ""
                marks[check.method] = (
                    f"⚠ On this model it shows the picture rather than what was learnt: when all "
                    f"weights{whose} were drawn anew, its maps stayed much the same (rank "
                    f"correlation {check.correlation:.2f}, mean of {test.images} images; from "
                    f"{test.threshold:g} on it counts as unchanged). Adebayo et al. 2018."
                )
    return marks


def tell_of_heatmap(package: Package) -> None:
    """Warn under the heatmap where Grad-CAM itself did not pass."""
    if "gradcam" in marks_of(package):
        notice(
            f"The heatmap above did not pass its test on this model: {METHODS['gradcam'].title} "
            "drew much the same when everything that the model had learnt was removed. Do not "
            "read it as a reason for the answer."
        )


def tell_of_test(package: Package) -> None:
    """Say on what the methods were tested, or that they were not."""
    tests = [one.card.explanations for one in package.members or (package,)]
    if any(test is None for test in tests):
        names = ", ".join(
            one.card.name for one in package.members or (package,) if one.card.explanations is None
        )
        quiet(
            "Whether these maps show what the model learnt was not tested on it: "
            f"python -m core explain check {names}"
        )
        return
    marks = marks_of(package)
    passed = "Every method passed" if not marks else "Methods with ⚠ failed"
    images = max((test.images for test in tests if test), default=0)
    st.caption(
        f"{passed} the randomisation test on this model ({images} images).",
        help="The model's weights are drawn anew; a map that is about what it learnt must change "
        "(Adebayo et al. 2018). Passing shows that a map depends on the training, not that it is "
        "right.",
    )
