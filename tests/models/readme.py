"""The README's row of a shipped model."""

from core.registry.package import Package


def readme_row(package: Package) -> str:
    """What the README's table must say, from the card."""
    card = package.card.evaluation
    assert card is not None
    assert card.auroc_interval
    assert card.balanced_accuracy_interval
    within = card.auroc_within_patients
    inner = "–" if within is None else f"{within:.3f}"
    (low, high), (least, most) = card.auroc_interval, card.balanced_accuracy_interval
    return (
        f"| `{package.card.name}` | {card.images:,} | {card.patients} | **{card.auroc:.3f}** "
        f"({low:.3f}–{high:.3f}) | {card.colour_auroc:.3f} | {inner} "
        f"| {card.stain_shift[-1].auroc:.3f} | **{card.balanced_accuracy:.3f}** "
        f"({least:.3f}–{most:.3f}) | {card.colour_balanced_accuracy:.3f} |"
    )
