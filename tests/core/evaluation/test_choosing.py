from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from core.evaluation.choosing import charge_for_choosing, choose_on_validation
from core.evaluation.predictions import Predictions, patient_weights

PATIENTS, IMAGES, FOLDS = 20, 10, 5


def predictions(seed: int, signal: float = 0.0) -> Predictions:
    random = np.random.default_rng(seed)
    number = PATIENTS * IMAGES
    patients = np.repeat(np.arange(PATIENTS), IMAGES)
    labels = np.tile([0, 1], number // 2)
    logits = signal * (2 * labels - 1) + random.normal(0, 1, number)
    chance = 1 / (1 + np.exp(-logits))
    text = np.array([""] * number, dtype=object)
    return Predictions(
        classes=("no", "yes"),
        positive=1,
        protocol="folds",
        images=np.array([f"{row}" for row in range(number)], dtype=object),
        patients=patients.astype(str).astype(object),
        magnifications=text,
        subtypes=text,
        labels=labels,
        probabilities=np.stack([1 - chance, chance], axis=1),
        rounds=np.ones(number, dtype=np.int64),
        folds=patients % FOLDS + 1,
    )


def auroc(of: Predictions, rows: np.ndarray | None = None) -> float:
    of = of if rows is None else of.of(rows)
    weights = patient_weights(of.patients)
    return float(roc_auc_score(of.labels, of.probabilities[:, 1], sample_weight=weights))


def test_the_choice_is_made_anew_without_the_fold_that_it_answers() -> None:
    candidates = {f"{seed}": predictions(seed, 0.2) for seed in range(6)}
    charged = charge_for_choosing(candidates)
    apparent = {name: auroc(each) for name, each in candidates.items()}
    assert charged.best == max(apparent, key=apparent.__getitem__)
    assert charged.apparent == pytest.approx(apparent[charged.best])
    first = candidates["0"]
    mixed = np.empty_like(first.probabilities)
    for fold in range(1, FOLDS + 1):
        others = first.folds != fold
        chosen = max(candidates, key=lambda name: auroc(candidates[name], others))
        mixed[~others] = candidates[chosen].probabilities[~others]
    assert charged.charged == pytest.approx(auroc(replace(first, probabilities=mixed)))


def test_choosing_among_many_that_know_nothing_is_charged_for() -> None:
    """The best of fifty that guess looks better than guessing; charged, it guesses again."""
    differences, charged = [], []
    for repeat in range(8):
        candidates = {f"{seed}": predictions(1000 * repeat + seed) for seed in range(50)}
        result = charge_for_choosing(candidates)
        differences.append(result.optimism)
        charged.append(result.charged)
    assert np.mean(differences) > 0.05
    assert np.mean(charged) == pytest.approx(0.5, abs=0.03)


def test_one_that_is_better_everywhere_costs_nothing() -> None:
    result = charge_for_choosing({"good": predictions(0, 2.0), "none": predictions(1)})
    assert result.best == "good"
    assert result.optimism == pytest.approx(0, abs=1e-9)


def test_with_one_fold_nothing_can_be_charged() -> None:
    one = replace(predictions(0), folds=np.ones(PATIENTS * IMAGES, dtype=np.int64))
    result = charge_for_choosing({"one": one})
    assert result.charged is None
    assert result.optimism is None


def test_candidates_of_other_folds_are_refused() -> None:
    first = predictions(0)
    with pytest.raises(ValueError, match="other rows or folds"):
        charge_for_choosing({"a": first, "b": replace(first, folds=first.folds[::-1].copy())})


def answered_next(of: Predictions) -> Predictions:
    """As if the model that is judged on a fold had also answered the next one, as well."""
    judged = (of.folds - 2) % FOLDS + 1
    return replace(of, folds=judged)


def test_each_fold_is_answered_by_whom_its_validation_patients_choose() -> None:
    """One is good on odd validation folds, the other on even ones."""
    names = ("odd", "even")
    held_out = {name: predictions(seed, 1.0) for seed, name in enumerate(names)}
    validation = {}
    for parity, name in ((1, "odd"), (0, "even")):
        good, bad = answered_next(predictions(7, 3.0)), answered_next(predictions(8, -3.0))
        rows = (good.folds % 2 == parity)[:, None]
        chances = np.where(rows, good.probabilities, bad.probabilities)
        validation[name] = replace(good, probabilities=chances)
    nested = choose_on_validation(held_out, validation)
    for fold in range(1, FOLDS + 1):
        rows = nested.predictions.folds == fold
        expected = held_out["odd" if fold % 2 else "even"].probabilities[rows]
        np.testing.assert_array_equal(nested.predictions.probabilities[rows], expected)
    assert nested.chosen == {"odd": (FOLDS + 1) // 2, "even": FOLDS // 2}
    means = {
        name: np.mean([auroc(of, of.folds == fold) for fold in range(1, FOLDS + 1)])
        for name, of in validation.items()
    }
    assert nested.validation == pytest.approx(means)
    assert nested.winner == max(means, key=lambda name: means[name])


def test_who_is_tested_has_no_say_in_who_answers_them() -> None:
    """What held-out patients' labels are changes no choice of their fold."""
    held_out = {name: predictions(seed, 0.5) for seed, name in enumerate("abc")}
    validation = {
        name: answered_next(predictions(seed + 10, 0.5)) for seed, name in enumerate("abc")
    }
    before = choose_on_validation(held_out, validation)
    turned = {name: replace(of, labels=1 - of.labels) for name, of in held_out.items()}
    after = choose_on_validation(turned, validation)
    np.testing.assert_array_equal(before.predictions.probabilities, after.predictions.probabilities)
    assert (before.winner, before.chosen) == (after.winner, after.chosen)
