"""Simulates clusters of several sizes, and prints how they do."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.parts import cluster_tasks as known
from benchmarks.parts.cluster import SimulatedCluster, SimulatedTask, simulate
from benchmarks.parts.cluster_measured import SIZES, Measured
from core.slides.answering.tissue import READERS

_HOUR = 3600.0
_WORK, _READERS = "work ÷ workers", "with reading"
_UNITS = ((86_400.0, "d"), (_HOUR, "h"), (60.0, "min"))
_SIZES = {"1 GPU": (1, 1), "8 GPUs": (1, 8), "64 GPUs": (8, 8)}  # nodes, GPUs of each
_SPOT_FAILURES = 0.1  # a node and hour


@dataclass(frozen=True)
class Row:
    """A line of a table.

    Attributes
    ----------
    name : str
    tasks : sequence of SimulatedTask
    cluster : SimulatedCluster
    usd : float
        Of a slot and hour.
    failures_an_hour : float
        Of a node.
    draw : int
        Which moments of failures are drawn.
    """

    name: str
    tasks: Sequence[SimulatedTask]
    cluster: SimulatedCluster
    usd: float
    failures_an_hour: float
    draw: int = 1


def lower_bounds(tasks: Sequence[SimulatedTask], cluster: SimulatedCluster) -> dict[str, float]:
    """What no order of the tasks can beat, in seconds; the largest says what saturates first."""
    before = cluster.prepare_seconds + cluster.start_seconds
    slots = cluster.nodes * cluster.slots
    own = [max(task.seconds, task.core_seconds / cluster.readers) for task in tasks]
    sent = cluster.data_gb * cluster.nodes + sum(task.result_gb for task in tasks)
    return {
        _WORK: before + sum(task.seconds for task in tasks) / slots,
        _READERS: before + sum(own) / slots,
        "longest task": before + max(own),
        "storage": sum(task.reads_gb for task in tasks) / cluster.storage_gb_s,
        "cores": sum(task.core_seconds for task in tasks) / (cluster.nodes * cluster.cores),
        "head's link": cluster.prepare_seconds + sent / cluster.link_gb_s,
    }


def print_all(measured: Measured) -> None:
    """Print what was measured, and every table."""
    _print_measured(measured)
    sweep = known.sweep_tasks(measured, gpu=True)
    print(f"\nA sweep: {len(sweep)} tasks on {known.IMAGES:,} images")
    _print_table(_sweep_rows(measured))
    print(f"\n{known.SLIDES:,} slides by idc, at 4 µm/px")
    _print_table(_slide_rows(measured, fine=False))
    print(f"\n{known.SLIDES:,} slides by a model as quick at 0.5 µm/px, which reads whole files")
    _print_table(_slide_rows(measured, fine=True))
    print("\nIf a GPU were twice as fast, or half")
    _print_rows(_sensitivity_rows(measured))


def gpu_cluster(
    measured: Measured, nodes: int, slots: int, *, sweep: bool, spread: bool = False
) -> SimulatedCluster:
    """So many nodes, each with so many GPUs; `spread`: GPUs have a node each."""
    if spread:
        nodes, slots = nodes * slots, 1
    return _cluster(measured, nodes, slots, slots * known.CORES_A_GPU, sweep=sweep)


def _cluster(
    measured: Measured, nodes: int, slots: int, cores: float, *, sweep: bool
) -> SimulatedCluster:
    sizes = sorted(set(SIZES.values())) if sweep else []
    return SimulatedCluster(
        nodes=nodes,
        slots=slots,
        cores=cores,
        readers=READERS,
        storage_gb_s=known.STORAGE_GB_S,
        link_gb_s=known.LINK_GB_S,
        data_gb=sum(known.IMAGES * size**2 * 3 for size in sizes) / 1e9,
        prepare_seconds=sum(known.IMAGES * measured.decode[size] for size in sizes),
        start_seconds=known.WORKER_SECONDS + known.TENSORFLOW_SECONDS,
        hand_out_seconds=known.HAND_OUT_SECONDS,
        repair_seconds=known.REPAIR_SECONDS,
    )


def _on_gpus(name: str, tasks: Sequence[SimulatedTask], cluster: SimulatedCluster) -> Row:
    failures = known.FAILURES_A_GPU_HOUR * cluster.slots
    return Row(name, tasks, cluster, known.USD_A_GPU_HOUR, failures)


def _on_cores(name: str, tasks: Sequence[SimulatedTask], cluster: SimulatedCluster) -> Row:
    return Row(name, tasks, cluster, known.USD_A_CORE_HOUR, known.FAILURES_A_GPU_HOUR)


def slowest_first(tasks: Sequence[SimulatedTask]) -> list[SimulatedTask]:
    """A sweep's tasks, the recipe first whose tasks take longest in the mean."""
    each = known.SETTINGS * known.SEEDS * known.FOLDS
    recipes = [tasks[at : at + each] for at in range(0, len(tasks), each)]
    recipes.sort(key=lambda part: -sum(task.seconds for task in part) / len(part))
    return [task for part in recipes for task in part]


