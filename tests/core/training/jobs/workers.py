"""A process that has TensorFlow loaded and forks others that do runs, each with a fault of its own.

Orders come as JSON, one a line; the answer to each is one line.
"""

import json
import os
import resource
import signal
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.chmod"}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


def changed(event: str, values: tuple[Any, ...]) -> str | None:
    """The path that a call is about to change."""
    if event == "open":
        path, _, flags = values
        return str(path) if isinstance(path, str | Path) and flags & WRITING else None
    return str(values[0]) if event in CHANGES else None


def kill() -> None:
    """End this process as a lack of memory or an impatient person would."""
    os.kill(os.getpid(), signal.SIGKILL)


def watch_calls(home: str, kill_at: int | None) -> list[str]:
    """Gather the paths that are about to be changed in the home; kill at one of these calls."""
    calls: list[str] = []

    def hook(event: str, values: tuple[Any, ...]) -> None:
        path = changed(event, values)
        if path is None or not path.startswith(home):
            return
        calls.append(path)
        if len(calls) == kill_at:
            kill()

    sys.addaudithook(hook)
    return calls


def kill_after(seconds: float) -> None:
    """Kill this process when it has calculated for so long."""
    while time.process_time() < seconds:
        time.sleep(0.005)
    kill()


def limit_files(size: int) -> None:
    """Let no file grow beyond a size."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


def lack_memory() -> None:
    """Let there be no memory for the network."""
    import core.training.run as run  # noqa: PLC0415, PLR0402

    def build(*_: object) -> None:
        raise MemoryError

    run.build_network = build


def burst() -> None:
    """Make the learning rate absurd from the second epoch on."""
    import core.training.fitting.epoch as epoch  # noqa: PLC0415, PLR0402

    real = epoch.rate_at

    def rate(settings: Any, phase: Any, steps: int, step: int, halvings: int) -> float:
        return 1e30 if step >= steps else real(settings, phase, steps, step, halvings)

    epoch.rate_at = rate


def work(order: dict[str, Any]) -> int:
    """Do a run in this process, as the order says; returns the exit code."""
    os.environ["LOBULE_HOME"] = order["home"]
    from core.training.jobs import resume_here  # noqa: PLC0415
    from core.training.watch import Watch  # noqa: PLC0415

    calls = watch_calls(order["home"], order.get("kill_at_call"))
    if "kill_after" in order:
        threading.Thread(target=kill_after, args=[order["kill_after"]], daemon=True).start()
    if "largest_file" in order:
        limit_files(order["largest_file"])
    for fault in order.get("faults", ()):
        {"no memory": lack_memory, "absurd rate": burst}[fault]()
    try:
        resume_here(order["run"], Watch())
    except Exception:  # noqa: BLE001 (whatever it was is in the log, as that of a worker is)
        traceback.print_exc()
        return 1
    if "record" in order:
        record = {"calls": calls, "seconds": time.process_time()}
        Path(order["record"]).write_text(json.dumps(record))
    return 0


def main() -> None:
    """Follow orders until there are no more."""
    import tensorflow as tf  # noqa: PLC0415

    import core.training.run  # noqa: F401, PLC0415

    # A network of three layers that runs for seconds takes longer to be made fast.
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    print("ready", flush=True)  # noqa: T201
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            os.dup2(log, 1)
            os.dup2(log, 2)
            os._exit(work(order))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
