"""A comparison of encoders in words and numbers, as the command line and the page give them."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from core.documents.letters import neutral

if TYPE_CHECKING:
    from core.evaluation.compare import Difference
    from core.training.compare_encoders import Compared, EncoderComparison

COLOUR = "colour alone"
_SHIFTED = "stain shifted by {:g}"
MEANINGS = {
    "AUROC": (
        "How often an image of the positive class ranks above another, of patients who were held "
        "out; 0.5 is guessing."
    ),
    "balanced accuracy": "Mean sensitivity of the classes, at its decision threshold.",
    "beyond colour alone": (
        "AUROC minus that of colour statistics without any network, in the same folds. Where the "
        "interval holds 0, the network is not shown to see more than the stain."
    ),
    "behind the best": "AUROC of the best one minus its own, paired by patient.",
    "stain shifted": "AUROC on the same images with haematoxylin and eosin changed by so much.",
    "tells patients": (
        "How often two images of one patient are more alike to it than two of different patients; "
        "0.5 is not at all. What it tells of patients, laboratories and stains is in the way."
    ),
    "ms a square": "Time that it takes for an input on this computer, in batches.",
    "MB": "Size of its weights.",
}
"""What the columns mean, by their titles; those of all stain shifts are one."""


def judged_alike(comparison: "EncoderComparison") -> str:
    """On how many images of how many patients, and of what the AUROC is a figure."""
    first = comparison.compared[0].evaluation
    return (
        f"{comparison.dataset}: {first.images:,} images of {first.patients} patients, all in the "
        f"same folds; AUROC, {first.auroc_is}, with 95 % intervals by patient."
    )


def flattery(comparison: "EncoderComparison") -> str:
    """What choosing the best on these patients flatters by."""
    charged = comparison.charged
    if charged.charged is None or charged.optimism is None:
        return "What choosing the best flatters by cannot be worked out: too few patients."
    return (
        f"Chosen on other folds each time, the best reaches {charged.charged:.3f}: choosing "
        f"{charged.best} on these patients flatters by {charged.optimism:+.3f}."
    )


def pretrained_on(comparison: "EncoderComparison") -> tuple[str, ...]:
    """Which encoders were pretrained on patients of these, in a sentence each."""
    return tuple(f"▲ {each.name}: {each.seen}" for each in comparison.compared if each.seen)


def titles(comparison: "EncoderComparison") -> tuple[str, ...]:
    """The columns' titles."""
    first, *others = MEANINGS
    shifts = [
        _SHIFTED.format(shift.strength) for shift in comparison.compared[0].evaluation.stain_shift
    ]
    at = others.index("stain shifted")
    return ("encoder", first, *others[:at], *shifts, *others[at + 1 :])


def rows(comparison: "EncoderComparison") -> Iterator[tuple[str, ...]]:
    """A row for each, the best first, then colour alone, which has fewer cells."""
    for each in comparison.compared:
        result = each.evaluation
        yield (
            each.name,
            f"{result.auroc:.3f}{between(result.auroc_interval)}",
            f"{result.balanced_accuracy:.3f}{between(result.balanced_accuracy_interval)}",
            _difference(each.beyond_colour),
            "best" if each.behind_best is None else _difference(each.behind_best),
            *(f"{shift.auroc:.3f}" for shift in result.stain_shift),
            _number(each.tells_patients, 2),
            _number(each.milliseconds, 1),
            _number(each.megabytes, 0),
        )
    first = comparison.compared[0].evaluation
    yield COLOUR, f"{first.colour_auroc:.3f}", f"{first.colour_balanced_accuracy:.3f}"


def comparison_csv(comparison: "EncoderComparison") -> bytes:
    """The same as a file of numbers, UTF-8 with a byte order mark, for a spreadsheet to open."""
    lines = [_numbers(comparison, each) for each in comparison.compared]
    first = comparison.compared[0].evaluation
    lines.append(
        {
            "encoder": COLOUR,
            "auroc": first.colour_auroc,
            "balanced_accuracy": first.colour_balanced_accuracy,
            **{_SHIFTED.format(shift.strength): shift.colour_auroc for shift in first.stain_shift},
        }
    )
    return spreadsheet(lines, list(lines[0]))


def _numbers(comparison: "EncoderComparison", each: "Compared") -> dict[str, object]:
    result = each.evaluation
    return {
        "encoder": neutral(each.name),
        "dataset": neutral(comparison.dataset),
        "images": result.images,
        "patients": result.patients,
        "auroc": result.auroc,
        **_ends("auroc", result.auroc_interval),
        "balanced_accuracy": result.balanced_accuracy,
        **_ends("balanced_accuracy", result.balanced_accuracy_interval),
        "beyond_colour": each.beyond_colour.difference,
        **_ends("beyond_colour", each.beyond_colour.interval),
        "behind_best": each.behind_best.difference if each.behind_best else 0.0,
        **_ends("behind_best", each.behind_best.interval if each.behind_best else None),
        **{_SHIFTED.format(shift.strength): shift.auroc for shift in result.stain_shift},
        "tells_patients": each.tells_patients,
        "milliseconds": each.milliseconds,
        "megabytes": each.megabytes,
        "pretrained_on_these": neutral(each.seen),
    }


def _ends(figure: str, between: tuple[float, float] | None) -> dict[str, float | None]:
    low, high = between or (None, None)
    return {f"{figure}_low": low, f"{figure}_high": high}


def _difference(value: "Difference") -> str:
    return f"{value.difference:+.3f}{between(value.interval)}"


def between(interval: tuple[float, float] | None) -> str:
    """An interval in brackets, to stand behind its figure; empty where there is none."""
    return "" if interval is None else f" ({interval[0]:.3f} to {interval[1]:.3f})"


def spreadsheet(lines: Sequence[Mapping[str, object]], columns: Sequence[str]) -> bytes:
    """Lines of cells as CSV, UTF-8 with a byte order mark, for a spreadsheet to open."""
    written = io.StringIO(newline="")
    table = csv.DictWriter(written, columns, quoting=csv.QUOTE_NONNUMERIC)
    table.writeheader()
    table.writerows(lines)
    return written.getvalue().encode("utf-8-sig")


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"
