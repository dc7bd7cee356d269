"""Robustness curves of the judging: the same models, asked about changed images."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from core.evaluation.predictions import Protocol
from core.training.judging.answered_by import AnsweredBy, answered_in_folds, answered_singly
from core.training.judging.cross_validate import cross_validate
from core.training.judging.fitter import Fitter
from core.training.judging.folds import grouped_folds
from core.training.judging.held_out import leave_one_out
from core.training.judging.learners import changed_fitter, measure_colours, probe_fitter
from core.training.judging.robustness import CHANGES, changed_values, chosen_rows, robustness
from tests.core.training.judging.test_thresholds import dataset

RANDOM = np.random.default_rng(0)
LABELS = np.tile([0, 1], 60)
PATIENTS = np.repeat([f"p{number}" for number in range(10)], 12).astype(object)
DATA = dataset(LABELS, PATIENTS)
FEATURES = (RANDOM.normal(0, 1, (1, 120, 1, 3)) + LABELS[:, None, None]).astype(np.float32)
ROWS = np.arange(120)
CHANGED = np.stack([FEATURES[0, :, 0] + RANDOM.normal(0, 0.2 * n, (120, 3)) for n in range(18)])


def fitters(changed: np.ndarray = CHANGED) -> tuple[Fitter, Fitter]:
    plain = probe_fitter(FEATURES, FEATURES, LABELS, PATIENTS, "patient", 0.1)
    asked = changed_fitter(
        FEATURES, LABELS, PATIENTS, "patient", 0.1, lambda rows: changed[:, rows], 2
    )
    return plain, asked


def singly() -> tuple[tuple[AnsweredBy, ...], float, float, Protocol]:
    held = leave_one_out(fitters()[0], LABELS, PATIENTS, list(np.unique(PATIENTS)), lambda _: None)
    parts = answered_singly(held, 120)
    return parts, held.mean("auroc"), held.mean("balanced_accuracy"), "patients"


def in_folds() -> tuple[tuple[AnsweredBy, ...], float, float, Protocol]:
    folds = np.stack([grouped_folds(LABELS, PATIENTS, 3, seed) for seed in range(2)])
    held = cross_validate(fitters()[0], LABELS, PATIENTS, folds, lambda _: None)
    answers = held.answers()
    aurocs = [
        roc_auc_score(LABELS[own], answers.probabilities[round_, own, 1])
        for round_ in range(2)
        for own in (folds[round_] == fold for fold in range(3))
    ]
    calls = [
        (answers.calls[r][label == LABELS] == label).mean() for r in (0, 1) for label in (0, 1)
    ]
    return answered_in_folds(held), float(np.mean(aurocs)), float(np.mean(calls)), "folds"


@pytest.mark.parametrize("way", [singly, in_folds])
def test_unchanged_images_have_the_figures_of_the_judging(way: object) -> None:
    parts, auroc, balanced, protocol = way()
    asked = fitters()[1]
    found = robustness(parts, asked, asked, ROWS, DATA, protocol)
    assert [(each.change, each.amount) for each in found] == [
        (change.name, change.amount) for change in CHANGES
    ]
    assert found[0].auroc == pytest.approx(auroc)
    assert found[0].balanced_accuracy == pytest.approx(balanced)
    assert found[0].colour_auroc == pytest.approx(auroc)
    # The later, the noisier.
    assert found[-1].auroc < found[0].auroc - 0.05


def test_models_never_saw_whom_they_answer() -> None:
    for parts in (singly()[0], in_folds()[0]):
        for each in parts:
            assert not set(PATIENTS[each.train]) & set(PATIENTS[each.test])


def test_some_images_are_enough() -> None:
    parts = singly()[0]
    np.testing.assert_array_equal(chosen_rows(parts, DATA), ROWS)
    some = np.arange(0, 120, 5)
    asked = fitters()[1]
    found = robustness(parts, asked, asked, some, DATA, "patients")
    assert len(found) == len(CHANGES)


def test_changed_squares_are_measured_and_averaged_over_crops() -> None:
    pixels = RANDOM.integers(0, 255, (12, 16, 16, 3)).astype(np.uint8)
    told: list[float] = []
    rows = np.array([1, 3])
    means, colours = changed_values(
        (lambda squares: squares.mean(axis=(1, 2)), measure_colours), pixels, 3, rows, told.append
    )
    assert means(rows).shape == (18, 2, 3)
    assert colours(rows[1:]).shape == (18, 1, 21)
    expected = pixels[3:6].mean(axis=(0, 1, 2))
    np.testing.assert_allclose(means(rows)[0, 0], expected)
    np.testing.assert_allclose(means(rows[1:])[0, 0], pixels[9:12].mean(axis=(0, 1, 2)))
    assert told[-1] == 1
