"""The BreaKHis model that ships: what its card says, and the README with it."""

from pathlib import Path

import pytest

from core.registry.card_words import reservations
from core.registry.package import Package
from core.registry.shelf import active_name, find, shelf
from tests.models.readme import readme_row

README = Path(__file__).parents[2] / "README.md"
SHIPPED = ["breakhis-binary", "idc"]


@pytest.fixture(scope="module")
def package() -> Package:
    return find("breakhis-binary")


@pytest.mark.parametrize("name", SHIPPED)
def test_ships_sound_and_small(name: str) -> None:
    package = find(name)
    assert sum(path.stat().st_size for path in package.path.iterdir()) < 32_000_000
    assert package.card.training.command == (
        f"python -m core train --recipe {name} --data FOLDER --name {name}"
    )


def test_two_ship_and_idc_answers_unless_another_is_chosen() -> None:
    assert [entry.name for entry in shelf() if entry.shipped and not entry.error] == SHIPPED
    assert active_name() == "idc"


def test_card_says_how_it_stands_against_colour_at_each_magnification(package: Package) -> None:
    card = package.card.evaluation
    assert card.difference_interval
    assert card.beats_colour == (card.difference_interval[0] > 0)
    assert [shift.strength for shift in card.stain_shift] == [0.1, 0.25]
    assert [at.name for at in card.by_magnification] == ["40X", "100X", "200X", "400X"]
    assert sum(at.images for at in card.by_magnification) == card.images
    readme = README.read_text(encoding="utf-8")
    for at in card.by_magnification:
        if at.auroc is not None:
            assert (
                f"| {at.name} | {at.images} | {at.patients} | {at.auroc:.3f} "
                f"| {at.colour_auroc:.3f} | {at.balanced_accuracy:.3f} |"
            ) in readme


def test_it_is_for_demonstration_and_says_so(package: Package) -> None:
    card = package.card.evaluation
    assert card.demonstration
    assert reservations(package.card)[0].startswith("▲ FOR DEMONSTRATION")


def test_readme_and_card_tell_the_same(package: Package) -> None:
    readme = README.read_text(encoding="utf-8")
    assert readme_row(package) in readme
    decided, right = package.card.evaluation.decided, package.card.evaluation.decided_rightly
    assert f"`breakhis-binary` decides {decided:.0%}, {right:.0%} of these rightly" in readme
