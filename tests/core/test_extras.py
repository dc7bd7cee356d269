"""A missing extra is told in words, before anything fails for want of it."""

import importlib
import sys

import pytest
from typer.testing import CliRunner

from core.cli import app
from core.errors import SettingsError
from core.extras import check_backend, is_installed


def test_jax_is_asked_for_only_where_it_is_the_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jax", None)
    assert not is_installed("jax")
    for backend in ("", "tensorflow", "torch"):
        monkeypatch.setenv("KERAS_BACKEND", backend)
        check_backend()
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    with pytest.raises(SettingsError, match=r"make app EXTRAS=\"jax\""):
        check_backend()


def test_the_command_line_says_so_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    monkeypatch.setitem(sys.modules, "jax", None)
    result = CliRunner().invoke(app, ["models", "list"])
    assert result.exit_code == 1
    assert "requirements-jax.txt" in result.stderr
    monkeypatch.undo()
    assert CliRunner().invoke(app, ["models", "list"]).exit_code == 0


def test_sign_in_has_all_that_streamlit_imports_for_it() -> None:
    client = importlib.import_module("authlib.integrations.starlette_client")
    assert client.OAuth().register("provider", client_id="a", client_secret="b")  # noqa: S106
