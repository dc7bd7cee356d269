"""What follows from a slide's tiles: areas, hot spots, and the slide's word, and how sure it is."""

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.imaging.tiles import stitch
from core.inference.outcome import (
    OUT_OF_SCOPE,
    UNDECIDED,
    Outcome,
    check_scope,
    give_outcome,
    most_fitting,
)
from core.slides.answering.areas import outside_area, positive_areas, warnings_of
from core.slides.answering.given import Given
from core.slides.answering.network import SlideNetwork
from core.slides.answering.plan import SlidePlan
from core.slides.answering.reading import read_tiles
from core.slides.answering.regions import HotSpot, hot_spots
from core.slides.answering.result import Result
from core.slides.slide import Slide

VERSION = 1
EVEN = 0.5
"""Threshold of a class where the model has no operating point."""
LEAST_FOCUS_MM2 = 1.0
MOST_TURNED = 32
_TURNED_AT_ONCE = 4
SLIDE_RULE = (
    "The slide's probability is the upper quartile of its probability map, as for an image: a "
    "quarter of the tissue is at least this probable. With more than two classes it is the mean "
    "over the tiles, each counting by its share of tissue. A slide is not called negative where a "
    f"connected region with at least {LEAST_FOCUS_MM2:g} mm² of tissue reaches the threshold: then "
    "it is undecided. Nobody has judged this rule on whole slides."
)


@dataclass(frozen=True)
class Spread:
    """How far the model disagrees with itself over flips and turns."""

    views: float
    """Standard deviation of the probability, the mean over the tiles."""
    tiles: int
    """That were turned."""
    engine: str | None = None
    """What ran the model."""


def shown_class(plan: SlidePlan, probabilities: NDArray[np.floating]) -> int:
    """The index of the class that maps show: the positive one, or the slide's own."""
    positive = plan.card.positive_index
    return int(probabilities.argmax()) if positive is None else positive


