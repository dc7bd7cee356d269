"""The journey of a sweep: what is computed, kept, left out, and refused."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.cluster import Came, Note, Task
from core.cluster.here import do, unwanted
from core.errors import LobuleError, RecipeError, Stopped, TrainingError
from core.evaluation.cross_validate import Decision, fit_decision
from core.training.judging.folds import split_of_fold
from core.training.request.override import override
from core.training.request.recipe import Recipe, load_recipe
from core.training.request.request import Request
from core.training.run import train
from core.training.sweep import run
from core.training.sweep.answers import FoldAnswer, SweepMaterial
from core.training.sweep.jobs import (
    cancel,
    list_sweeps,
    read_result,
    read_sweep,
    resume_here,
    sweep_here,
)
from core.training.sweep.jobs.folder import find_sweep
from core.training.sweep.sweep_file import Sweep
from core.training.sweep.table import command_of_winner, rows, verdict
from tests.core.training.sweep import made_sweeps

ASKED: list[str] = []


@pytest.fixture(scope="module")
def twenty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_sweeps.write_twenty(tmp_path_factory.mktemp("twenty") / "idc")


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    ASKED.clear()
    monkeypatch.setattr(run, "compute", in_this_process)
    monkeypatch.setattr(run, "_cards", lambda: 0)


def in_this_process(
    tasks: Sequence[Task],
    _cores: int,
    hear: Callable[[Note], None],
    check: Callable[[], None],
    _cards: int = 0,
    wanted: Callable[[str], bool] = lambda _: True,
) -> Iterator[Came]:
    for task in tasks:
        check()
        if not wanted(task.key):
            yield unwanted(task.key)
            continue
        ASKED.append(task.key)
        hear(Note(task.key, "began", "here"))
        try:
            result = do(task, lambda done, key=task.key: hear(Note(key, "doing", "here", done)))
        except LobuleError as error:
            yield Came(task.key, None, error)
        else:
            yield Came(task.key, result, None, 2.0)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "answer_by_fit", pretended)


def pretended(
    progress: Callable[[float], None],
    recipe: Recipe,
    material: SweepMaterial,
    tested: Sequence[int],
    pixels: Path,
    weights: Path | None = None,
) -> list[FoldAnswer]:
    """Answers that are better with a higher learning rate, and refused from 0.5 on."""
    assert recipe.train is not None
    assert (pixels / material.file).exists()
    assert weights is None
    rate = recipe.train.learning_rate
    if rate >= 0.5:
        raise TrainingError("The loss is no number any more. Lower the learning rate.")
    progress(0.5)
    random = np.random.default_rng(recipe.seed)
    answers = []
    for fold in tested:
        split = split_of_fold(material.folds, fold, recipe.seed)
        parts = []
        for rows_ in (split.validation, split.test):
            seen = 200 * rate * (2 * material.labels[rows_] - 1) + random.normal(0, 1, len(rows_))
            parts.append(np.stack([-seen, seen], axis=1))
        chosen_on = material.labels[split.validation], material.patients[split.validation]
        decision: Decision = fit_decision(parts[0], *chosen_on)
        answers.append(FoldAnswer(fold, *parts, decision))
    return answers


def varied(twenty: Path, rates: list[float], **settings: Any) -> Sweep:
    vary = {"train": {"learning_rate": rates}}
    return made_sweeps.sweep(twenty, made_sweeps.SMALL | {"vary": vary}, **settings)


@pytest.mark.usefixtures("quick")
def test_every_fold_of_every_candidate_under_every_seed(twenty: Path) -> None:
    state = sweep_here(varied(twenty, [1e-3, 1e-2], seeds=[0, 5]), lambda _: None)
    folds = [f"f{fold}" for fold in range(1, 6)]
    expected = {f"c{c:03}-s{s}-{f}" for c in (1, 2) for s in (0, 5) for f in folds}
    assert sorted(ASKED) == sorted(expected | {"colour"})
    assert (state.state, state.tasks, state.tasks_done) == ("finished", 21, 21)
    assert {piece.where for piece in state.each.values()} == {"here"}
    result = read_result(state.id)
    assert result is not None
    assert [each.name for each in result.candidates] == [
        "cnn3, train.learning_rate=0.01",
        "cnn3, train.learning_rate=0.001",
    ]
    assert (result.images, result.patients, result.seeds) == (120, 20, (0, 5))
    assert result.winner.minutes == pytest.approx(20 / 60)
    assert len(list(rows(result))) == 2
    assert "chosen on validation patients" in verdict(result)[0]
    command = command_of_winner(result, state.request)
    assert "--set train.learning_rate=0.01" in command
    assert "--set seed=0" in command
    assert find_sweep(state.id).predictions.exists()
    assert [each.id for each in list_sweeps()] == [state.id]


@pytest.mark.usefixtures("quick")
def test_one_that_fails_is_left_out_and_said(twenty: Path) -> None:
    state = sweep_here(varied(twenty, [1e-3, 0.5]), lambda _: None)
    result = read_result(state.id)
    assert result is not None
    assert [each.name for each in result.candidates] == ["cnn3, train.learning_rate=0.001"]
    assert "no number any more" in verdict(result)[-1]
    # What is of no use any more is not computed.
    assert sum(piece.state == "refused" for piece in state.each.values()) == 5
    assert len(ASKED) == 1 + 5 + 1
    assert state.tasks_done == state.tasks
    with pytest.raises(LobuleError, match="No candidate gave an answer"):
        sweep_here(varied(twenty, [0.5]), lambda _: None)


@pytest.mark.usefixtures("quick")
def test_what_was_computed_is_not_computed_again(twenty: Path) -> None:
    def stop(state: Any) -> None:
        if state.tasks_done >= 4:
            cancel(state.id)

    sweep = varied(twenty, [1e-3, 1e-2])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.training.sweep.jobs.work._SECONDS_BETWEEN", 0.0)
        with pytest.raises(Stopped, match="resume it"):
            sweep_here(sweep, stop)
    (cut,) = list_sweeps()
    assert (cut.state, read_result(cut.id)) == ("cancelled", None)
    ASKED.clear()
    # Damaged answers are computed again, too: cut off, or with a bit turned.
    answers = find_sweep(cut.id).answers
    kept = sorted(answers.iterdir())
    kept[0].write_bytes(kept[0].read_bytes()[:1500])
    content = bytearray(kept[1].read_bytes())
    content[len(content) // 2] ^= 1
    kept[1].write_bytes(bytes(content))
    state = resume_here(cut.id, lambda _: None)
    again = {path.stem for path in kept[2:]}
    assert again
    assert not again & set(ASKED)
    assert {path.stem for path in kept[:2]} <= set(ASKED)
    assert len(ASKED) == 1 + 10 - len(again)
    whole = sweep_here(sweep, lambda _: None)
    first, second = read_result(state.id), read_result(whole.id)
    assert first is not None
    assert second is not None
    assert first.model_dump(exclude={"candidates"}) == second.model_dump(exclude={"candidates"})


@pytest.mark.usefixtures("quick")
def test_other_data_than_it_began_with_are_refused(twenty: Path, tmp_path: Path) -> None:
    data = tmp_path / "copy"
    shutil.copytree(twenty, data)
    state = sweep_here(varied(data, [1e-3]), lambda _: None)
    next(data.rglob("*.png")).unlink()
    with pytest.raises(TrainingError, match="changed since this sweep began"):
        resume_here(state.id, lambda _: None)
    assert read_sweep(state.id).state == "failed"


def test_what_cannot_be_judged_is_refused(twenty: Path, tiny_idc: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="needs 20"):
        sweep_here(varied(tiny_idc, [1e-3]), lambda _: None)
    with pytest.raises(LobuleError, match="no folder or manifest"):
        sweep_here(varied(tmp_path / "none", [1e-3]), lambda _: None)
    with pytest.raises(RecipeError, match="no recipe"):
        sweep_here(made_sweeps.sweep(twenty, {"recipe": "cnn99"}), lambda _: None)
    with pytest.raises(TrainingError, match="There is no sweep"):
        resume_here("20260101-000000-none", lambda _: None)
    with pytest.raises(TrainingError, match="There is no sweep"):
        read_sweep("../../etc")


@pytest.mark.usefixtures("quick")
def test_colour_alone_does_not_depend_on_what_stands_first(twenty: Path) -> None:
    """Where the stain is normalised it says less, and what stands beside it would shine."""
    plain = made_sweeps.SMALL
    normalised = plain | {"set": plain["set"] | {"stain_normalisation": "macenko"}}
    figures = set()
    for recipes in ([plain, normalised], [normalised, plain]):
        state = sweep_here(made_sweeps.sweep(twenty, *recipes), lambda _: None)
        result = read_result(state.id)
        assert result is not None
        figures.add(result.colour_auroc)
    assert len(figures) == 1


@pytest.mark.usefixtures("quick")
def test_what_is_computed_by_another_backend_is_computed_again(
    twenty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = sweep_here(varied(twenty, [1e-3]), lambda _: None)
    ASKED.clear()
    resume_here(state.id, lambda _: None)
    assert ASKED == ["colour"]
    monkeypatch.setenv("KERAS_BACKEND", "another")
    resume_here(state.id, lambda _: None)
    assert len(ASKED) == 1 + 6


def test_weights_of_a_part_of_a_network_travel(
    twenty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "densenet121_notop.weights.h5").write_bytes(b"weights")
    monkeypatch.setenv("LOBULE_WEIGHTS", str(tmp_path))
    sent: dict[str, Any] = {}

    def refuse(tasks: Sequence[Task], *_: Any) -> Iterator[Came]:
        for task in tasks:
            sent.update(task.files)
        raise TrainingError("enough")
        yield

    monkeypatch.setattr(run, "compute", refuse)
    recipe = {"recipe": "breakhis-binary", "set": {"input_size": 64, "fit": "squash"}}
    with pytest.raises(TrainingError, match="enough"):
        sweep_here(made_sweeps.sweep(twenty, recipe), lambda _: None)
    assert sent["weights"].names == ("densenet121_notop.weights.h5",)


@pytest.mark.slow
@pytest.mark.exhaustive
def test_figures_are_those_of_train(twenty: Path) -> None:
    """By the same folds and seeds, so that a sweep says of a recipe what its card would say."""
    state = sweep_here(made_sweeps.sweep(twenty, made_sweeps.SMALL, seeds=[3]), lambda _: None)
    result = read_result(state.id)
    assert result is not None
    changes = ["train.epochs=1", "train.batch_size=16", "input_size=32", "seed=3"]
    recipe = override(load_recipe("cnn3"), changes)
    card = train(Request(recipe=recipe, data=twenty, name="same")).card
    assert card.evaluation is not None
    assert result.nested_auroc.value == pytest.approx(card.evaluation.auroc, abs=1e-6)
    assert result.nested_balanced_accuracy.value == pytest.approx(
        card.evaluation.balanced_accuracy, abs=1e-6
    )
    assert result.colour_auroc == pytest.approx(card.evaluation.colour_auroc, abs=1e-6)
