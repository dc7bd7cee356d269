import numpy as np

from core.datasets.sample import sample


def test_the_sample_takes_turns() -> None:
    labels = np.array([0] * 1000 + [1] * 20)
    patients = np.array(["a"] * 900 + ["b"] * 100 + ["b"] * 20, dtype=object)
    rows = sample(labels, patients, 90)
    assert len(rows) == 90
    assert (np.diff(rows) > 0).all()
    assert (labels[rows] == 1).sum() == 20
    assert (patients[rows] == "a").sum() == 35
    np.testing.assert_array_equal(sample(labels, patients, 5000), np.arange(1020))
