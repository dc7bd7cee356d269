"""How many cores there are, and how many threads the libraries of a process may use."""

import os


def threads(cores: int) -> dict[str, str]:
    """Environment variables that keep NumPy, TensorFlow and OpenVINO to so many cores.

    They are read when these are imported. The number also decides in which order sums are taken, so
    that work gives the same to the bit wherever it has the same cores.
    """
    names = (
        *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"),
        *("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"),
    )
    return dict.fromkeys(names, str(cores)) | {"TF_CPP_MIN_LOG_LEVEL": "3"}


def available_cores() -> int:
    """Cores of the processor that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
