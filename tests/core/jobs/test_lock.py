import os
import signal
import subprocess
import sys
from pathlib import Path

from core.jobs.lock import is_held, let_go, take

HOLDER = "import sys, time; from core.jobs.lock import take; from pathlib import Path; "


def test_a_lock_is_held_until_it_is_let_go(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert not is_held(path)
    descriptor = take(path)
    assert is_held(path)
    assert take(path, patience=0.1) is None
    let_go(descriptor)
    assert not is_held(path)


def test_looks_do_not_collide_with_each_other(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    let_go(take(path))
    look = os.open(path, os.O_RDONLY)
    import fcntl  # noqa: PLC0415

    fcntl.flock(look, fcntl.LOCK_SH)
    assert not is_held(path)
    os.close(look)


def test_a_killed_process_lets_go_and_its_number_means_nothing(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    program = f"{HOLDER} take(Path({str(path)!r})); print('held', flush=True); time.sleep(60)"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=Path.cwd()
    ) as holder:
        holder.stdout.readline()
        assert is_held(path)
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        # Not waited for yet, or another process under its number: neither would hold the lock.
        assert not is_held(path)


def test_a_child_that_inherits_it_holds_it_after_its_parent_closed_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    descriptor = take(path)
    with subprocess.Popen(["sleep", "60"], pass_fds=[descriptor]) as child:
        let_go(descriptor)
        assert is_held(path)
        child.kill()
        child.wait()
    assert not is_held(path)
