import numpy as np

from core.evaluation.patients import score_patient


def test_hand_worked_patient() -> None:
    # Pairs ranked right: (.8, .1), (.8, .4), (.3, .1) of 4; called positive at .4: .8 and .4.
    score = score_patient("a", np.array([0, 1, 0, 1]), np.array([0.1, 0.8, 0.4, 0.3]), 0.4)
    assert (score.images, score.positives) == (4, 2)
    assert score.auroc == 0.75
    assert score.balanced_accuracy == 0.5


def test_one_class_cannot_be_judged() -> None:
    score = score_patient("a", np.array([1, 1]), np.array([0.9, 0.2]), 0.5)
    assert score.auroc is None
    assert score.balanced_accuracy is None