def _sweep_rows(measured: Measured) -> list[Row]:
    tasks = known.sweep_tasks(measured, gpu=True)
    clusters = {name: gpu_cluster(measured, *size, sweep=True) for name, size in _SIZES.items()}
    rows = [_on_gpus(name, tasks, cluster) for name, cluster in clusters.items()]
    largest = clusters["64 GPUs"]
    first = sorted(tasks, key=lambda task: -task.seconds)
    rows.append(_on_gpus("64 GPUs, longest tasks first", first, largest))
    rows.append(_on_gpus("64 GPUs, slowest recipes first", slowest_first(tasks), largest))
    spread = gpu_cluster(measured, 8, 8, sweep=True, spread=True)
    rows.append(_on_gpus("64 GPUs in 64 nodes", tasks, spread))
    for draw in range(1, 4):
        unsure = _on_gpus(f"64 GPUs, nodes lost every 10 h, draw {draw}", tasks, largest)
        rows.append(replace(unsure, failures_an_hour=_SPOT_FAILURES, draw=draw))
    slow = known.sweep_tasks(measured, gpu=False)
    for name, nodes, slots in (("2 cores", 1, 2), ("64 cores", 4, known.CORES_A_NODE)):
        cluster = _cluster(measured, nodes, slots, slots, sweep=True)
        rows.append(_on_cores(name, slow, cluster))
    return rows


def _slide_rows(measured: Measured, *, fine: bool) -> list[Row]:
    tasks = known.slide_tasks(measured, gpu=True, fine=fine)
    clusters = {name: gpu_cluster(measured, *size, sweep=False) for name, size in _SIZES.items()}
    rows = [_on_gpus(name, tasks, cluster) for name, cluster in clusters.items()]
    largest = clusters["64 GPUs"]
    readers = f"64 GPUs, {known.CORES_A_GPU} readers a slide"
    rows.append(_on_gpus(readers, tasks, replace(largest, readers=known.CORES_A_GPU)))
    storage = replace(largest, storage_gb_s=10 * known.STORAGE_GB_S)
    rows.append(_on_gpus("64 GPUs, storage 10 times as fast", tasks, storage))
    slow = known.slide_tasks(measured, gpu=False, fine=fine)
    cluster = _cluster(measured, 4, known.CORES_A_NODE, known.CORES_A_NODE, sweep=False)
    rows.append(_on_cores("64 cores", slow, cluster))
    return rows


def _sensitivity_rows(measured: Measured) -> list[Row]:
    rows = []
    kinds = (("sweep", known.sweep_tasks), ("slides", known.slide_tasks))
    for kind, tasks_of in kinds:
        for words, slower in (("half as fast", 2.0), ("as above", 1.0), ("twice as fast", 0.5)):
            tasks = tasks_of(measured, gpu=True, slower=slower)
            for name in ("8 GPUs", "64 GPUs"):
                cluster = gpu_cluster(measured, *_SIZES[name], sweep=kind == "sweep")
                rows.append(_on_gpus(f"{kind}, {name}, {words}", tasks, cluster))
    return rows


