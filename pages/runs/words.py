"""What the Training page calls things."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pages.shared.plain import as_html, visible

if TYPE_CHECKING:
    from core.training.jobs.state import RunState
    from core.training.sweep.jobs import SweepState

# Each state has a symbol of its own, so that no colour is needed to tell them apart.
SYMBOLS = {
    "waiting": "◔",
    "running": "▶",
    "finished": "✓",
    "cancelled": "■",
    "failed": "✕",
    "interrupted": "⚡\ufe0e",  # as text, not as a coloured picture
}
RESUMABLE = {"cancelled", "failed", "interrupted"}
LEAKY = "Leaky split: one patient in training and in test, so its figures flatter."
_MARKUP = "\\`*_{}[]()#+-.!|<>~:$"


def active(state: "RunState | SweepState") -> bool:
    """Whether anything may still happen to a run or a sweep by itself."""
    return state.state in {"waiting", "running"}


def state_words(state: "RunState | SweepState") -> str:
    """How a run or a sweep stands: "▶ running"."""
    return f"{SYMBOLS[state.state]} {state.state}"


def split_words(state: "RunState") -> str:
    """How a run divides the images; a leak is said."""
    return "by patient" if state.request.recipe.split == "patient" else "⚠ by image (leaky)"


def badge(words: str) -> str:
    """A few words in a frame, as HTML."""
    return f'<span class="lobule-badge">{as_html(words)}</span>'


def place(path: Path) -> str:
    """A path, from the home folder on if it lies there."""
    try:
        return f"~/{path.relative_to(Path.home())}"
    except (ValueError, RuntimeError):  # it lies elsewhere; nobody is at home
        return str(path)


def as_markdown(text: str) -> str:
    """Text that others wrote, for places that read Markdown, such as the label of a button."""
    return "".join(f"\\{c}" if c in _MARKUP else c for c in visible(text))


def moment(at: datetime) -> str:
    """A time of day where the server is, and the day."""
    return f"{at.astimezone():%Y-%m-%d %H:%M}"


def seconds_of(state: "RunState") -> float | None:
    """How long a run took, or has taken by now; None before it began."""
    if state.started is None:
        return None
    return max(0.0, ((state.ended or datetime.now(UTC)) - state.started).total_seconds())


def figure(value: object, digits: int = 3) -> str:
    """A number of a history, or a dash where there is none."""
    return f"{value:.{digits}f}" if isinstance(value, int | float) else "–"
