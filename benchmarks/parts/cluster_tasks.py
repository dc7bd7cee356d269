"""What is published and assumed of a cluster, and the tasks of a sweep and of an archive."""

import math

import numpy as np

from benchmarks.parts.cluster import SimulatedTask
from benchmarks.parts.cluster_measured import PASSED, PROBE, SIZES, Measured
from core.slides.answering.tissue import READERS
from core.training.request.recipe import load_recipe

# Published. One A100 (40 GB), TensorFlow, TF32 without XLA, ResNet-50 at 224 px: images a second of
# a pass of 32, and seconds of a pass of 1. NVIDIA, DeepLearningExamples,
# TensorFlow/Classification/ConvNets/resnet50v1.5/README.md (June 2020).
GPU_IMAGES = 1602.0
GPU_LEAST_PASS = 0.00526
# Published. 419 unexpected interruptions of 16,384 GPUs in 54 days: Llama 3 (Meta, 2024).
FAILURES_A_GPU_HOUR = 419 / (54 * 24 * 16_384)
# Published. 444 tasks a second of 10,000 on 2,500 cores: Ray's release log 2.8.0, many_tasks.json.
HAND_OUT_SECONDS = 1 / 444
# Published. 277,524 patches: the IDC data set (Janowczyk & Madabhushi 2016).
IMAGES = 277_524
# Published. 1.3 billion tiles of 256 px at 0.5 µm/px in 171,189 slides: Xu et al., Nature 2024.
TISSUE_MM2 = 1.3e9 * 0.128**2 / 171_189
# Published. 3 TB in 1,399 slides of lymph nodes of the breast: Litjens et al., GigaScience 2018.
SLIDE_GB = 3000 / 1399

# Measured before, on two quiet cores: until a process has loaded TensorFlow.
TENSORFLOW_SECONDS = 5.7

# Assumed.
STEP_PASSES = 3  # a training step, forward and back, takes as long as so many passes
EPOCHS_MEDIAN, EPOCHS_SPREAD = 0.6, 0.4  # share of the most epochs that a fit takes; of its log
TISSUE_SPREAD = 0.7  # of the log of a slide's tissue
LINK_GB_S = 1.25  # 10 Gbit/s out of the head
STORAGE_GB_S = 1.25  # a file server with one link of 10 Gbit/s
GPUS_A_NODE, CORES_A_GPU, CORES_A_NODE = 8, 12, 16  # as rented: 96 cores beside 8 A100
WORKER_SECONDS = 1.0  # a worker process, before it loads TensorFlow
REPAIR_SECONDS = 600.0  # until a node that failed is replaced
SWEEP_RESULT_GB, SLIDE_RESULT_GB = 0.005, 0.002
USD_A_GPU_HOUR = 3.0  # an A100 with its cores on demand: lists run from 1 to 4 USD
USD_A_CORE_HOUR = 0.05

SETTINGS, SEEDS, FOLDS = 6, 3, 5
SLIDES = 10_000
FIELD_MM, FINE_FIELD_MM = 0.2, 0.048  # side of a tile: `idc`; 96 px of 0.5 µm
MOST_OVERLAPPING = 40_000  # tiles; more are laid side by side
BATCH = 32
_PROBE_PASSES = 5  # three views, and two stains that it is tested under
_PROBE_FITS = FOLDS + math.comb(FOLDS, 2) + 1


def gpu_ratio(measured: Measured) -> float:
    """How many cores of this machine a GPU is worth."""
    return GPU_IMAGES * measured.reference_pass


def on_gpu(measured: Measured, core_seconds: float, images: int, passes: int = 1) -> float:
    """Seconds that a GPU takes for a batch: by the ratio, but never less than to launch it."""
    return max(passes * GPU_LEAST_PASS, images * core_seconds / gpu_ratio(measured))


