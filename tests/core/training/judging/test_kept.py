from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import TrainingError
from core.training.judging.kept import KeptVectors, key_of

KEYS = [key_of(number) for number in range(200)]


class Asked:
    """Vectors whose first number is the key's place; remembers how many were computed."""

    def __init__(self, fail_after: int | None = None) -> None:
        self.computed: list[int] = []
        self.fail_after = fail_after

    def __call__(self, places: np.ndarray) -> np.ndarray:
        if self.fail_after is not None and len(self.computed) >= self.fail_after:
            raise KeyboardInterrupt
        self.computed += places.tolist()
        return np.stack([places, places + 0.5, -places], axis=1).astype(np.float32)


def test_what_was_computed_is_not_computed_again(tmp_path: Path) -> None:
    first, again = Asked(), Asked()
    values = KeptVectors(tmp_path / "some", 3).of(KEYS[:100], first)
    np.testing.assert_array_equal(values[:, 0], np.arange(100))
    backwards = KeptVectors(tmp_path / "some", 3).of(KEYS[150:20:-1], again)
    assert len(again.computed) == 51  # 100 to 150
    np.testing.assert_array_equal(backwards[51:, 0], np.arange(99, 20, -1))


def test_an_interrupted_one_goes_on(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        KeptVectors(tmp_path / "some", 3).of(KEYS, Asked(fail_after=64))
    rest, told = Asked(), []
    values = KeptVectors(tmp_path / "some", 3).of(KEYS, rest, told.append)
    assert rest.computed == list(range(64, 200))
    assert told[0] == pytest.approx(64 / 200)
    assert told[-1] == 1
    np.testing.assert_array_equal(values[:, 0], np.arange(200))


@given(vectors=st.integers(0, 40), keys=st.integers(0, 40))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_half_a_batch_that_a_crash_left_is_computed_again(
    tmp_path_factory: pytest.TempPathFactory, vectors: int, keys: int
) -> None:
    stem = tmp_path_factory.mktemp("kept") / "some"
    KeptVectors(stem, 3).of(KEYS[:10], Asked())
    for suffix, cut in ((".f32", vectors), (".keys", keys)):
        path = stem.with_name("some" + suffix)
        path.write_bytes(path.read_bytes()[: -cut or None])
    values = KeptVectors(stem, 3).of(KEYS[:10], Asked())
    np.testing.assert_array_equal(values, Asked()(np.arange(10)))


def test_where_nothing_can_be_written_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(TrainingError, match="Features could not be kept"):
        KeptVectors(tmp_path / "file" / "some", 3).of(KEYS[:2], Asked())
