"""Every setting of a recipe, in plain words; the texts are in `recipe_settings.toml`."""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Value = Any  # str, int, float or bool, as the setting's kind says
Kind = Literal["choice", "whole", "number", "rate", "switch"]

FINE_TUNE = "fine_tune"
"""Stands for the whole table: whether there is a second phase."""
FINE_TUNE_STARTS = {"epochs": 10, "layers": 10, "learning_rate": 1e-5}


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its key in the recipe, its name and meaning, and what it may be.

    Attributes
    ----------
    group, key, label, means : str
    kind : str
        How it is asked for; a "rate" is a positive number of any size.
    options : dict of str to str
        Of a "choice": values and what they are called.
    low, high, step : float
        Of a "whole" or another "number".
    needs : dict of str to list
        Values of other settings, asked before, without which it means nothing; it is then `off`.
    """

    group: str
    key: str
    label: str
    means: str
    kind: Kind
    options: dict[str, str] = field(default_factory=dict)
    low: float = 0.0
    high: float = 1.0
    step: float = 1.0
    needs: dict[str, list[Value]] = field(default_factory=dict)
    off: Value = None


def _read() -> dict[str, list[Setting]]:
    text = Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
    groups: dict[str, list[Setting]] = {}
    for content in tomllib.loads(text)["setting"]:
        setting = Setting(**content)
        groups.setdefault(setting.group, []).append(setting)
    return groups


GROUPS = _read()
"""The settings by group, in the order in which the form asks."""
