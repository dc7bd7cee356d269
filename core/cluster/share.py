"""Answering divided into pieces of a core each, and how much of it is done."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from core.cluster.compute import compute
from core.cluster.work import Came, Note, Task


def compute_answers(
    works: Sequence[Task],
    progress: Callable[[float], None],
    weights: Mapping[str, float] | None = None,
) -> Iterator[Came]:
    """Yield what came of each piece of work, in the order in which they are done.

    A piece uses one core and no graphics card. One that begins again takes nothing from what was
    done.

    Parameters
    ----------
    works : sequence of Task
    progress : callable
        Given the share done, in [0, 1], about every half second; raises to stop.
    weights : mapping of str to float, optional
        What each piece counts, by its key; without, all count the same.

    Raises
    ------
    ClusterError
        If the cluster cannot be reached, or has no machine for the work.
    """
    parts = weights or {work.key: 1.0 for work in works}
    whole = sum(parts.values())
    done = dict.fromkeys(parts, 0.0)

    def hear(note: Note) -> None:
        done[note.key] = max(done[note.key], note.done)

    def check() -> None:
        progress(sum(share * parts[key] for key, share in done.items()) / max(whole, 1))

    for came in compute(works, 1, hear, check, on_cards=False):
        done[came.key] = 1.0
        yield came