def _print_measured(measured: Measured) -> None:
    slide = measured.slide
    print(f"one GPU is worth {known.gpu_ratio(measured):,.0f} cores of this machine")
    for size, seconds in measured.decode.items():
        print(f"decoding to {size} px: {1 / seconds:,.0f} images a second of a core")
    for name, steps in measured.steps.items():
        values = ", ".join(f"{1000 * step:.1f}" for step in steps)
        print(f"{name}, a training step: {values} ms of a core for an image")
    print(f"idc, a pass: {1000 * measured.probe_pass:.1f} ms; ", end="")
    print(f"a row of its logistic regression: {1000 * measured.probe_fit:.3f} ms")
    print(f"ResNet-50 at 224 px, a pass: {1000 * measured.reference_pass:.0f} ms an image")
    print(
        f"a tile of a slide: found {1000 * slide.finding:.2f}, read {1000 * slide.reading:.2f}, ",
        end="",
    )
    print(f"answered by the engine {1000 * slide.answering:.1f} ms of a core")
    print(
        f"the finest level: {1000 * slide.finest:.1f} ms of a core for a million pixels; ", end=""
    )
    print(f"a coarse model reads {slide.share_read:.1%} of the file")
    tiles = [known.tiles_of(known.TISSUE_MM2, fine=fine) for fine in (False, True)]
    print(
        f"a slide with {known.TISSUE_MM2:.0f} mm² of tissue: {tiles[0]:,.0f} tiles at 4 µm/px, ",
        end="",
    )
    print(f"{tiles[1]:,.0f} at 0.5 µm/px; {known.SLIDE_GB:.2f} GB")


def _print_rows(rows: Sequence[Row]) -> None:
    bounds = [lower_bounds(row.tasks, row.cluster) for row in rows]
    # Only what plays a part here.
    names = [name for name in bounds[0] if any(each[name] >= 1 for each in bounds)]
    if all(each[_READERS] == each[_WORK] for each in bounds):
        names.remove(_READERS)
    head = [
        "",
        "time",
        *names,
        "saturates",
        "time over that",
        "hours paid",
        "busy",
        "USD",
        "repeated",
    ]
    lines = [head, ["---"] * len(head)]
    lines += [_line(row, each, names) for row, each in zip(rows, bounds, strict=True)]
    for line in lines:
        print(f"| {' | '.join(line)} |", flush=True)


def _line(row: Row, bounds: dict[str, float], names: list[str]) -> list[str]:
    outcome = simulate(row.tasks, row.cluster, _failures(row, max(bounds.values())))
    slots = row.cluster.nodes * row.cluster.slots
    hours = slots * outcome.seconds / _HOUR
    busy = sum(task.seconds for task in row.tasks) / (slots * outcome.seconds)
    return [
        row.name,
        duration(outcome.seconds),
        *[duration(bounds[name]) for name in names],
        max(bounds, key=lambda name: bounds[name]),
        f"{outcome.seconds / max(bounds.values()) - 1:+.0%}",
        f"{hours:,.0f}",
        f"{busy:.0%}",
        f"{hours * row.usd:,.0f}",
        str(outcome.repeated),
    ]


def takes_over(tasks: Sequence[SimulatedTask], cluster: SimulatedCluster) -> dict[str, float]:
    """From how many slots on, however few nodes, something else than them sets the time."""
    own = [max(task.seconds, task.core_seconds / cluster.readers) for task in tasks]
    gigabytes = sum(task.reads_gb for task in tasks)
    seconds = {
        "the longest task": max(own),
        "the storage": gigabytes / cluster.storage_gb_s,
        "handing out by the head": len(tasks) * cluster.hand_out_seconds,
    }
    return {name: sum(own) / each for name, each in seconds.items() if each}


def _print_table(rows: Sequence[Row]) -> None:
    _print_rows(rows)
    found = takes_over(rows[0].tasks, rows[0].cluster)
    words = [f"{slots:,.0f} {name}" for name, slots in found.items()]
    print(f"From how many GPUs on something else sets the time: {', '.join(words)}")


def _failures(row: Row, about: float) -> list[tuple[float, int]]:
    """Moments at which nodes fail, over three times as long as it may take."""
    random = np.random.default_rng(row.draw)
    failures = []
    for node in range(row.cluster.nodes):
        when = 0.0
        while True:
            when += random.exponential(_HOUR / row.failures_an_hour)
            if when > 3 * about:
                break
            failures.append((when, node))
    return failures


def duration(seconds: float) -> str:
    """In words, with two or three figures."""
    for size, unit in _UNITS:
        if seconds >= 2 * size:
            value = seconds / size
            return f"{value:.{max(0, 1 - int(math.log10(value)))}f} {unit}"
    return f"{seconds:.0f} s"
