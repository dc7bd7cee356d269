"""What a run trains on: the graphics cards that the backend can use, or else the processor.

The only place in training that knows backends apart.
"""

import functools
import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import keras

from core.cluster.threads import available_cores

# First compute capabilities that calculate faster in bfloat16 (Ampere) and in float16 (Volta).
_BFLOAT16_SINCE = (8, 0)
_FLOAT16_SINCE = (7, 0)
_ANSWER_SECONDS = 10
HalfPrecision = Literal["mixed_float16", "mixed_bfloat16"]
# The first scales pixels up to 255, the last gives probabilities that losses take logarithms of.
_ALWAYS_WHOLE = ("scaling", "probabilities")


@dataclass(frozen=True, slots=True)
class Device:
    """What a run trains on.

    Attributes
    ----------
    kind : "gpu" or "cpu"
    name : str
    count : int
        Graphics cards, or the processor's cores that this process may use.
    memory_gb : float or None
        Of one card, GB; None if it is not known, and for a processor.
    note : str
        What stands in the way of something better, or "".
    """

    kind: Literal["gpu", "cpu"]
    name: str
    count: int
    memory_gb: float | None
    note: str = ""

    def __str__(self) -> str:
        """For people: "NVIDIA L4, 24 GB" or "processor, 8 cores (AMD EPYC 7B13)"."""
        if self.kind == "cpu":
            cores = "1 core" if self.count == 1 else f"{self.count} cores"
            return f"processor, {cores} ({self.name})" + (f"; {self.note}" if self.note else "")
        several = f"{self.count} × " if self.count > 1 else ""
        memory = f", {self.memory_gb:.0f} GB" if self.memory_gb else ""
        return several + self.name + memory + (" each" if several and memory else "")


def describe_device() -> Device:
    """Tell what training will run on, under whatever backend Keras has."""
    prepare()
    cards = [_card_name(card) for card in _cards()]
    installed = _installed_cards()
    if cards:
        return Device("gpu", cards[0], len(cards), installed.get(cards[0]))
    note = (
        f"{next(iter(installed))} is there, but {keras.backend.backend()} cannot use it: install "
        "requirements-gpu.txt"
        if installed
        else ""
    )
    return Device("cpu", _processor(), available_cores(), None, note)


@functools.cache
def prepare() -> None:
    """Take a graphics card's memory as it is needed, and not all at once."""
    # JAX reads it when it first touches the device.
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    if _backend() == "tensorflow":
        import tensorflow as tf  # noqa: PLC0415 (only under this backend)

        for card in tf.config.list_physical_devices("GPU"):
            try:
                tf.config.experimental.set_memory_growth(card, enable=True)
            except (RuntimeError, ValueError):  # in use already: it stays as it was set
                return


@contextmanager
def spread() -> Iterator[None]:
    """Put what is built here on all local cards, each to take its share of every batch.

    Only under TensorFlow; other backends use one card.
    """
    prepare()
    strategy = _strategy()
    with strategy.scope() if strategy else nullcontext():
        yield


@contextmanager
def beside(network: keras.Model) -> Iterator[None]:
    """Put what is built here where the network is."""
    strategy = getattr(network, "distribute_strategy", None)
    with strategy.scope() if strategy else nullcontext():
        yield


def half_precision_kind() -> HalfPrecision | None:
    """The half precision that this device gains by; None if it gains nothing."""
    cards = _cards()
    if not cards:
        return None
    capabilities = [_capability(card) for card in cards]
    if min(capabilities) >= _BFLOAT16_SINCE:
        return "mixed_bfloat16"
    return "mixed_float16" if min(capabilities) >= _FLOAT16_SINCE else None


def memory_mb() -> float:
    """The most memory that training has held so far, MB: of the first card, or of this process."""
    cards = _cards()
    if cards and _backend() == "tensorflow":
        import tensorflow as tf  # noqa: PLC0415

        return float(tf.config.experimental.get_memory_info("GPU:0")["peak"] / 1e6)
    if cards:
        return float((cards[0].memory_stats() or {}).get("peak_bytes_in_use", 0) / 1e6)
    try:
        import resource  # noqa: PLC0415 (Windows has none)
    except ImportError:
        return float("nan")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if platform.system() == "Darwin" else peak * 1024 / 1e6


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether an error says that the memory of the device or machine is used up."""
    text = f"{type(error).__name__} {error}".lower()
    words = ("resourceexhausted", "resource_exhausted", "out of memory", "failed to allocate")
    return isinstance(error, MemoryError) or any(word in text for word in words)


def _backend() -> str:
    return str(keras.backend.backend())


def _cards() -> list[Any]:
    """The backend's own objects for the local graphics cards that it can use."""
    if _backend() == "tensorflow":
        import tensorflow as tf  # noqa: PLC0415

        return list(tf.config.list_physical_devices("GPU"))
    if _backend() == "jax":
        # An extra: it is there where it is the backend.
        jax = import_module("jax")
        try:
            return [device for device in jax.local_devices() if device.platform == "gpu"]
        except RuntimeError:  # a driver that does not fit
            return []
    return []


def _card_name(card: Any) -> str:
    if _backend() == "jax":
        return str(card.device_kind)
    return str(_details(card).get("device_name", card.name))


def _capability(card: Any) -> tuple[int, ...]:
    if _backend() == "jax":
        parts = str(getattr(card, "compute_capability", "0.0")).split(".")
        return tuple(int(part) for part in parts if part.isdigit())
    return tuple(_details(card).get("compute_capability", (0, 0)))


def _details(card: Any) -> dict[str, Any]:
    import tensorflow as tf  # noqa: PLC0415

    try:
        return dict(tf.config.experimental.get_device_details(card))
    except (ValueError, RuntimeError):
        return {}


@functools.cache
def _strategy() -> Any:
    """One for the whole process: what is built in one cannot be used in another."""
    if _backend() != "tensorflow" or len(_cards()) < 2:  # noqa: PLR2004 (nothing to share out)
        return None
    import tensorflow as tf  # noqa: PLC0415

    return tf.distribute.MirroredStrategy()


def _installed_cards() -> dict[str, float]:
    """Names of NVIDIA's cards in this machine and their memory in GB, by its own tool."""
    tool = shutil.which("nvidia-smi")
    if not tool:
        return {}
    command = [tool, "--query-gpu=name,memory.total", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(  # noqa: S603 (nothing in it comes from outside)
            command, capture_output=True, text=True, timeout=_ANSWER_SECONDS, check=True
        )
        lines = [line.rsplit(",", 1) for line in answer.stdout.strip().splitlines()]
        return {name.strip(): float(mebibytes) * 2**20 / 1e9 for name, mebibytes in lines}
    except (OSError, subprocess.SubprocessError, ValueError):
        return {}


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


@contextmanager
def half_precision(network: keras.Model, kind: HalfPrecision | None) -> Iterator[None]:
    """Compute the network's layers in half precision for a while; weights stay float32.

    Only the layers' own policies are changed, and put back, so that the network can be saved and
    asked afterwards as if nothing had been.

    Parameters
    ----------
    network : keras.Model
    kind : "mixed_float16", "mixed_bfloat16" or None
        None changes nothing.
    """
    changed = {layer: layer.dtype_policy for layer in network.layers} if kind else {}
    for layer in changed:
        if layer.name not in _ALWAYS_WHOLE:
            layer.dtype_policy = kind
    try:
        yield
    finally:
        for layer, policy in changed.items():
            layer.dtype_policy = policy
