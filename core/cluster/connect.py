"""Reach a Ray cluster, or say why it cannot be reached."""

import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any

from core.cluster.threads import threads
from core.errors import ClusterError
from core.extras import how_to_install, is_installed
from core.settings import ROOT, get_settings

_CONNECTING = 10  # seconds
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def connect(address: str, cores: int) -> Any:
    """Connect this process, and return Ray; the program travels to wherever work is done.

    Raises
    ------
    ClusterError
        If the cluster cannot be reached.
    """
    host, port = head_of(address)
    # Ray reports how it is used unless told not to.
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    if host in _LOOPBACK:
        # Else Ray takes it for this machine's address in the network, where nothing listens.
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
    import ray  # noqa: PLC0415 - an extra

    program = {
        "py_modules": [str(ROOT / "core")],
        "excludes": ["__pycache__", "*.pyc"],
        "env_vars": threads(cores) | _backend() | _answering(),
    }
    try:
        ray.init(
            address=f"{host}:{port}",
            runtime_env=program,
            log_to_driver=False,
            configure_logging=False,
        )
    except (ConnectionError, RuntimeError, ValueError, OSError, ray.exceptions.RayError) as error:
        raise _unreachable(address, str(error)) from error
    return ray


def _backend() -> dict[str, str]:
    chosen = os.environ.get("KERAS_BACKEND")
    return {"KERAS_BACKEND": chosen} if chosen else {}


def _answering() -> dict[str, str]:
    """What settings of this machine say of how images are answered, which is not by those there."""
    settings = get_settings()
    return {
        "LOBULE_ENGINE": settings.engine,
        "LOBULE_MAX_IMAGE_MEGABYTES": repr(settings.max_image_megabytes),
        "LOBULE_MAX_IMAGE_MEGAPIXELS": repr(settings.max_image_megapixels),
    }


def head_of(address: str) -> tuple[str, int]:
    """Host and port of the cluster's head, at which something listens.

    Raises
    ------
    ClusterError
        If nothing does, which Ray itself takes minutes to say; or Ray is not installed.
    """
    if not is_installed("cluster"):
        raise ClusterError(
            f"LOBULE_RAY is {address!r}, and Ray is not installed. {how_to_install('cluster')} Or "
            "unset LOBULE_RAY to compute on this machine."
        )
    known = address
    if address == "auto":
        known = os.environ.get("RAY_ADDRESS", "")
        with suppress(OSError):
            known = known or _current().read_text(encoding="utf-8").strip()
        if not known:
            raise _unreachable(address, "this machine is not part of one")
    host, _, port = known.rpartition(":")
    host = host.strip("[]")
    if not host or not port.isdigit() or "/" in host:
        raise ClusterError(
            f"LOBULE_RAY is {address!r}. Expected `auto`, or the host:port of the cluster's head "
            "as `ray start --head` prints it, such as 10.0.0.5:6379."
        )
    try:
        socket.create_connection((host, int(port)), timeout=_CONNECTING).close()
    except OSError as error:
        raise _unreachable(address, f"{known}: {error.strerror or error}") from error
    return host, int(port)


def _current() -> Path:
    """Where Ray notes the address of the cluster that was started on this machine last."""
    folder = os.environ.get("RAY_TMPDIR", "/tmp")  # noqa: S108 - Ray's own place
    return Path(folder) / "ray" / "ray_current_cluster"


def _unreachable(address: str, reason: str) -> ClusterError:
    return ClusterError(
        f"The Ray cluster {address!r} (LOBULE_RAY) cannot be reached: {reason.splitlines()[0]}. "
        "Work on a machine of the cluster, name its head (host:port) in LOBULE_RAY, or unset "
        "LOBULE_RAY to compute on this machine."
    )
