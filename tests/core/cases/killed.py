"""Processes of their own that are killed in the middle of what they do.

They are forked from one that has everything loaded: a kill takes a moment, not seconds.
"""

import multiprocessing
import os
import signal
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
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


def work_until_killed(told: Connection) -> None:
    """Save, judge and delete cases, and tell each deed once it is done."""
    store = open_store()
    for number in range(10_000):
        case_id = save_case(store, [image(number), image(number + 1)], ME)
        told.send(("saved", case_id))
        case = load_case(store, case_id)
        judge(store, case, case.images[0], ME, Verdict.AGREE, note=f"{number}")
        told.send(("judged", case_id, f"{number}"))
        if number % 3 == 2:
            delete_case(store, load_case(store, case_id), ME)
            told.send(("deleted", case_id))


def _do(arguments: tuple[str, ...], environment: dict[str, str], told: Connection) -> None:
    os.environ |= environment
    match arguments:
        case ["save", moment]:
            save_and_die(open_store(), moment)
        case ["delete", moment, case_id]:
            delete_and_die(open_store(), moment, case_id)
        case ["migrate", moment]:
            migrate_and_die(int(moment))
        case ["start"]:
            told.send(save_case(open_store(), [image(1)], ME))
        case ["work"]:
            work_until_killed(told)


def begin(*arguments: str) -> tuple[BaseProcess, Connection]:
    """Let a process do something, until the moment at which it dies; returns what it tells, too."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    heard, told = context.Pipe(duplex=False)
    ours = {name: value for name, value in os.environ.items() if name.startswith("LOBULE_")}
    process = context.Process(target=_do, args=(arguments, ours, told))
    process.start()
    told.close()  # so that its end is heard
    return process, heard
