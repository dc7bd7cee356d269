"""Prediction sets: hand-worked cut-offs, and coverage where it is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import EvaluationError
from core.evaluation.conformal import coverage, fit_cut_offs, prediction_sets, same_weight_each


def two(first: list[float]) -> np.ndarray:
    chances = np.array(first)
    return np.stack([chances, 1 - chances], axis=1)


def test_cut_offs_by_hand() -> None:
    # Class 0: ten images of ten patients; nine of them reach 0.2. Class 1: one patient of four
    # images, another of one. The latter counts as much as all four, so 0.9 needs them all.
    chances = two([*(np.arange(10, 0, -1) / 10), 0.1, 0.2, 0.3, 0.4, 0.05])
    labels = np.array([0] * 10 + [1] * 5)
    patients = np.array([f"p{i}" for i in range(10)] + ["q"] * 4 + ["r"], dtype=object)
    np.testing.assert_allclose(fit_cut_offs(chances, labels, patients), [0.2, 0.6])
    # At 0.7: half of it from r at 0.95, then two of the four images of q, at 0.9 and 0.8.
    np.testing.assert_allclose(fit_cut_offs(chances, labels, patients, 0.7)[1], 0.8)


def test_sets_hold_one_class_both_or_none() -> None:
    sets = prediction_sets(two([0.9, 0.5, 0.1]), np.array([0.4, 0.4]))
    assert sets.tolist() == [[True, False], [True, True], [False, True]]
    assert not prediction_sets(two([0.5]), np.array([0.6, 0.6])).any()


def test_a_class_without_images_is_never_ruled_out() -> None:
    cut_offs = fit_cut_offs(two([0.9, 0.8]), np.array([0, 0]), np.array(["a", "b"], dtype=object))
    assert cut_offs[1] == 0


@pytest.mark.parametrize("level", [0.0, 1.0, float("nan")])
def test_a_senseless_level_is_refused(level: float) -> None:
    with pytest.raises(EvaluationError, match="above 0 and below 1"):
        fit_cut_offs(two([0.5]), np.array([0]), np.array(["a"], dtype=object), level)


def test_coverage_is_met_where_patients_are_alike() -> None:
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, 6000)
    chances = two(1 / (1 + np.exp(random.normal(np.where(labels == 1, 1.0, -1.0), 1.5))))
    patients = random.integers(0, 60, 6000).astype(str).astype(object)
    for found in coverage(chances, labels, patients, 0.9):
        assert found.coverage == pytest.approx(0.9, abs=0.015)
        assert found.interval is not None
        assert found.interval[0] < found.coverage < found.interval[1]
        assert found.patients == 60
        assert found.images == (labels == found.label).sum()


def test_a_patient_unlike_the_others_costs_coverage_and_is_not_hidden() -> None:
    # Five patients at 0.9 for their class, one at 0.1: left out, that one is not covered.
    chances = two([0.9] * 5 + [0.1] + [0.1] * 6)
    labels = np.array([0] * 6 + [1] * 6)
    patients = np.array([f"p{i}" for i in range(6)] * 2, dtype=object)
    found = coverage(chances, labels, patients, 0.8)
    assert found[0].coverage == pytest.approx(5 / 6)
    assert found[1].coverage == 1.0


def test_coverage_is_worked_out_by_hand() -> None:
    """Of class 0, at a level of 0.8: cut-offs without each patient, then the mean over patients.

    Without a: b has half of the weight at 0.4 and c half at 0.7, so 0.4. Without b: each of a's has
    an eighth, c's half; the three highest have 6/8, the fourth, a's at 0.6, makes them 7/8. Without
    c: a's three highest have 3/8; with b's at 0.4 it is 7/8.
    """
    chances = two([0.9, 0.8, 0.6, 0.3, 0.4, 0.7])
    labels = np.zeros(6, dtype=np.int64)
    patients = np.array(list("aaaabc"), dtype=object)
    for patient, cut_off in (("a", 0.4), ("b", 0.6), ("c", 0.4)):
        others = patients != patient
        assert fit_cut_offs(chances[others], labels[others], patients[others], 0.8)[0] == cut_off
    (found,) = coverage(chances, labels, patients, 0.8)
    # a: three of four are at 0.4 or above; b, at 0.4, is not held; c is, at 0.7.
    assert found.coverage == pytest.approx((3 / 4 + 0 + 1) / 3)
    assert (found.patients, found.images) == (3, 6)
    # Class 1 has no images, so that nothing rules it out: a set of one class holds that alone.
    assert found.single == pytest.approx((1 / 4 + 1 + 0) / 3)


@given(st.integers(0, 2**31), st.floats(0.5, 0.95))
def test_coverage_is_that_of_one_patient_after_another(seed: int, level: float) -> None:
    """Written again, image by image: the patient is left out, and every patient counts the same."""
    random = np.random.default_rng(seed)
    labels = np.append([0, 1, 0, 1], random.integers(0, 2, 46))
    patients = np.array(["a", "a", "b", "b", *random.choice(list("abbbcd"), 46)], dtype=object)
    chances = two(np.clip(random.normal(np.where(labels == 0, 0.7, 0.3), 0.25), 0.01, 0.99))
    found = coverage(chances, labels, patients, level)
    assert [each.label for each in found] == [0, 1]
    for each in found:
        held: dict[str, list[bool]] = {}
        alone: dict[str, list[bool]] = {}
        for row in np.flatnonzero(labels == each.label):
            others = patients != patients[row]
            cut_offs = fit_cut_offs(chances[others], labels[others], patients[others], level)
            inside = chances[row] >= cut_offs
            held.setdefault(patients[row], []).append(bool(inside[each.label]))
            alone.setdefault(patients[row], []).append(int(inside.sum()) == 1)
        assert each.coverage == pytest.approx(np.mean([np.mean(own) for own in held.values()]))
        assert each.single == pytest.approx(np.mean([np.mean(own) for own in alone.values()]))


def test_classes_of_one_patient_have_no_coverage() -> None:
    labels = np.array([0, 0, 1])
    patients = np.array(["a", "b", "a"], dtype=object)
    assert [found.label for found in coverage(two([0.9, 0.8, 0.1]), labels, patients)] == [0]


@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=40))
def test_weights_add_up_by_group(groups: list[str]) -> None:
    names = np.array(groups, dtype=object)
    weights = same_weight_each(names)
    for name in set(groups):
        assert weights[names == name].sum() == pytest.approx(1 / len(set(groups)))


@given(st.integers(0, 2**31), st.floats(0.05, 0.95))
def test_a_share_of_at_least_the_level_is_held_and_no_more_than_needed(
    seed: int, level: float
) -> None:
    random = np.random.default_rng(seed)
    chances = random.dirichlet(np.ones(3), 50)
    labels = random.integers(0, 3, 50)
    patients = random.integers(0, 7, 50).astype(str).astype(object)
    cut_offs = fit_cut_offs(chances, labels, patients, level)
    for label in np.unique(labels):
        own = labels == label
        weights = same_weight_each(patients[own])
        assert weights[chances[own, label] >= cut_offs[label]].sum() >= level - 1e-6
        assert weights[chances[own, label] > cut_offs[label]].sum() < level
