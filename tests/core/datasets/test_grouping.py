import itertools
import time

import numpy as np
import pytest

from core.datasets.cover import required_cover, reserve
from core.datasets.grouping import deviation, group_into_parts, scikit_learn_groupings

SHARES = np.array([0.2, 0.2, 0.6])


def table(random: np.random.Generator, patients: int, classes: int) -> np.ndarray:
    counts = random.integers(1, 30, (patients, classes)) * (
        random.random((patients, classes)) < 0.6
    )
    counts[(counts == 0).all(axis=1), 0] = 1
    return counts


def every_grouping(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every way to deal patients to three parts that gives each part each class; its deviation."""
    ways = np.array(list(itertools.product(range(3), repeat=len(counts))))
    inside = np.eye(3)[ways]
    held = np.einsum("wip,ic->wpc", inside, counts / counts.sum(axis=0))
    full = (np.einsum("wip,ic->wpc", inside, counts > 0) > 0).all(axis=(1, 2))
    complete = (counts > 0).all(axis=1)
    judged = np.einsum("wip,i->wp", inside, complete.astype(float)) > 0
    full &= (judged >= (np.arange(3) < complete.sum())).all(axis=1)
    return ways[full], ((held[full] - SHARES[:, None]) ** 2).sum(axis=(1, 2))


@pytest.mark.parametrize("seed", range(12))
def test_the_search_finds_what_trying_everything_finds(seed: int) -> None:
    random = np.random.default_rng(seed)
    counts = table(random, int(random.integers(6, 9)), int(random.integers(2, 5)))
    if (counts.sum(axis=0) == 0).any():
        counts[0] += 1
    ways, deviations = every_grouping(counts)
    found = group_into_parts(counts, SHARES, seed)
    if not len(ways):
        assert found is None
        return
    assert found.tolist() in ways.tolist()
    assert deviation(counts, found, SHARES) == pytest.approx(deviations.min(), abs=1e-6)


def test_never_worse_than_what_scikit_learn_gives() -> None:
    random = np.random.default_rng(0)
    for seed in range(10):
        counts = random.integers(1, 50, (25, 3))
        mine = deviation(counts, group_into_parts(counts, SHARES, seed), SHARES)
        theirs = scikit_learn_groupings(counts, SHARES, seed)
        assert mine <= min(deviation(counts, parts, SHARES) for parts in theirs)


def test_shares_that_are_no_whole_folds_have_no_such_start() -> None:
    counts = np.full((30, 2), 5)
    shares = np.array([0.123, 0.234, 0.643])
    assert scikit_learn_groupings(counts, shares, 0) == []
    held = np.bincount(group_into_parts(counts, shares, 0)) / 30
    assert held == pytest.approx(shares, abs=1 / 30)


def test_work_depends_on_patients_and_not_on_images() -> None:
    random = np.random.default_rng(0)
    images = 1 + random.multinomial(277_224, random.dirichlet(np.ones(300)))
    positive = random.binomial(images, random.beta(1, 2, 300))
    counts = np.stack([images - positive, positive], axis=1)
    started = time.process_time()
    parts = group_into_parts(counts, SHARES, 0)
    assert time.process_time() - started < 5  # about 0.4 s where nothing else runs
    assert deviation(counts, parts, SHARES) < 1e-6


def test_the_first_parts_get_the_patients_who_have_every_class() -> None:
    counts = np.array([[9, 1], [1, 1], [5, 0], [5, 0], [0, 5], [0, 5]])
    for seed in range(5):
        parts = group_into_parts(counts, SHARES, seed)
        assert set(parts[:2].tolist()) == {0, 1}


def test_reserved_patients_meet_every_need() -> None:
    random = np.random.default_rng(5)
    met = 0
    for _ in range(20):
        counts = table(random, 12, 4)
        cover = required_cover(counts, 4)
        reserved = reserve(cover, random)
        if reserved is None:
            continue
        met += 1
        for part, needs in enumerate(cover.needs):
            assert (cover.offers[reserved == part].any(axis=0) >= needs).all()
    assert met > 10


def test_only_the_last_to_offer_a_thing_is_irreplaceable() -> None:
    cover = required_cover(np.array([[1, 0], [2, 0], [0, 3], [4, 4]]), 2)
    parts = np.array([0, 0, 0, 1])
    assert cover.irreplaceable(parts)[:3, :2].tolist() == [
        [False, False],
        [False, False],
        [False, True],
    ]
    assert cover.irreplaceable(parts)[3, :2].all()
    assert not cover.holds(parts)  # the first part has nobody with both
    assert cover.holds(1 - parts)
