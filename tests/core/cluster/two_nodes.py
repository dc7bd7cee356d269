"""A Ray cluster of two nodes on this machine, each with a home of its own."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple


class TwoNodes(NamedTuple):
    """Its address, the homes of its nodes, and what removes the second."""

    address: str
    homes: tuple[Path, Path]
    cluster: Any
    second: Any

    def kill_second(self) -> None:
        self.cluster.remove_node(self.second, allow_graceful=False)


@contextmanager
def two_nodes(folder: Path) -> Iterator[TwoNodes]:
    # Before Ray is imported, as `core.cluster.on_ray` sets them.
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
    from ray.cluster_utils import Cluster  # noqa: PLC0415 - it reads these once

    homes = (folder / "first", folder / "second")
    nodes: list[dict[str, Any]] = [
        {
            "node_ip_address": "127.0.0.1",
            "num_cpus": 1,
            "object_store_memory": 200_000_000,
            "env_vars": {"LOBULE_HOME": str(home)},
        }
        for home in homes
    ]
    cluster = Cluster(initialize_head=True, head_node_args={**nodes[0], "include_dashboard": False})
    try:
        second = cluster.add_node(**nodes[1])
        yield TwoNodes(cluster.address, homes, cluster, second)
    finally:
        cluster.shutdown()
