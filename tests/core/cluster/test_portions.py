from hypothesis import given
from hypothesis import strategies as some

from core.cluster import portions


def test_by_hand() -> None:
    cut = list(portions([5, 5, 5, 40, 1, 1, 1, 1], most=3, most_bytes=12))
    assert cut == [range(2), range(2, 3), range(3, 4), range(4, 7), range(7, 8)]
    assert list(portions([], 3, 12)) == []


@given(some.lists(some.integers(0, 30)), some.integers(1, 5), some.integers(1, 40))
def test_each_file_goes_once_and_none_goes_where_it_is_too_much(
    sizes: list[int], most: int, most_bytes: int
) -> None:
    cut = list(portions(sizes, most, most_bytes))
    assert [at for part in cut for at in part] == list(range(len(sizes)))
    for part, following in zip(cut, [*cut, range(0)][1:], strict=False):
        assert 1 <= len(part) <= most
        total = sum(sizes[at] for at in part)
        assert total <= most_bytes or len(part) == 1
        if following:  # no portion ends before it must
            assert len(part) == most or total + sizes[following.start] > most_bytes
