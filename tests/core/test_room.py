"""Places for windows, and turns of work, so that one person or many cannot take all."""

import threading
import time

import pytest

from core.room import LEFT_SECONDS, MOST_WINDOWS_OF_ONE, Turns, Windows


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> Windows:
    monkeypatch.setenv("LOBULE_MAX_WINDOWS", "2")
    return Windows()


def there() -> bool:
    return True


def test_windows_beyond_the_limit_stand_in_line_and_move_up(windows: Windows) -> None:
    open_now = dict.fromkeys("abcd", True)

    def place(name: str) -> int:
        return windows.place_in_line(name, "", lambda: open_now[name])

    assert [place(name) for name in "abcd"] == [0, 0, 1, 2]
    assert [place(name) for name in "dcba"] == [2, 1, 0, 0]  # asking again changes nothing
    open_now["a"] = False
    assert [place(name) for name in "dcb"] == [1, 0, 0]


def test_who_has_left_long_ago_holds_no_place(windows: Windows) -> None:
    assert [windows.place_in_line(name, "", there) for name in "abc"] == [0, 0, 1]
    windows.by_id["a"].seen -= LEFT_SECONDS + 1
    assert windows.place_in_line("c", "", there) == 0
    assert windows.place_in_line("a", "", there) == 1  # and asks for one when back


def test_one_person_takes_not_all_windows(
    windows: Windows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOBULE_MAX_WINDOWS", "100")
    own = [windows.place_in_line(f"anna {n}", "anna", there) for n in range(50)]
    assert own == [0] * MOST_WINDOWS_OF_ONE + list(range(1, 51 - MOST_WINDOWS_OF_ONE))
    assert windows.place_in_line("ben 1", "ben", there) == 0
    assert windows.person_of("anna 3") == "anna"
    assert windows.person_of("nobody's") == "nobody's"


def test_nobody_signs_in_then_only_all_windows_count(windows: Windows) -> None:
    assert [windows.place_in_line(str(n), "", there) for n in range(4)] == [0, 0, 1, 2]
    assert windows.person_of("1") == "1"


def most_at_once(sizes: list[int], turns: Turns) -> list[tuple[int, int]]:
    """How many work at once, and with how much memory, each time that somebody begins."""
    at_work: list[int] = []
    seen: list[tuple[int, int]] = []
    lock = threading.Lock()

    def work(size: int) -> None:
        with turns.turn(size, lambda: None, tick=0.005):
            with lock:
                at_work.append(size)
                seen.append((len(at_work), sum(at_work)))
            time.sleep(0.02)
            with lock:
                at_work.remove(size)

    threads = [threading.Thread(target=work, args=(size,)) for size in sizes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return seen


def test_large_work_waits_for_memory_and_small_for_a_turn() -> None:
    seen = most_at_once([10] * 8, Turns(3, lambda: 100))
    assert len(seen) == 8
    assert max(number for number, _ in seen) <= 3
    seen = most_at_once([60, 60, 60, 30, 30], Turns(3, lambda: 100))
    assert max(held for _, held in seen) <= 100


def test_what_is_larger_than_all_memory_has_its_turn_alone() -> None:
    seen = most_at_once([500, 500, 10, 10], Turns(4, lambda: 100))
    assert len(seen) == 4
    assert {held for _, held in seen if held >= 500} == {500}


def test_who_gives_up_leaves_the_line() -> None:
    turns = Turns(1, lambda: 100)

    def give_up() -> None:
        raise InterruptedError

    with (
        turns.turn(1, lambda: None),
        pytest.raises(InterruptedError),
        turns.turn(1, give_up, tick=0.001),
    ):
        pytest.fail("two at once")
    with turns.turn(1, give_up, tick=0.001):
        pass
