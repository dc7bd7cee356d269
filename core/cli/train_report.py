"""What the command line says of a model that was trained."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.registry.card_results import Evaluation


def report(evaluation: "Evaluation") -> str:
    """How the model was judged and how it did, a line a patient."""

    def figure(value: float | None, interval: tuple[float, float] | None = None) -> str:
        text = "–" if value is None else f"{value:.3f}"
        return f"{text} ({interval[0]:.3f}–{interval[1]:.3f})" if interval else text

    lines = [
        "LEAKY SPLIT: " + evaluation.protocol if evaluation.leaky else evaluation.protocol,
        f"{evaluation.images} images of {evaluation.patients} patients. 95 % intervals by patient.",
        (
            f"AUROC {figure(evaluation.auroc, evaluation.auroc_interval)}, "
            f"colour alone {figure(evaluation.colour_auroc)}"
        ),
        (
            "Balanced accuracy "
            f"{figure(evaluation.balanced_accuracy, evaluation.balanced_accuracy_interval)}, "
            f"colour alone {figure(evaluation.colour_balanced_accuracy)}"
        ),
        "patient  images  positive  AUROC  balanced accuracy  at threshold  colour alone",
    ]
    lines += [
        f"{result.patient:>7}  {result.images:6d}  {result.positives:8d}  {figure(result.auroc)}  "
        f"{figure(result.balanced_accuracy):>17}  {result.threshold:12.3f}  "
        f"{figure(result.colour_auroc)} / {figure(result.colour_balanced_accuracy)}"
        for result in evaluation.by_patient
    ]
    return "\n".join([*lines, *evaluation.notes])
