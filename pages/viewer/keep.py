"""The way from an answered slide into the worklist: a case of its overview and of regions."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from pages.shared.jobs import Job, Jobs, show_progress
from pages.shared.plain import as_html, notice
from pages.shared.who import ask_who, who
from pages.viewer.opening import SlideView

if TYPE_CHECKING:
    from core.cases.records import Actor
    from core.slides.parts import Place
    from core.slides.worklist.save import Box

WORKLIST = "pages/worklist.py"
MOST_KEPT = 20
_SAVE = "Save as case"
_HELP = (
    "Keeps a picture of the whole slide and its regions with their answers, to be judged in the "
    "worklist. Neither the slide's name nor its label is kept."
)
_REGIONS = "slides_regions"


@dataclass(eq=False)
class SavingJob(Job):
    """One slide on its way into the worklist."""

    deed = "save this slide as a case"

    answer: str
    actor: "Actor"
    patient: str
    regions: "list[Box] | None"
    case_id: str | None = None

    def work(self) -> None:
        """Answer the regions and keep all of it."""
        self.report("Overview")
        from core.cases.store import open_store  # noqa: PLC0415 - SQLAlchemy
        from core.slides.worklist.save import save_slide  # noqa: PLC0415

        self.case_id = save_slide(
            open_store(),
            self.answer,
            self.actor,
            patient=self.patient,
            regions=self.regions,
            progress=lambda share, words: self.report(words, share),
        )


@st.cache_resource(show_spinner=False)
def _jobs() -> "Jobs[str, SavingJob]":
    return Jobs(MOST_KEPT)


def offer_region(view: SlideView, polygon: "tuple[Place, ...]") -> None:
    """Draw the button by which a part of a slide is to be in its case."""
    regions = _regions(view)
    in_case = polygon in regions
    st.button(
        "In the case" if in_case else "Keep for the case",
        key="slides_region",
        icon=":material/check:" if in_case else None,
        on_click=_change,
        args=(view, polygon),
        help="The case then has the regions that you keep, in place of the hot spots.",
    )


def offer_case(view: SlideView, answer: str, pane: int) -> None:
    """Draw the button that saves an answered slide, or the way to the case."""
    job = _jobs().get(answer)
    if job is not None and job.running:
        show_progress(job, job.visible, key=f"slides_save_stop_{pane}")
        return
    if job is not None and job.error:
        notice(job.error, "error")
    if job is not None and job.case_id:
        st.html(f'<p class="lobule-quiet">Saved as case <b>{as_html(job.case_id)}</b></p>')
        if st.button("Open in the worklist", key=f"slides_open_{pane}"):
            st.switch_page(WORKLIST, query_params={"case": job.case_id})
        return
    if st.button(_SAVE, key=f"slides_save_{pane}", help=_HELP):
        _ask_and_save(answer, list(_regions(view)))


@st.dialog(_SAVE)
def _ask_and_save(answer: str, polygons: "list[tuple[Place, ...]]") -> None:
    several = "1 region" if len(polygons) == 1 else f"{len(polygons):,} regions"
    st.text(f"The overview and {several if polygons else 'the largest hot spots'}.")
    patient = st.text_input(
        "Patient's pseudonym",
        key="slides_patient",
        placeholder="none",
        max_chars=100,
        help="The same for all cases of one patient. Not a real name.",
    )
    ask_who("slides_user")
    if st.button("Save", type="primary", key="slides_save_now", width="stretch"):
        regions = [_box(polygon) for polygon in polygons] or None
        actor = who()
        _jobs().start(answer, lambda: SavingJob(answer, actor, patient, regions), anew=True)
        st.rerun()


def _box(polygon: "tuple[Place, ...]") -> "Box":
    left, top = (min(corner[axis] for corner in polygon) for axis in (0, 1))
    right, bottom = (max(corner[axis] for corner in polygon) for axis in (0, 1))
    return left, top, right - left, bottom - top


def _regions(view: SlideView) -> "list[tuple[Place, ...]]":
    """The parts of a slide that are to be in its case."""
    by_slide: dict[str, list[tuple[Place, ...]]] = st.session_state.setdefault(_REGIONS, {})
    return by_slide.setdefault(view.info.fingerprint, [])


def _change(view: SlideView, polygon: "tuple[Place, ...]") -> None:
    regions = _regions(view)
    if polygon in regions:
        regions.remove(polygon)
    else:
        regions.append(polygon)
