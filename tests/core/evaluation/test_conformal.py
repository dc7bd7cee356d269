"""Prediction sets: hand-worked cut-offs, and coverage where it is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import EvaluationError
from core.evaluation import conformal
from core.evaluation.conformal import (
    coverage,
    cut_off,
    decided,
    fit_cut_offs,
    prediction_sets,
    same_weight_each,
)


def two(first: list[float]) -> np.ndarray:
    chances = np.array(first)
    return np.stack([chances, 1 - chances], axis=1)


def by_hand(scores: np.ndarray, patients: np.ndarray, level: float) -> float:
    """Written again, image by image: each patient is left out, and all count the same."""
    people = np.unique(patients)
    pairs = []
    for score, patient in zip(scores, patients, strict=True):
        others = [
            (scores[patients == other] > score).mean() for other in people if other != patient
        ]
        pairs.append((np.mean(others), 1 / ((patients == patient).sum() * len(people))))
    held, quantile = 0.0, 1.0
    for surer, weight in sorted(pairs):
        held += weight
        if held >= level - 1e-9:
            quantile = surer
            break
    reached = [
        score
        for score in scores
        if np.mean([(scores[patients == each] >= score).mean() for each in people])
        > quantile + 1e-9
    ]
    return max(reached, default=0.0)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31), st.floats(0.3, 0.95), st.sampled_from([8, 1000]))
def test_a_cut_off_is_that_of_patients_left_out(seed: int, level: float, steps: int) -> None:
    random = np.random.default_rng(seed)
    scores = random.integers(0, steps, 40) / steps  # with ties where steps are few
    patients = random.choice(list("abbbcde"), 40)
    found = cut_off(scores, patients.astype(object), level)
    assert found == pytest.approx(by_hand(scores, patients, level))


def test_cut_offs_by_hand() -> None:
    # Class 0: ten patients of an image each, one of whom may be lost. Left out, the last but one,
    # at 0.2, has 8 of the 9 others above it: its cut-off lets in more than 8/9 of all, all but one.
    # Class 1: one patient only, whom nobody could be left out of.
    chances = two([*(np.arange(10, 0, -1) / 10), 0.4, 0.05])
    labels = np.array([0] * 10 + [1] * 2)
    patients = np.array([*(f"p{i}" for i in range(10)), "q", "q"], dtype=object)
    np.testing.assert_allclose(fit_cut_offs(chances, labels, patients), [0.2, 0])
    # Of nine, losing one is too many: whoever is the last when left out lies below all others.
    assert fit_cut_offs(chances[1:], labels[1:], patients[1:])[0] == 0


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
    # Eleven patients at 0.9 for their class, one at 0.1: left out, that one is not covered.
    chances = two([0.9] * 11 + [0.1] + [0.1] * 12)
    labels = np.array([0] * 12 + [1] * 12)
    patients = np.array([f"p{i}" for i in range(12)] * 2, dtype=object)
    found = coverage(chances, labels, patients, 0.8)
    assert found[0].coverage == pytest.approx(11 / 12)
    assert found[1].coverage == 1.0


def test_groups_of_patients_are_left_out_where_they_are_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, 3000)
    chances = two(1 / (1 + np.exp(random.normal(np.where(labels == 1, 1.0, -1.0), 1.5))))
    patients = random.integers(0, 100, 3000).astype(str).astype(object)
    singly = coverage(chances, labels, patients)
    monkeypatch.setattr(conformal, "_GROUPS", 20)
    for one, group in zip(singly, coverage(chances, labels, patients), strict=True):
        assert (group.patients, group.images) == (one.patients, one.images)
        assert group.coverage == pytest.approx(one.coverage, abs=0.01)
        assert group.coverage != one.coverage


@settings(max_examples=40)
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


def test_how_much_is_decided_by_who_was_left_out() -> None:
    random = np.random.default_rng(3)
    patients = np.repeat([f"p{number}" for number in range(9)], [3, 4, 5, 6, 7, 8, 9, 10, 20])
    labels = random.integers(0, 2, len(patients))
    chances = two(list(np.clip(random.normal(0.5 + 0.3 * (labels == 0) - 0.15, 0.2), 0, 1)))
    alone, rightly, whole = 0.0, 0.0, 0.0
    for patient in np.unique(patients):
        own = patients == patient
        cuts = fit_cut_offs(chances[~own], labels[~own], patients[~own].astype(object))
        for chance, label in zip(chances[own], labels[own], strict=True):
            chosen = [number for number in (0, 1) if chance[number] >= cuts[number]]
            whole += 1 / own.sum()
            alone += (len(chosen) == 1) / own.sum()
            rightly += (chosen == [label]) / own.sum()
    found = decided(chances, labels, patients.astype(object))
    assert 0.2 < found.share < 0.95
    assert found.share == pytest.approx(alone / whole)
    assert found.right == pytest.approx(rightly / alone)


def test_a_model_that_never_decides_is_never_right() -> None:
    patients = np.repeat(["a", "b", "c"], 4).astype(object)
    labels = np.tile([0, 1], 6)
    found = decided(np.full((12, 2), 0.5), labels, patients)
    assert (found.share, found.right) == (0.0, None)
