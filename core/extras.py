"""Libraries that only some installations need, and what to say where one is missing."""

import importlib.util
import os

from core.errors import SettingsError

_MODULES = {
    "cluster": ("ray",),
    "encoders": ("huggingface_hub", "safetensors", "timm", "torch", "transformers"),
    "fonts": ("manimgx_fonts", "noto_cjk_sans_jp_regular"),
    "jax": ("jax", "jaxlib"),
    "postgresql": ("psycopg", "psycopg_binary"),
    "sign-in": ("authlib", "httpx2"),
}


def is_installed(extra: str) -> bool:
    """Tell whether all modules of an extra are there; none is imported.

    Parameters
    ----------
    extra
        Its name in `requirements-<extra>.txt`.
    """
    return all(importlib.util.find_spec(module) is not None for module in _MODULES[extra])


def how_to_install(extra: str) -> str:
    """Return a sentence that says how to install an extra."""
    return (
        f'Install it with `make app EXTRAS="{extra}"`, or into an environment of your own with '
        f"`python -m pip install -r requirements-{extra}.txt`."
    )


def check_backend() -> None:
    """Refuse to begin with a Keras backend that is not installed.

    Raises
    ------
    SettingsError
        If `KERAS_BACKEND` is `jax` and JAX is missing.
    """
    if os.environ.get("KERAS_BACKEND") == "jax" and not is_installed("jax"):
        raise SettingsError(
            f"KERAS_BACKEND is jax, and JAX is not installed. {how_to_install('jax')} Or unset "
            "KERAS_BACKEND to use TensorFlow."
        )
