"""A sweep's result in words and numbers, as the command line and the page give them."""

import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING

from core.documents.letters import neutral
from core.durations import duration
from core.training.comparison_table import between, spreadsheet
from core.training.request.request import dataset_options

if TYPE_CHECKING:
    from core.training.sweep.result import CandidateResult, SweepResult, Value
    from core.training.sweep.sweep_file import Sweep

FOLDS = 5  # as `core.evaluation.colour_alone.FOLDS`, which loads NumPy
MEANINGS = {
    "candidate": "A recipe with its changes.",
    "validation AUROC": (
        "On patients that no model of it has learnt from, but that its epochs and threshold were "
        "chosen on; the mean over folds. The winner is chosen by it."
    ),
    "held-out AUROC": (
        "On patients that nothing of it was chosen on; 0.5 is guessing. It is the candidate's own, "
        "but the highest of many is high by chance, too."
    ),
    "held-out balanced accuracy": "Mean sensitivity of the classes, at its decision threshold.",
    "behind the winner": "AUROC of the winner minus its own, paired by patient.",
    "folds": "How many folds' validation patients chose it.",
    "computing": "Time that all its folds and seeds took together.",
}
"""What the columns mean, by their titles."""
_COLUMNS = (
    *("candidate", "dataset", "images", "patients"),
    *("validation_auroc", "auroc", "auroc_low", "auroc_high"),
    *("balanced_accuracy", "balanced_accuracy_low", "balanced_accuracy_high"),
    *("behind_winner", "behind_winner_low", "behind_winner_high"),
    *("folds_chosen", "folds", "minutes", "no_answer"),
)


def judged_alike(result: "SweepResult") -> str:
    """On how many images of how many patients, and how."""
    deals = len(result.seeds)
    dealt = "" if deals == 1 else f", dealt anew under each of {deals} seeds"
    return (
        f"{result.dataset}: {result.images:,} images of {result.patients} patients, all candidates "
        f"in the same {FOLDS} folds{dealt}. AUROC is pooled, every patient alike; in brackets 95 % "
        "intervals by patient."
    )


def rows(result: "SweepResult") -> Iterator[tuple[str, ...]]:
    """A row for each candidate, the winner first, in the order of `MEANINGS`."""
    folds = FOLDS * len(result.seeds)
    for each in result.candidates:
        yield (
            each.name,
            f"{each.validation_auroc:.3f}",
            f"{each.auroc:.3f}",
            f"{each.balanced_accuracy:.3f}",
            "winner" if each.behind is None else _signed(each.behind),
            f"{each.folds_chosen} of {folds}",
            duration(60 * each.minutes),
        )


def verdict(result: "SweepResult") -> tuple[str, ...]:
    """Who won, what that is worth, and what the highest figure would have claimed, in sentences."""
    number = len(result.candidates)
    folds = FOLDS * len(result.seeds)
    lines = [f"Winner: {result.winner.name}, chosen on validation patients."]
    lines.append(
        "What choosing like this is worth, from nested folds (in each the choice is made anew, "
        f"without the patients who judge it): AUROC {_plain(result.nested_auroc)}, balanced "
        f"accuracy {_plain(result.nested_balanced_accuracy)}; colour alone "
        f"{result.colour_auroc:.3f} ({_signed(result.beyond_colour)} beyond it)."
    )
    if 2 * result.winner.folds_chosen < folds:
        lines.append(
            f"▲ The winner was chosen in {result.winner.folds_chosen} of {folds} folds only: these "
            "patients hardly tell the best ones apart, and another deal may choose another."
        )
    if number > 1 and result.optimism.value > 0:
        lines.append(
            f"The highest of {number} held-out figures, {result.best_auroc:.3f} of {result.best}, "
            f"would have claimed {_signed(result.optimism)} more: do not report it."
        )
    elif number > 1:
        lines.append(
            f"The highest of {number} held-out figures, {result.best_auroc:.3f} of {result.best}, "
            f"claims no more than that ({_signed(result.optimism)})."
        )
    lines += [
        f"▲ {name} gave no answer and is not in the table. {reason} `sweeps resume` tries it again."
        for name, reason in result.failed.items()
    ]
    lines += [f"▲ {each.name}: {each.seen}" for each in result.candidates if each.seen]
    return tuple(lines)


def command_of_winner(result: "SweepResult", sweep: "Sweep") -> str:
    """The command that trains the winner on all patients, quoted for a shell."""
    winner: CandidateResult = result.winner
    words = ["python", "-m", "core", "train", "--recipe", winner.source]
    words += ["--data", str(sweep.data), "--set", f"seed={sweep.seeds[0]}"]
    for change in winner.changes:
        words += ["--set", change]
    return shlex.join([*words, *dataset_options(sweep)])


def result_csv(result: "SweepResult") -> bytes:
    """The table as a file of numbers, UTF-8 with a byte order mark, for a spreadsheet to open.

    Behind the candidates stand what to expect of the choice, colour alone, and those that gave no
    answer: without them the highest figure would be read as the result.
    """
    folds = FOLDS * len(result.seeds)
    lines: list[dict[str, object]] = [
        {
            "candidate": neutral(each.name),
            "validation_auroc": each.validation_auroc,
            "auroc": each.auroc,
            "balanced_accuracy": each.balanced_accuracy,
            **_ends("behind_winner", each.behind),
            "folds_chosen": each.folds_chosen,
            "folds": folds,
            "minutes": each.minutes,
        }
        for each in result.candidates
    ]
    lines.append(
        {
            "candidate": "chosen anew in each fold",
            **_ends("auroc", result.nested_auroc),
            **_ends("balanced_accuracy", result.nested_balanced_accuracy),
        }
    )
    lines.append({"candidate": "colour alone", "auroc": result.colour_auroc})
    for name, reason in result.failed.items():
        lines.append({"candidate": neutral(name), "no_answer": neutral(reason)})
    judged = {"images": result.images, "patients": result.patients}
    same = {"dataset": neutral(result.dataset), **judged}
    return spreadsheet([line | same for line in lines], _COLUMNS)


def _ends(figure: str, value: "Value | None") -> dict[str, object]:
    """A figure and its interval as cells; of the winner, which is behind nobody, 0."""
    if value is None:
        return {figure: 0.0}
    low, high = value.interval or (None, None)
    return {figure: value.value, f"{figure}_low": low, f"{figure}_high": high}


def _plain(value: "Value") -> str:
    return f"{value.value:.3f}{between(value.interval)}"


def _signed(value: "Value") -> str:
    return f"{value.value:+.3f}{between(value.interval)}"
