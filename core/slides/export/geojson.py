"""An answer as GeoJSON that QuPath imports: outlines as annotations, tiles as detections.

The format is that of QuPath 0.4 and later (`qupath.lib.io.QuPathTypeAdapters`): a
FeatureCollection; each feature has a UUID and the properties `objectType`, `name`,
`classification`, `measurements` and `metadata`. Coordinates are pixels of the finest level.
"""

import json
import uuid
from typing import Any

import numpy as np

from core.slides.answering.load import SlideAnswer
from core.slides.export.regions import OutlinedRegion, regions_of

# Of Okabe and Ito's colours, which people with colour-vision deficiencies tell apart.
_REACHED, _BELOW = (213, 94, 0), (0, 114, 178)
_DECIMALS = 2


def geojson(answer: SlideAnswer) -> bytes:
    """Return the regions at or above the threshold and all answered tiles, in UTF-8."""
    regions = regions_of(answer)
    features = [_annotation(answer, region, at) for at, region in enumerate(regions, start=1)]
    features += _detections(answer)
    collection = {"type": "FeatureCollection", "features": features}
    return json.dumps(collection, allow_nan=False, ensure_ascii=False).encode()


def _annotation(answer: SlideAnswer, region: OutlinedRegion, number: int) -> dict[str, Any]:
    shown = answer.classes[answer.shown]
    rings = [region.exterior, *region.holes]
    properties = {
        "objectType": "annotation",
        "name": f"{shown} {number}",
        "classification": {"name": shown, "color": list(_REACHED)},
        "measurements": {
            f"Probability of {shown}, mean": round(region.mean, 6),
            f"Probability of {shown}, highest": round(region.highest, 6),
            "Area mm^2": region.area_mm2,
            "Tissue mm^2": region.tissue_mm2,
            "Out of scope, share": round(region.out_of_scope, 6),
        },
        "metadata": {
            "model": answer.plan.model,
            "model_sha256": answer.plan.model_sha256,
            "threshold": f"{answer.threshold:.6f}",
            "slide": answer.plan.slide["fingerprint"],
            "use": "research only",
        },
    }
    coordinates = [np.round(ring, _DECIMALS).tolist() for ring in rings]
    return _feature(answer, f"region/{number}", coordinates, properties)


def _detections(answer: SlideAnswer) -> list[dict[str, Any]]:
    width, height = answer.plan.slide["width"], answer.plan.slide["height"]
    answers, shown = answer.given, answer.shown
    other = "below threshold" if len(answer.classes) > 2 else answer.classes[1 - shown]  # noqa: PLR2004 - two have one other
    boxes, features = answer.boxes, []
    outside = answers.outside
    for at in np.flatnonzero(answers.tiles.used).tolist():
        x, y, side, tall = boxes[at]
        right, bottom = min(x + side, width), min(y + tall, height)
        ring = [[x, y], [right, y], [right, bottom], [x, bottom], [x, y]]
        chances = answers.tiles.probabilities[at]
        reached = bool(chances[shown] >= answer.threshold)
        measurements = {
            f"Probability of {name}": round(float(chance), 6)
            for name, chance in zip(answer.classes, chances, strict=True)
        }
        measurements["Tissue, share"] = round(float(answers.tiles.tissue[at]), 6)
        for name, value in (
            ("Distance from training", answers.distance[at]),
            ("Sharpness", answers.sharpness[at]),
        ):
            if not np.isnan(value):
                measurements[name] = round(float(value), 6)
        measurements["Out of scope"] = float(outside[at])
        properties = {
            "objectType": "detection",
            "classification": {
                "name": answer.classes[shown] if reached else other,
                "color": list(_REACHED if reached else _BELOW),
            },
            "measurements": measurements,
        }
        coordinates = [np.round(ring, _DECIMALS).tolist()]
        features.append(_feature(answer, f"tile/{at}", coordinates, properties))
    return features


def _feature(
    answer: SlideAnswer, name: str, coordinates: list[Any], properties: dict[str, Any]
) -> dict[str, Any]:
    """Return a feature; the same part of the same answer has the same UUID each time."""
    return {
        "type": "Feature",
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"lobule:{answer.id}/{name}")),
        "geometry": {"type": "Polygon", "coordinates": coordinates},
        "properties": properties,
    }
