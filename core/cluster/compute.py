"""Compute on this machine, or on the Ray cluster that `LOBULE_RAY` names."""

from collections.abc import Callable, Iterator, Sequence

from core.cluster.connect import head_of
from core.cluster.here import compute_here
from core.cluster.on_ray import compute_on_ray
from core.cluster.work import Came, Note, Task
from core.settings import get_settings

MOST_LOST = 5
"""How often a piece of work may be lost with its process or machine; then it is at fault itself."""


def compute(
    works: Sequence[Task],
    cores: int,
    hear: Callable[[Note], None],
    check: Callable[[], None],
    cards: int = 0,
    wanted: Callable[[str], bool] = lambda _: True,
    *,
    on_cards: bool = True,
) -> Iterator[Came]:
    """Yield what came of each piece of work, in the order in which they are done.

    A piece whose process or machine is lost is begun again elsewhere, and no other piece is. Where
    the caller stops early, all that is being done is ended on every machine.

    Parameters
    ----------
    works : sequence of Task
    cores : int
        Of a processor, that each piece uses; with graphics cards, one of these as well.
    hear : callable
    check : callable
        Called about every half second; raises to stop.
    cards : int
        Graphics cards of this machine; how many others have, Ray tells.
    wanted : callable
        Whether a piece, by its key, is still of use; those that are not come with an error, and are
        not begun or, on Ray, ended.
    on_cards : bool
        Whether pieces use graphics cards where other machines have some.

    Raises
    ------
    ClusterError
        If the cluster cannot be reached, or has no machine for the work.
    """
    address = get_settings().ray
    if address is None:
        return compute_here(works, cores, cards, hear, check, wanted, MOST_LOST)
    return compute_on_ray(works, address, cores, hear, check, wanted, MOST_LOST, on_cards=on_cards)


def require_reachable() -> None:
    """Refuse at once, before data are read, what could not be computed on.

    Raises
    ------
    ClusterError
        If `LOBULE_RAY` names a cluster that cannot be reached, or Ray is not installed.
    """
    address = get_settings().ray
    if address is not None:
        head_of(address)
