"""The settings of a recipe as a form; what was changed comes out as the command line writes it.

Every setting's words are in `settings.toml`.
"""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import streamlit as st

from pages.runs.words import LEAKY
from pages.shared.plain import notice

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from core.training.request.recipe import Recipe

COLUMNS = 3
# A probe has no loss, no steps, and is judged by patient only.
_NOT_FOR_PROBES = {"label_smoothing", "mixed_precision", "split"}
# An encoder comes as it is, and its penalty is chosen among several.
_NOT_FOR_ENCODERS = {"architecture", "weights", "input_size", "probe.passes", "probe.penalty"}
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


def ask_for_settings(recipe: "Recipe") -> list[str]:
    """Draw the form; returns the changes, such as "train.epochs=3"."""
    values = _values(recipe)
    chosen: dict[str, Value] = {}
    with st.expander("Settings", key="recipe_settings"):
        tabs = st.tabs(list(GROUPS), key="groups")
    for tab, settings in zip(tabs, GROUPS.values(), strict=True):
        with tab:
            _ask_group(
                [setting for setting in settings if setting.key in values],
                values,
                chosen,
                recipe.name,
            )
    if chosen.get("split") == "image":
        notice(f"{LEAKY} Use it only to reproduce published figures.")
    return _changes(values, chosen, second_phase=recipe.fine_tune is not None)


def _ask_group(
    settings: list[Setting], values: dict[str, Value], chosen: dict[str, Value], recipe: str
) -> None:
    """Draw the settings that mean something beside those asked before, in rows."""
    places: list[DeltaGenerator] = []
    for setting in settings:
        if not all(chosen.get(key) in allowed for key, allowed in setting.needs.items()):
            chosen[setting.key] = setting.off
            continue
        places = places or list(st.columns(COLUMNS, gap="medium", vertical_alignment="bottom"))
        with places.pop(0):
            chosen[setting.key] = _ask(setting, values[setting.key], f"{recipe}:{setting.key}")


def _ask(setting: Setting, value: Value, key: str) -> Value:
    """Draw one setting; what was chosen outlives a look at another page."""
    match setting.kind:
        case "switch":
            return st.toggle(
                setting.label, value, key=key, help=setting.means, persist_state="session"
            )
        case "choice":
            names = list(setting.options)
            return st.selectbox(
                setting.label,
                names,
                names.index(value),
                format_func=setting.options.__getitem__,
                key=key,
                help=setting.means,
                persist_state="session",
            )
        case "rate":
            return st.number_input(
                setting.label,
                1e-7,
                1.0,
                float(value),
                step=float(value) / 2,
                format="%g",
                key=key,
                help=setting.means,
                persist_state="session",
            )
        case kind:
            number = int if kind == "whole" else float
            return st.number_input(
                setting.label,
                number(setting.low),
                number(setting.high),
                number(value),
                step=number(setting.step),
                format=None if kind == "whole" else "%g",
                key=key,
                help=setting.means,
                persist_state="session",
            )


def _values(recipe: "Recipe") -> dict[str, Value]:
    """The recipe's settings by key, as the form asks for them."""
    values: dict[str, Value] = {}
    for name, value in recipe.model_dump(mode="json", exclude_none=True).items():
        inner = value if isinstance(value, dict) else {"": value}
        values |= {f"{name}.{key}" if key else name: setting for key, setting in inner.items()}
    if recipe.weights == "encoder":
        unasked = _NOT_FOR_PROBES | _NOT_FOR_ENCODERS
        return {
            key: value
            for key, value in values.items()
            if key not in unasked and not key.startswith("augmentation.")
        }
    if recipe.probe:
        return {key: value for key, value in values.items() if key not in _NOT_FOR_PROBES}
    values[FINE_TUNE] = recipe.fine_tune is not None
    starts = {f"{FINE_TUNE}.{key}": value for key, value in FINE_TUNE_STARTS.items()}
    return starts | values


def _changes(
    values: dict[str, Value], chosen: dict[str, Value], *, second_phase: bool
) -> list[str]:
    """What `core.training.request.override` has to be told."""
    wanted = chosen.get(FINE_TUNE, False)
    changes = [f"{FINE_TUNE}=none"] if second_phase and not wanted else []
    for key, value in chosen.items():
        of_second = key.startswith(f"{FINE_TUNE}.")
        if key == FINE_TUNE or (of_second and not wanted):
            continue
        if value != values[key] or (of_second and not second_phase):
            changes.append(f"{key}={_written(value)}")
    return changes


def _written(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
