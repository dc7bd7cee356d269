"""What every command does where it cannot go on."""

import pytest
from typer.testing import CliRunner

from core.cli import app


@pytest.mark.parametrize(
    "command",
    [
        "models show",
        "models verify",
        "models activate",
        "slides info",
        "slides resume",
        "slides export --to csv",
        "runs show",
        "datasets audit",
        "explain check",
        "train --recipe idc --name x --data",
    ],
)
def test_a_name_that_speaks_to_the_terminal_is_printed_as_text(command: str) -> None:
    result = CliRunner().invoke(app, [*command.split(), "\x1b]0;mine\x07\x1b[31m"])
    assert result.exit_code
    assert "\x1b" not in result.output
    assert "\x07" not in result.output
