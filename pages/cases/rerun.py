"""Another model on the images of a case, its answers kept beside the first ones."""

from typing import TYPE_CHECKING

import streamlit as st

from core.cases.files import read_kept
from core.cases.records import Case
from core.counts import counted
from core.errors import LobuleError
from core.registry.shelf import shelf
from pages.cases.verdict import seen
from pages.shared.plain import notice, quiet
from pages.shared.who import who

if TYPE_CHECKING:
    from core.cases.store import Store
    from core.registry.package import Package


def ask_rerun(store: "Store", case: Case) -> None:
    """Draw the choice of another model and ask it, if that is wanted."""
    packages = {entry.name: entry.package for entry in shelf() if entry.package}
    used = {
        name
        for name, package in packages.items()
        if all(
            any(answer.model_sha256 == package.model_sha256 for answer in image.answers)
            for image in case.images
        )
    }
    others = [name for name in packages if name not in used]
    st.html("<h3>Another model</h3>")
    if not others:
        quiet("Every model has answered this case.")
        return
    name = st.selectbox(
        "Model",
        others,
        format_func=lambda name: packages[name].card.title,
        key=f"rerun_model-{case.id}",
        help="Same images, same scale; its answers appear beside the first.",
    )
    quiet(packages[name].card.title)  # whole: the box cuts it
    if st.button("Ask this model too", key=f"rerun-{case.id}", width="stretch"):
        _rerun(store, case, packages[name])


def _rerun(store: "Store", case: Case, package: "Package") -> None:
    from core.cases.read import load_case  # noqa: PLC0415 - SQLAlchemy
    from core.cases.save import add_answer  # noqa: PLC0415
    from core.diagnosis import diagnose  # noqa: PLC0415 - the image journey
    from core.diagnosis_record import record  # noqa: PLC0415
    from core.imaging.overlay import encode_png  # noqa: PLC0415

    open_images = [
        image
        for image in case.images
        if all(answer.model_sha256 != package.model_sha256 for answer in image.answers)
    ]
    bar = st.progress(0.0)
    failed = []
    for done, image in enumerate(open_images):
        bar.progress(
            done / len(open_images),
            text=f"Answering {done + 1:,} of {counted(len(open_images), 'image')}",
        )
        try:
            diagnosis = diagnose(
                encode_png(read_kept(store.images, image.sha256)),
                name=image.name,
                package=package,
                um_per_px=image.answers[0].um_per_px,
            )
            add_answer(store, case, image, record(diagnosis, image.name), who())
        except LobuleError as error:
            failed.append(f"Image {image.position}: {error}")
        else:
            seen(case.id, case.version + 1)
            case = load_case(store, case.id)
    bar.empty()
    if failed:
        for reason in failed:
            notice(reason, "error")
    else:
        st.rerun()