def sample_of(slide: Slide, plan: SlidePlan, network: SlideNetwork, answers: Given) -> Spread:
    """Turn some tiles, evenly spaced."""
    answered = np.flatnonzero(answers.tiles.used)
    if not len(answered):
        return Spread(0.0, 0, network.engine)
    chosen = answered[
        np.linspace(0, len(answered) - 1, min(MOST_TURNED, len(answered))).astype(int)
    ]
    parts = [read_tiles(slide, plan, chosen[at : at + 1]).pixels for at in range(len(chosen))]
    inputs = np.concatenate(parts)
    shown = shown_class(plan, np.nanmean(answers.tiles.probabilities[answered], axis=0))
    if not len(inputs):
        return Spread(0.0, 0, network.engine)
    # A few at a time: each is turned and flipped into eight.
    pieces = np.array_split(inputs, -(-len(inputs) // _TURNED_AT_ONCE))
    views = [network.spread(piece, shown) for piece in pieces]
    return Spread(
        float(np.average(views, weights=[len(piece) for piece in pieces])),
        len(inputs),
        network.engine,
    )


def summarise(plan: SlidePlan, answers: Given, spread: Spread) -> Result:
    """Put together what is said of a slide, by `SLIDE_RULE`."""
    card, tiles = plan.card, answers.tiles
    if not tiles.used.any():
        return _nothing(plan, answers, spread.engine)
    probabilities = tiles.image_probabilities(card.positive_index)
    predicted = most_fitting(card, probabilities)
    shown = shown_class(plan, probabilities)
    threshold = card.operating_point.threshold if card.operating_point else EVEN
    chances = tiles.probability_map(shown)
    inner = np.flatnonzero(tiles.used)[tiles.mostly_tissue()]
    scope = check_scope(
        scale=plan.scale,
        tissue=float(plan.tissue.mean()),
        most_tissue=float(tiles.tissue[tiles.used].max()),
        distance=_known(answers.distance[inner].astype(np.float64).mean()),
        sharpness=_known(np.median(answers.sharpness[inner])),
        third_direction=plan.third_direction,
    )
    outside = stitch(np.where(tiles.used, answers.outside, np.nan), plan.map_grid)
    step = (
        plan.slide["width"] / plan.map_grid.width,
        plan.slide["height"] / plan.map_grid.height,
    )
    spots = hot_spots(
        chances,
        plan.tissue,
        outside,
        threshold,
        pixel_mm2=plan.map_pixel_mm2,
        step=step,
        tile=plan.map_grid.size,
    )
    outcome = give_outcome(card, card.classes[predicted], probabilities, scope)
    outcome = _heed_focus(outcome, card.classes, shown, spots, threshold)
    members = None
    if answers.members is not None:
        members = [
            float(
                replace(tiles, probabilities=each).image_probabilities(card.positive_index)[shown]
            )
            for each in answers.members
        ]
    summary = {
        **_about(plan, answers, spread.engine),
        "probabilities": [round(float(value), 6) for value in probabilities],
        "predicted": card.classes[predicted],
        "outcome": {"kind": outcome.kind, "name": outcome.name, "reasons": list(outcome.reasons)},
        "prediction_set": outcome.prediction_set and list(outcome.prediction_set),
        "shown_class": card.classes[shown],
        "threshold": threshold,
        "uncertainty": {
            "about": card.classes[shown],
            "views": round(spread.views, 6),
            "tiles": spread.tiles,
            "members": members,
        },
        "positive": positive_areas(plan, chances, shown, threshold),
        "scope": {
            "tested": scope.tested,
            "inside": scope.inside,
            "distance": scope.distance,
            "sharpness": scope.sharpness,
            "tissue": scope.tissue,
            "reasons": list(scope.reasons),
        },
        "out_of_scope": outside_area(plan, outside),
        "hot_spots": [asdict(spot) for spot in spots],
    }
    return Result(summary, chances)


def _about(plan: SlidePlan, answers: Given, engine: str | None) -> dict[str, Any]:
    tiles, across = answers.tiles, plan.step[0]
    return {
        "version": VERSION,
        "slide": plan.slide,
        "model": {
            "name": plan.model,
            "title": plan.card.title,
            "sha256": plan.model_sha256,
            "engine": engine,
        },
        "classes": list(plan.card.classes),
        "um_per_px": plan.um_per_px,
        "scale": plan.scale.message,
        "rule": SLIDE_RULE,
        "tile": {
            "um": plan.grid.size * across * plan.um_per_px,
            "px": plan.grid.size * across,
            "stride_px": plan.grid.stride * across,
        },
        "tiles": {
            "planned": int(plan.used.sum()),
            "answered": int(tiles.used.sum()),
            "unreadable": int(answers.unreadable.sum()),
        },
        "tissue_mm2": plan.tissue_mm2,
        "warnings": warnings_of(plan, answers),
    }


def _heed_focus(
    outcome: Outcome,
    classes: tuple[str, ...],
    shown: int,
    spots: list[HotSpot],
    threshold: float,
) -> Outcome:
    """Leave a slide undecided that would be called negative over a focus."""
    if outcome.kind != "class" or outcome.name == classes[shown] or not spots:
        return outcome
    largest = spots[0].tissue_mm2
    if largest < LEAST_FOCUS_MM2:
        return outcome
    why = (
        f"By most of its tissue the slide is {outcome.name}, but a connected region with "
        f"{largest:.1f} mm² of tissue reaches the threshold of {classes[shown]}, "
        f"{100 * threshold:.1f} %: look at it."
    )
    return Outcome(UNDECIDED, UNDECIDED, (why, *outcome.reasons), outcome.prediction_set)


def _nothing(plan: SlidePlan, answers: Given, engine: str | None) -> Result:
    """Return the summary of a slide of which nothing could be answered."""
    unread = int(answers.unreadable.sum())
    why = (
        f"None of the {unread:,} tiles with tissue could be read: the file is damaged."
        if unread
        else "No tissue was found, only glass: there is nothing to answer on."
    )
    size = plan.map_grid.height, plan.map_grid.width
    threshold = plan.card.operating_point.threshold if plan.card.operating_point else EVEN
    about = plan.card.classes[plan.card.positive_index or 0]
    summary = {
        **_about(plan, answers, engine),
        "probabilities": None,
        "predicted": None,
        "outcome": {"kind": OUT_OF_SCOPE, "name": OUT_OF_SCOPE, "reasons": [why]},
        "prediction_set": None,
        "shown_class": about,
        "threshold": threshold,
        "uncertainty": {"about": about, "views": 0.0, "tiles": 0, "members": None},
        "positive": positive_areas(plan, np.full(size, np.nan, np.float32), 0, threshold),
        "scope": {
            "tested": plan.card.scope is not None,
            "inside": False,
            "distance": None,
            "sharpness": None,
            "tissue": float(plan.tissue.mean()),
            "reasons": [why],
        },
        "out_of_scope": {"mm2": 0.0, "share": 0.0},
        "hot_spots": [],
    }
    return Result(summary, np.full(size, np.nan, np.float32))


def _known(value: np.floating) -> float | None:
    return None if np.isnan(value) else float(value)