def sweep_tasks(measured: Measured, *, gpu: bool, slower: float = 1.0) -> list[SimulatedTask]:
    """The tasks of a sweep, recipe by recipe; `slower` multiplies what a GPU takes."""
    random = np.random.default_rng(0)
    tasks = []
    for name in SIZES:
        if name == PROBE:
            seconds = _probe_seconds(measured, gpu=gpu, slower=slower)
            tasks += [SimulatedTask(seconds, result_gb=SWEEP_RESULT_GB)] * (SETTINGS * SEEDS)
            continue
        most = _fold_seconds(measured, name, gpu=gpu) * (slower if gpu else 1.0)
        for _ in range(SETTINGS * SEEDS * FOLDS):
            share = min(1.0, random.lognormal(math.log(EPOCHS_MEDIAN), EPOCHS_SPREAD))
            tasks.append(SimulatedTask(most * share, result_gb=SWEEP_RESULT_GB))
    return tasks


def slide_tasks(
    measured: Measured, *, gpu: bool, fine: bool = False, slower: float = 1.0
) -> list[SimulatedTask]:
    """A task a slide, answered by `idc`, or by a model as quick that looks at 0.5 µm/px."""
    random = np.random.default_rng(0)
    draws = random.lognormal(-(TISSUE_SPREAD**2) / 2, TISSUE_SPREAD, SLIDES)
    return [_slide_task(measured, share, gpu=gpu, fine=fine, slower=slower) for share in draws]


def tiles_of(mm2: float, *, fine: bool) -> float:
    """Tiles that cover so much tissue: overlapping by half, side by side where they are many."""
    field = FINE_FIELD_MM if fine else FIELD_MM
    side_by_side = mm2 / field**2
    return 4 * side_by_side if 4 * side_by_side <= MOST_OVERLAPPING else side_by_side


def _fold_seconds(measured: Measured, name: str, *, gpu: bool) -> float:
    """Of a fold at the most epochs: three parts are learnt from, one chosen on, one answered."""
    recipe = load_recipe(name)
    part, seconds = IMAGES / FOLDS, 0.0
    for table, step in zip((recipe.train, recipe.fine_tune), measured.steps[name], strict=False):
        epochs = table.epochs if table else 0
        # Before a frozen base a step is little more than a pass.
        frozen = recipe.train is not None and recipe.train.frozen_base
        answer = step if frozen else step / STEP_PASSES
        if gpu:
            learnt = (FOLDS - 2) * part / BATCH * on_gpu(measured, step, BATCH, STEP_PASSES)
            chosen = part / BATCH * on_gpu(measured, answer, BATCH)
        else:
            learnt, chosen = (FOLDS - 2) * part * step, part * answer
        seconds += epochs * (learnt + chosen)
    return seconds


def _probe_seconds(measured: Measured, *, gpu: bool, slower: float) -> float:
    fitting = _PROBE_FITS * 3 * IMAGES * measured.probe_fit
    passes = _PROBE_PASSES * IMAGES
    if not gpu:
        return passes * measured.probe_pass + fitting
    return slower * passes / PASSED * on_gpu(measured, measured.probe_pass, PASSED) + fitting


def _slide_task(
    measured: Measured, share: float, *, gpu: bool, fine: bool, slower: float
) -> SimulatedTask:
    times, mm2 = measured.slide, TISSUE_MM2 * share
    tiles = tiles_of(mm2, fine=fine)
    finding = times.finding * 4 * mm2 / FIELD_MM**2  # as of half overlapping tiles, at any scale
    reading = times.finest * mm2 * 16 if fine else times.reading * tiles  # 16 million px a mm²
    gigabytes = SLIDE_GB * share * (1.0 if fine else times.share_read)
    if not gpu:
        seconds = finding + reading + tiles * times.answering
        return SimulatedTask(seconds, reads_gb=gigabytes, result_gb=SLIDE_RESULT_GB)
    answering = slower * tiles / BATCH * on_gpu(measured, measured.probe_pass, BATCH)
    return SimulatedTask(
        finding / READERS + answering, gigabytes, finding + reading, SLIDE_RESULT_GB
    )
