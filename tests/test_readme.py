"""The README tells the truth about settings, commands and files."""

import re
from pathlib import Path

import pytest

from core.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
FOR_TESTS = {"LOBULE_TEST_DATA", "LOBULE_CHROMIUM"}


def settings_table() -> dict[str, str]:
    """Read name and default of each row of the table of settings."""
    return dict(re.findall(r"^\| `(LOBULE_\w+)` \| ([^|]*?) \|", README, flags=re.MULTILINE))


def test_table_lists_every_setting() -> None:
    expected = {f"LOBULE_{name.upper()}" for name in Settings.model_fields}
    assert settings_table().keys() == expected | FOR_TESTS


@pytest.mark.parametrize("name", Settings.model_fields)
def test_table_gives_the_defaults(name: str) -> None:
    default = Settings.model_fields[name].default
    if isinstance(default, Path):
        shown = f"`{default.relative_to(ROOT).as_posix()}/`"
    else:
        shown = "none" if default is None else f"`{default}`"
    assert settings_table()[f"LOBULE_{name.upper()}"] == shown


def test_commands_come_first() -> None:
    top = README.split("\n## ")[0]
    assert "make app" in top
    assert "make test" in top


def test_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)", README)) <= targets


def test_links_and_pictures_exist() -> None:
    local = re.findall(r"\]\((?!https?:|#)([^)#]+)", README)
    assert not [target for target in local if not (ROOT / target).exists()]
