"""A slide's answer as a case: the overview first, then regions, each with an answer of its own."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from core.cases.records import Actor, NewAnswer, NewImage
from core.cases.save import save_case
from core.cases.store import Store
from core.diagnosis import diagnose
from core.diagnosis_record import record
from core.errors import SlideError
from core.imaging.overlay import encode_png
from core.registry.shelf import find
from core.slides.answering.folder import find_answer
from core.slides.answering.load import SlideAnswer, load_answer
from core.slides.slide import Slide, open_slide
from core.slides.worklist.overview import overview_of

Box = tuple[float, float, float, float]
"""x, y, width and height in pixels of the slide's finest level."""
Progress = Callable[[float, str], None]
FINEST = 1.0
"""Regions are kept at this scale, µm/px, or at that of a coarser slide."""
SIDE_UM = 1000.0
"""Of the regions that are kept unless others are asked for: squares round the hot spots."""
MOST_SPOTS = 5
LARGEST_UM = 8000.0
KEPT_AS = "slide"
"""Key under which the content of an answer says which slide it is of, and which part of it."""


def save_slide(
    store: Store,
    answer: str,
    actor: Actor,
    *,
    patient: str = "",
    regions: Sequence[Box] | None = None,
    progress: Progress | None = None,
) -> str:
    """Keep a slide's answer as a case; verdicts and the trail are those of other cases.

    Neither the slide's name nor its label is kept. Each region is answered by the model that
    answered the slide, as an image.

    Parameters
    ----------
    store, answer, actor
        Where to, the id of a finished answer, and who keeps it.
    patient
        A pseudonym that the cases of one patient share.
    regions
        To be judged each by itself; None takes squares round the hot spots.
    progress
        Told the share that is done, and what is being done.

    Returns
    -------
    str
        The id of the case.

    Raises
    ------
    LobuleError
        If the answer is not finished, the slide or the model is gone, a region is none, or the case
        cannot be kept.
    """
    loaded = load_answer(answer)
    if loaded is None:
        raise SlideError(f"The answer {answer} is not finished. Resume it, then keep it.")
    if find(loaded.plan.model).model_sha256 != loaded.plan.model_sha256:
        raise SlideError(
            f"The model {loaded.plan.model!r} is another one than when the slide was answered. "
            "Have the slide answered anew, then keep it."
        )
    with open_slide(find_answer(answer).read_request().slide) as slide:
        if slide.info.fingerprint != loaded.plan.slide["fingerprint"]:
            raise SlideError("The slide's file was replaced since it was answered. Answer it anew.")
        boxes = hot_boxes(loaded) if regions is None else [_checked(box, loaded) for box in regions]
        images = _images(loaded, slide, boxes, progress or (lambda _share, _words: None))
        return save_case(store, images, actor, patient=patient)


def hot_boxes(answer: SlideAnswer) -> list[Box]:
    """Return squares round the hot spots with most tissue, within the slide where it is larger."""
    spots = (answer.summary or {"hot_spots": []})["hot_spots"][:MOST_SPOTS]
    side, slide = SIDE_UM / answer.um_per_px, answer.plan.slide

    def start(middle: float, length: int) -> float:
        return min(max(middle - side / 2, 0.0), max(length - side, 0.0))

    starts = [
        (start(each["x"], slide["width"]), start(each["y"], slide["height"])) for each in spots
    ]
    return [(x, y, side, side) for x, y in dict.fromkeys(starts)]


def _images(
    answer: SlideAnswer, slide: Slide, boxes: Sequence[Box], progress: Progress
) -> Iterator[NewImage]:
    progress(0.0, "Overview")
    whole = overview_of(answer, slide)
    name = "Slide, overview"
    image_answer = _of_slide(record(whole, name), answer, None)
    yield NewImage(name, whole.image.pixels, image_answer, overview=True)
    package = find(answer.plan.model)
    for number, box in enumerate(boxes, start=1):
        progress(number / (len(boxes) + 1), f"Region {number:,} of {len(boxes):,}")
        x, y, width, height = box
        scale = max(answer.um_per_px, FINEST)
        share = answer.um_per_px / scale
        size = max(1, round(width * share)), max(1, round(height * share))
        pixels = slide.read(x, y, width, height, size)
        name = f"Region {number} at {x:.0f}, {y:.0f}"
        diagnosis = diagnose(encode_png(pixels), name=name, package=package, um_per_px=scale)
        yield NewImage(name, pixels, _of_slide(record(diagnosis, name), answer, box))


def _of_slide(image_answer: NewAnswer, answer: SlideAnswer, box: Box | None) -> NewAnswer:
    """Add which slide it is of."""
    about: dict[str, Any] = {
        "fingerprint": answer.plan.slide["fingerprint"],
        "answer": answer.id,
        "um_per_px": answer.um_per_px,
        "region": None if box is None else [round(float(value), 2) for value in box],
    }
    return replace(image_answer, content=image_answer.content | {KEPT_AS: about})


def _checked(box: Box, answer: SlideAnswer) -> Box:
    x, y, width, height = box
    slide = answer.plan.slide
    largest = LARGEST_UM / answer.um_per_px
    inside = x < slide["width"] and y < slide["height"] and x + width > 0 and y + height > 0
    if not inside or min(width, height) < 1 or max(width, height) > largest:
        raise SlideError(
            f"The region at {x:.0f}, {y:.0f} of {width:.0f}×{height:.0f} px is none that can be "
            f"kept: its sides must be up to {LARGEST_UM / 1000:g} mm, and part of it must lie on "
            "the slide."
        )
    return box
