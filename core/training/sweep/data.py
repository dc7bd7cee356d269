"""The dataset of a sweep: opened once, dealt into folds, and handed to every candidate alike."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.architectures.pretrained import weights_file
from core.cluster import Files
from core.datasets.cache import Cached, pixel_cache
from core.datasets.records import Dataset
from core.errors import TrainingError
from core.evaluation.colour_alone import FOLDS
from core.evaluation.folds import require_learnable
from core.settings import get_settings
from core.training.judging.folds import FEWEST_PATIENTS, folds_of_fit
from core.training.request.data import chosen_dataset
from core.training.request.input_spec import frame
from core.training.request.recipe import Recipe
from core.training.request.request import Request
from core.training.sweep.answers import SweepMaterial
from core.training.sweep.sweep_file import Sweep, SweepCandidate
from core.training.sweep.teller import Teller


@dataclass(frozen=True)
class SweepData:
    """The dataset as all candidates are tried on it, and the deals of its patients."""

    dataset: Dataset
    deals: NDArray[np.int64]
    cached: dict[tuple[object, ...], Cached]
    whole: Dataset
    files: dict[tuple[object, ...] | str, Files] = field(default_factory=dict)
    materials: dict[tuple[object, ...], SweepMaterial] = field(default_factory=dict)

    def material(self, recipe: Recipe, at: int) -> tuple[SweepMaterial, dict[str, Files]]:
        """What a recipe is tried on in one of the deals; for all such recipes the very same."""
        key = _pixels_of(recipe, self.whole)
        cached = self.cached[key]
        if key not in self.files:
            self.files[key] = Files(cached.file.parent, (cached.file.name,))
        if (key, at) not in self.materials:
            records = self.dataset.records
            self.materials[key, at] = SweepMaterial(
                file=cached.file.name,
                labels=records["label"].to_numpy(),
                patients=records["patient"].to_numpy(dtype=object),
                folds=self.deals[at],
                classes=len(self.dataset.classes),
                crops=cached.crops,
            )
        return self.materials[key, at], {"pixels": self.files[key]}

    def weights(self, recipe: Recipe) -> dict[str, Files]:
        """ImageNet weights that lie in a folder of this machine; else each machine asks Keras."""
        file = weights_file(recipe.architecture) if recipe.weights == "imagenet" else None
        if file is None:
            return {}
        return {"weights": self.files.setdefault(file.name, Files(file.parent, (file.name,)))}


def open_data(sweep: Sweep, candidates: Sequence[SweepCandidate], teller: Teller) -> SweepData:
    """Open what a sweep is tried on.

    Raises
    ------
    LobuleError
        If the data cannot be used, there are too few patients, or the candidates tell different
        classes apart.
    """
    tasks = sorted({each.recipe.task for each in candidates})
    if len(tasks) > 1:
        raise TrainingError(
            f"The candidates tell different classes apart ({', '.join(tasks)}), so that none is "
            "better than another. Give all the same `task`."
        )
    dataset = _dataset(sweep, candidates[0].recipe)
    teller.dataset(dataset.fingerprint)
    people = dataset.records["patient"].nunique()
    if not dataset.patients_known or people < FEWEST_PATIENTS:
        known = f"{people} patients" if dataset.patients_known else "unknown patients"
        raise TrainingError(
            f"A sweep chooses on patients and judges on others, and needs {FEWEST_PATIENTS} of "
            f"them; {dataset.name} has {known}. Add patients, or state `patient_pattern`."
        )
    deals = [_deal(dataset, candidates[0].recipe, seed) for seed in sweep.seeds]
    cached: dict[tuple[object, ...], Cached] = {}
    for recipe in [*(candidate.recipe for candidate in candidates), for_colour(candidates)]:
        key = _pixels_of(recipe, dataset)
        if key not in cached:
            size, stain, crops = key
            cached[key] = pixel_cache(
                *(dataset, size, get_settings().cache),
                lambda done: teller.stage("Reading images", done),
                *(stain, crops),
            )
    first, *others = cached.values()
    if any(not np.array_equal(first.rows, other.rows) for other in others):
        raise TrainingError(
            f"Files of {dataset.name} went away while they were read. Leave the folder unchanged, "
            "and resume."
        )
    return SweepData(first.dataset, np.stack(deals)[:, first.rows], cached, dataset)


def for_colour(candidates: Sequence[SweepCandidate]) -> Recipe:
    """A recipe whose pixels colour alone is measured of: the largest, their stain as it came.

    Where the stain is normalised colour says little, and whatever stands beside it would shine.
    """
    largest = max((each.recipe for each in candidates), key=lambda recipe: recipe.input_size)
    return largest.model_copy(update={"stain_normalisation": "none"})


def _dataset(sweep: Sweep, recipe: Recipe) -> Dataset:
    request = Request(
        recipe=recipe,
        name="sweep",
        **{
            name: getattr(sweep, name)
            for name in (
                *("data", "magnifications", "patient_pattern", "um_per_px", "positive"),
                "group_neighbours",
            )
        },
    )
    return chosen_dataset(request)[0]


def _deal(dataset: Dataset, recipe: Recipe, seed: int) -> NDArray[np.int64]:
    """The folds that `train` would judge such a recipe in under this seed."""
    labels = dataset.records["label"].to_numpy()
    patients = dataset.records["patient"].to_numpy(dtype=object)
    folds = folds_of_fit(dataset, recipe.model_copy(update={"seed": seed, "split": "patient"}))
    if folds is None:
        raise TrainingError(
            f"The patients of {dataset.name} cannot be dealt into {FOLDS} folds that hold every "
            "class. Add patients of the smallest class."
        )
    require_learnable(labels, patients, folds[None], len(dataset.classes), dataset.classes)
    return folds


def _pixels_of(recipe: Recipe, dataset: Dataset) -> tuple[Any, ...]:
    """Size, stain and crops of the squares that a recipe takes."""
    return recipe.input_size, recipe.stain_normalisation, frame(recipe, dataset).crops
