"""The answer of a slide as that of its overview, so that cases of slides are as those of images."""

from typing import Any

import cv2
import numpy as np

from core.diagnosis import Diagnosis
from core.errors import SlideError
from core.imaging.read import Image, ImageInfo
from core.inference.outcome import Outcome, ScopeCheck, Uncertainty
from core.slides.answering.load import SlideAnswer
from core.slides.piecewise import whole_slide
from core.slides.slide import Slide

LONGEST = 2048
"""Longer side of an overview, px."""
_LONGEST_MAP = 1024
LAYER = "probability map"
"""Stands for the layer of a heatmap: an overview's heatmap is its map of probabilities."""


def overview_of(answer: SlideAnswer, slide: Slide) -> Diagnosis:
    """Return a slide's answer with a picture of the whole slide, without its label.

    Raises
    ------
    SlideError
        If the answer is not finished, nothing could be answered, or nothing of the slide be read.
    """
    summary = answer.summary
    if summary is None or summary["probabilities"] is None:
        raise SlideError(
            f"The answer {answer.id} says nothing of the slide that could be kept. Resume it, or "
            "ask for a new one."
        )
    whole = whole_slide(slide, LONGEST)
    pixels = whole.pixels
    height, width = pixels.shape[:2]
    scale = answer.um_per_px * slide.info.width / width
    notes = [f"an overview of a slide of {slide.info.width:,}×{slide.info.height:,} px"]
    notes += [whole.words] if whole.words else []
    info = ImageInfo(
        slide.info.format, "RGB", 8, width, height, scale, slide.info.fingerprint, tuple(notes)
    )
    card = answer.plan.card
    chances = _smaller(answer)
    unsure = summary["uncertainty"]
    members = unsure["members"]
    seconds = float(summary["seconds"])
    return Diagnosis(
        name=slide.info.name,
        image=Image(pixels, info),
        card=card,
        model_sha256=answer.plan.model_sha256,
        classes=answer.classes,
        probabilities=np.array(summary["probabilities"], np.float32),
        predicted=summary["predicted"],
        outcome=_outcome(summary),
        scope=_scope(summary),
        uncertainty=Uncertainty(
            unsure["about"], unsure["views"], unsure["tiles"], members and tuple(members)
        ),
        operating_point=card.operating_point,
        um_per_px=scale,
        scale=answer.plan.scale,
        tiles=summary["tiles"]["answered"],
        probability_map=chances,
        positive_share=summary["positive"]["share"] if card.operating_point else None,
        heatmap=chances,
        heatmap_class=summary["shown_class"],
        heatmap_layer=LAYER,
        chosen=None,
        engine=summary["model"].get("engine"),
        warnings=(summary["rule"], *summary["warnings"]),
        timings={"answer": seconds, "total": seconds},
        seconds=seconds,
    )


def _smaller(answer: SlideAnswer) -> np.ndarray:
    height, width = answer.map.shape
    share = min(1.0, _LONGEST_MAP / max(height, width))
    size = max(1, round(width * share)), max(1, round(height * share))
    smaller: np.ndarray = cv2.resize(answer.map, size, interpolation=cv2.INTER_NEAREST)
    return smaller


def _outcome(summary: dict[str, Any]) -> Outcome:
    outcome, chosen = summary["outcome"], summary["prediction_set"]
    return Outcome(
        outcome["kind"],
        outcome["name"],
        tuple(outcome["reasons"]),
        None if chosen is None else tuple(chosen),
    )


def _scope(summary: dict[str, Any]) -> ScopeCheck:
    scope = summary["scope"]
    return ScopeCheck(
        scope["tested"],
        scope["distance"],
        scope["sharpness"],
        scope["tissue"],
        tuple(scope["reasons"]),
    )
