"""The shelf: broken packages are told of and the others go on."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import PackageError
from core.registry import shelf as shelf_module
from core.registry.card import Card
from core.registry.card_words import reservations
from core.registry.package import load_package
from core.registry.shelf import (
    activate,
    active_name,
    answers_by_itself,
    best_first,
    find,
    shelf,
)
from tests.core.conftest import card_content
from tests.core.registry.test_card_page import EVALUATION


def own(home: Path, saved: Path, name: str) -> Path:
    """Add a copy of the tiny package under another name to the user's own models."""
    folder = Path(shutil.copytree(saved, home / "models" / name))
    card = folder / "card.json"
    card.write_text(card.read_text().replace('"name": "tiny"', f'"name": "{name}"', 1))
    return folder


def test_shipped_first_then_own_and_hidden_never(
    home: Path, saved: Path, shelve: Callable[[], Path]
) -> None:
    shelve()
    own(home, saved, "another")
    (home / "models" / ".half.saving-x").mkdir()
    (home / "models" / "README.md").write_text("not a package")
    assert [(entry.name, entry.shipped, entry.error) for entry in shelf()] == [
        ("tiny", True, None),
        ("another", False, None),
    ]


def test_a_broken_package_is_told_of_and_the_rest_goes_on(
    home: Path, saved: Path, shelve: Callable[[], Path]
) -> None:
    shelve()
    (own(home, saved, "broken") / "history.csv").unlink()
    (home / "models" / "empty").mkdir()
    own(home, saved, "sound")
    errors = {entry.name: entry.error for entry in shelf()}
    assert "no card.json" in str(errors.pop("empty"))
    assert "history.csv is missing" in str(errors.pop("broken"))
    assert errors == {"tiny": None, "sound": None}
    with pytest.raises(PackageError, match=r"history\.csv is missing"):
        find("broken")
    assert find("sound").card.name == "sound"


def test_an_own_package_cannot_pose_as_a_shipped_one(
    home: Path, saved: Path, shelve: Callable[[], Path]
) -> None:
    shipped = shelve()
    trained = own(home, saved, "tiny")
    assert [entry.name for entry in shelf()] == ["tiny", "own:tiny"]
    assert find("tiny").path == shipped
    assert find("own:tiny").path == trained
    activate("own:tiny")
    assert find().path == trained


def test_the_active_model_is_kept_and_falls_back(
    home: Path, saved: Path, shelve: Callable[[], Path]
) -> None:
    shelve()
    folder = own(home, saved, "another")
    assert active_name() == "tiny"
    activate("another")
    assert active_name() == "another"
    assert find().card.name == "another"
    shutil.rmtree(folder)
    assert active_name() == "tiny"
    (home / "active.json").write_text("{damaged")
    assert active_name() == "tiny"
    assert [path.name for path in home.glob(".active*")] == []


def test_the_shipped_idc_model_is_the_default(
    home: Path, saved: Path, shelve: Callable[[], Path]
) -> None:
    shelve()
    own(home, saved, "another")
    own(home, saved, "idc")
    assert active_name() == "idc"


def judged(folder: Path, auroc: float, **changes: object) -> None:
    """Write held-out results on a package's card."""
    card = json.loads((folder / "card.json").read_text())
    result = json.loads((Path("models") / "idc" / "card.json").read_text())["evaluation"]
    judged = {"auroc": auroc, "auroc_interval": None, "beats_colour": True, "leaky": False}
    card["evaluation"] = result | judged | {"decided": 0.8, "decided_rightly": 0.9} | changes
    (folder / "card.json").write_text(json.dumps(card))


def test_the_best_come_first_and_those_for_demonstration_do_not_answer_by_themselves(
    home: Path, saved: Path, shelve: Callable[[], Path]
) -> None:
    shelve()  # "tiny" was never judged
    judged(own(home, saved, "good"), 0.8)
    judged(own(home, saved, "better"), 0.9)
    judged(own(home, saved, "leaky"), 0.99, leaky=True)
    judged(own(home, saved, "shows"), 0.95, decided=0.1)
    names = ["better", "good", "leaky", "tiny", "shows"]
    assert [entry.name for entry in best_first()] == names
    assert [answers_by_itself(entry) for entry in best_first()] == [True] * 4 + [False]
    activate("shows")
    assert best_first()[0].name == "shows"
    assert answers_by_itself(best_first()[0]), "somebody made it the one that answers"


def test_no_package_is_taken_for_the_automatic_choice(
    home: Path, saved: Path, shelve: Callable[[], Path]
) -> None:
    shelve()
    own(home, saved, "auto")
    assert [entry.name for entry in shelf()] == ["tiny", "own:auto"]


def test_unknown_models_and_an_empty_shelf_say_so(
    home: Path, shelve: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    shelve()
    with pytest.raises(PackageError, match=r"no model called 'x'\. Available models: tiny"):
        activate("x")
    monkeypatch.setenv("LOBULE_SHIPPED_MODELS", str(home / "nowhere"))
    assert shelf() == []
    with pytest.raises(PackageError, match="No usable model"):
        find()


def test_files_are_hashed_again_only_when_they_changed(
    shelve: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shelve()
    loaded = []

    def count(path: Path) -> object:
        loaded.append(path)
        return load_package(path)

    monkeypatch.setattr(shelf_module, "load_package", count)
    for _ in range(3):
        assert shelf()[0].error is None
    assert len(loaded) == 1
    history = (folder / "history.csv").read_bytes()
    (folder / "history.csv").write_bytes(history[:-2] + b"9\n")
    for _ in range(3):
        assert "history.csv is changed" in str(shelf()[0].error)
    assert len(loaded) == 2
    (folder / "history.csv").write_bytes(history)
    assert shelf()[0].error is None
    assert len(loaded) == 3


def test_the_shelf_needs_no_tensorflow(shelve: Callable[[], Path]) -> None:
    shelve()
    program = (
        "import sys; from core.registry.shelf import shelf; print(shelf()[0].name, "
        "sorted({'tensorflow', 'keras', 'streamlit'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "tiny []\n"


def test_one_for_demonstration_is_never_chosen_by_itself(
    home: Path, saved: Path, shelve: Callable[[], Path]
) -> None:
    shown = Path(shelve())
    card = json.loads((shown / "card.json").read_text())
    card["evaluation"] = EVALUATION | {"decided": 0.9, "decided_rightly": 0.8, "beats_colour": True}
    (shown / "card.json").write_text(json.dumps(card))
    with pytest.raises(PackageError, match=r"are for demonstration: tiny\. Choose one"):
        active_name()
    own(home, saved, "zebra")
    assert active_name() == "zebra"
    activate("tiny")
    assert active_name() == "tiny"


@pytest.mark.parametrize(
    ("decides", "rightly", "beats_colour", "shows_only"),
    [
        (None, None, False, False),  # a card of before
        (0.34, 0.85, True, False),
        (0.33, 0.99, True, True),
        (0.9, 0.84, True, True),
        (0.9, 0.9, False, True),
        (0.0, None, True, True),
    ],
)
def test_what_is_for_demonstration(
    decides: float | None, rightly: float | None, *, beats_colour: bool, shows_only: bool
) -> None:
    changes = {"decided": decides, "decided_rightly": rightly, "beats_colour": beats_colour}
    card = Card.model_validate(card_content(evaluation=EVALUATION | changes))
    assert card.evaluation is not None
    assert card.evaluation.demonstration == shows_only
    assert any("FOR DEMONSTRATION" in text for text in reservations(card)) == shows_only
