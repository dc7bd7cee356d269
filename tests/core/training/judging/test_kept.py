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


def test_squares_of_the_same_pixels_are_computed_once_and_shift_nobody(tmp_path: Path) -> None:
    keys = [KEYS[0], KEYS[0], KEYS[1], KEYS[0], KEYS[2]]
    asked = Asked()
    kept = KeptVectors(tmp_path / "some", 3)
    values = kept.of(keys, asked)
    assert asked.computed == [0, 2, 4]
    np.testing.assert_array_equal(values[:, 0], [0, 0, 2, 0, 4])
    more = kept.of([KEYS[1], KEYS[3], KEYS[0]], lambda places: 100.0 + Asked()(places))
    np.testing.assert_array_equal(more[:, 0], [2, 101, 0])


def test_a_file_that_holds_a_key_twice_is_still_right(tmp_path: Path) -> None:
    for number in (1, 2):
        with (tmp_path / "some.f32").open("ab") as file:
            file.write(np.full(3, number, np.float32).tobytes())
        with (tmp_path / "some.keys").open("ab") as file:
            file.write(KEYS[0])
    kept = KeptVectors(tmp_path / "some", 3)
    values = kept.of([KEYS[0], KEYS[7]], Asked())
    assert values[0, 0] in {1, 2}
    assert values[1, 0] == 1  # its place in what was asked
    assert kept.of([KEYS[7]], Asked())[0, 0] == 1


@pytest.mark.parametrize("given", [np.zeros((2, 2)), np.full((2, 3), np.nan), np.zeros((1, 3))])
def test_what_is_no_vector_is_not_kept(tmp_path: Path, given: np.ndarray) -> None:
    with pytest.raises(TrainingError, match="3 finite ones each were expected"):
        KeptVectors(tmp_path / "some", 3).of(KEYS[:2], lambda _: given.astype(np.float32))
    assert not (tmp_path / "some.keys").read_bytes()
