"""What a model's scope test makes of images that it should not answer."""

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray

from benchmarks.parts.home import Figure, Home
from core.evaluation.bootstrap import DRAWS, MINIMUM_PATIENTS, percentiles
from core.evaluation.calibration import apply_temperature
from core.evaluation.scope_distance import distances, image_distances, left_out_references
from core.explain.one_pass import Explain, Explained, answer_image
from core.imaging.two_stains import third_direction
from core.inference.classifier import Classifier
from core.inference.outcome import check_scope
from core.inference.tile_size import plan_scale


@dataclass(frozen=True)
class Stranger:
    """An image that is not the model's own, as the model sees it."""

    kind: str
    group: str
    """The patient, or the picture itself."""
    features: NDArray[np.float64]
    """(tiles, F)."""
    far: bool
    """Refused for its distance."""
    refused: bool
    """Refused by any of the tests."""


class Look:
    """Sees images as `core.diagnosis` does, without the heatmaps."""

    def __init__(self, classifier: Classifier) -> None:
        self.classifier = classifier
        logits = classifier.model.get_layer("logits")
        self.network = keras.Model(classifier.model.input, [logits.input, logits.output])

    def at(self, kind: str, group: str, pixels: NDArray[np.uint8]) -> Stranger:
        """Look at an image whose file states no scale."""
        seen: list[NDArray[np.float64]] = []
        scale = plan_scale(None, None, self.classifier.card.input, *pixels.shape[:2])
        answer = answer_image(pixels, scale, self.classifier, self._explain(seen), 0)
        checked = check_scope(
            scale=scale,
            tissue=answer.tissue,
            most_tissue=answer.most_tissue,
            distance=answer.distance,
            sharpness=answer.sharpness,
            third_direction=third_direction(pixels),
        )
        far = answer.distance is not None and answer.distance > 1
        return Stranger(kind, group, np.concatenate(seen), far, not checked.inside)

    def _explain(self, seen: list[NDArray[np.float64]]) -> Explain:
        def explain(inputs: NDArray[np.uint8], target: int | None) -> Explained:  # noqa: ARG001
            ready = self.classifier.prepare(inputs)
            features, logits = (np.asarray(part) for part in self.network.predict_on_batch(ready))
            seen.append(features)
            return Explained(
                apply_temperature(logits, self.classifier.card.temperature),
                np.zeros((len(inputs), 1, 1), np.float32),
                self.classifier.distances(features),
                self.classifier.sharpness(ready),
                None,
            )

        return explain


def farther(home: Home, strangers: Sequence[Stranger]) -> NDArray[np.float64]:
    """How often strangers lie farther than a patient's images, (patients, groups of strangers).

    The distance is from the images of patients among whom this one is not. The mean of the table is
    the AUROC in which every patient counts the same, and every group of strangers.
    """
    groups, group = np.unique([stranger.group for stranger in strangers], return_inverse=True)
    people, codes = np.unique(home.patients.astype(str), return_inverse=True)
    shares = np.empty((len(people), len(groups)))
    for own, reference in left_out_references(home.features[0], home.labels, home.patients):
        away = np.array([distances(reference, one.features).mean() for one in strangers])
        for person in np.unique(codes[own]):
            near = image_distances(reference, home.features[0, codes == person])[:, np.newaxis]
            wins = ((away > near) + 0.5 * (away == near)).mean(axis=0)
            shares[person] = np.bincount(group, wins) / np.bincount(group)
    return shares


def mean_of_table(table: NDArray[np.float64]) -> Figure:
    """Mean with an interval over both, patients and strangers, drawn independently."""
    if len(table) < MINIMUM_PATIENTS:
        return float(table.mean()), None
    random = np.random.default_rng(0)
    rows, columns = (
        random.multinomial(number, np.full(number, 1 / number), size=DRAWS) / number
        for number in table.shape
    )
    return float(table.mean()), percentiles(np.einsum("dp,pg,dg->d", rows, table, columns))


def share_of_groups(values: Sequence[bool], groups: Sequence[str]) -> Figure:
    """Mean over the groups of the share of their images, with an interval over the groups."""
    _, codes = np.unique(groups, return_inverse=True)
    shares = np.bincount(codes, np.asarray(values, dtype=np.float64)) / np.bincount(codes)
    return mean_of_table(shares[:, np.newaxis])
