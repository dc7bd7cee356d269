"""A process of its own that is killed in the middle of what it does.

Arguments: what to do, and at which moment to die. It prints the id of each case once it is saved.
"""

import os
import signal
import sys
from typing import Any

import numpy as np
from sqlalchemy import Engine, event

from core.cases.change import delete_case, judge
from core.cases.files import Staging
from core.cases.read import load_case
from core.cases.records import Actor, NewAnswer, NewImage, Verdict
from core.cases.save import save_case
from core.cases.store import Store, open_store

ME = Actor("child")


def die(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def image(seed: int) -> NewImage:
    pixels = np.random.default_rng(seed).integers(0, 256, (60, 80, 3), np.uint8)
    answer = NewAnswer(
        card="{}",
        model="idc",
        model_sha256="a" * 64,
        classes=("no", "yes"),
        predicted="yes",
        said="yes",
        shown_class="yes",
        probability=0.5,
        um_per_px=None,
        content={"version": 1},
        maps={"heatmap": np.ones((2, 2), np.float32)},
    )
    return NewImage(f"{seed}", pixels, answer)


def confirm(*words: str) -> None:
    print(*words, flush=True)  # noqa: T201 - what the parent reads


def save_and_die(store: Store, moment: str) -> None:
    if moment == "images written aside":
        Staging.publish = die
    elif moment == "images in place":
        publish = Staging.publish
        Staging.publish = lambda staging: (publish(staging), die())
    elif moment == "rows not committed":
        event.listen(store.engine, "commit", die)
    elif moment == "rows committed":
        Staging.close = die
    save_case(store, [image(11), image(12)], ME)


def delete_and_die(store: Store, moment: str, case_id: str) -> None:
    if moment == "rows not committed":
        event.listen(store.engine, "commit", die)
    else:
        Store.sweep = die
    delete_case(store, load_case(store, case_id), ME)


def migrate_and_die(moment: int) -> None:
    seen = 0

    def count(*_: Any) -> None:
        nonlocal seen
        seen += 1
        if seen == moment:
            die()

    event.listen(Engine, "before_cursor_execute", count)
    event.listen(Engine, "commit", die)
    open_store()


def work_until_killed() -> None:
    store = open_store()
    for number in range(10_000):
        case_id = save_case(store, [image(number), image(number + 1)], ME)
        confirm("saved", case_id)
        case = load_case(store, case_id)
        judge(store, case, case.images[0], ME, Verdict.AGREE, note=f"{number}")
        confirm("judged", case_id, f"{number}")
        if number % 3 == 2:
            delete_case(store, load_case(store, case_id), ME)
            confirm("deleted", case_id)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["save", moment]:
            save_and_die(open_store(), moment)
        case ["delete", moment, case_id]:
            delete_and_die(open_store(), moment, case_id)
        case ["migrate", moment]:
            migrate_and_die(int(moment))
        case ["start"]:
            confirm(save_case(open_store(), [image(1)], ME))
        case ["work"]:
            work_until_killed()
