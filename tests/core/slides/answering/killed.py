"""A process without TensorFlow that forks others, which answer slides and are killed at a write.

Orders come as JSON, one a line; the answer to each is the exit code of the child.
"""

import json
import os
import signal
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import cv2

from core.slides.answering import network, work
from core.slides.answering.network import SlideNetwork
from core.slides.answering.start import resume_here


def kill_at(number: int, home: str, share: float) -> list[str]:
    """Kill this process at one of the calls that write in the home; a write is done in part."""
    calls: list[str] = []
    real = {name: getattr(os, name) for name in ("write", "rename", "replace", "unlink", "fsync")}

    def place(target: Any) -> str:
        path = (
            str(Path(f"/proc/self/fd/{target}").readlink())
            if isinstance(target, int)
            else str(target)
        )
        return path if path.startswith(home) else ""

    def wrap(name: str) -> None:
        def call(target: Any, *rest: Any, **more: Any) -> Any:
            where = place(target)
            if where:
                calls.append(f"{name} {Path(where).name}")
                if len(calls) == number:
                    if name == "write":
                        real["write"](target, rest[0][: int(len(rest[0]) * share)])
                    os.kill(os.getpid(), signal.SIGKILL)
            return real[name](target, *rest, **more)

        setattr(os, name, call)

    for name in real:
        wrap(name)
    return calls


def work_on(order: dict[str, Any]) -> int:
    """Go on with an answer, as the order says."""
    os.environ["LOBULE_HOME"] = order["home"]
    cv2.setNumThreads(1)
    loaded = SlideNetwork(8, import_module("pretence").by_red, lambda _inputs, _index: 0.01)
    network.load_network = lambda _package: loaded
    calls = kill_at(order.get("kill_at", 0), order["home"], order.get("share", 1.0))
    state = resume_here(order["answer"])
    if "record" in order:
        Path(order["record"]).write_text(json.dumps(calls))
    return 0 if state.state == "finished" else 1


def main() -> None:
    """Follow orders until there are no more."""
    for name in ("openslide", "tifffile", "wsidicom"):  # once, not in every child
        import_module(name)
    package = import_module("core.registry.package").load_package(Path(sys.argv[1]))
    network.find = work.find = lambda _name: package
    print("ready", flush=True)  # noqa: T201
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            os.dup2(2, 1)
            try:
                os._exit(work_on(json.loads(line)))
            except BaseException:  # noqa: BLE001 - told by the exit code
                import traceback  # noqa: PLC0415

                traceback.print_exc()
                os._exit(2)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
