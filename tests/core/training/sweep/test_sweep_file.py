"""What a sweep's file says, and what is wrong with one."""

from pathlib import Path

import pytest

from core.errors import RecipeError
from core.training.sweep.sweep_file import Sweep, candidates_of, load_sweep


def load(tmp_path: Path, text: str) -> Sweep:
    file = tmp_path / "mine.toml"
    file.write_text(text, encoding="utf-8")
    return load_sweep(file)


def test_every_combination_is_a_candidate(tmp_path: Path) -> None:
    sweep = load(
        tmp_path,
        """
        data = "images"
        seeds = [3, 4]
        [[recipes]]
        recipe = "cnn3"
        set.train.epochs = 2
        vary.train.learning_rate = [1e-3, 1e-4]
        vary.input_size = [32, 48]
        [[recipes]]
        recipe = "breakhis-binary"
        """,
    )
    assert (sweep.name, sweep.seeds, sweep.data) == ("mine", (3, 4), tmp_path / "images")
    found = candidates_of(sweep)
    assert [each.name for each in found] == [
        "cnn3, train.learning_rate=0.001, input_size=32",
        "cnn3, train.learning_rate=0.001, input_size=48",
        "cnn3, train.learning_rate=0.0001, input_size=32",
        "cnn3, train.learning_rate=0.0001, input_size=48",
        "breakhis-binary",
    ]
    last = found[3].recipe
    assert last.train is not None
    assert (last.train.learning_rate, last.train.epochs, last.input_size) == (1e-4, 2, 48)
    assert found[3].changes == ("train.epochs=2", "train.learning_rate=0.0001", "input_size=48")


def test_a_recipe_may_stand_twice_with_other_settings(tmp_path: Path) -> None:
    vary = "vary.train.learning_rate = [1e-3, 1e-4]"
    start = '[[recipes]]\nrecipe = "cnn3"\nset.input_size ='
    sweep = load(tmp_path, f'data = "x"\n{start} 32\n{vary}\n{start} 48\n{vary}\n')
    names = [each.name for each in candidates_of(sweep)]
    assert names[0] == "cnn3, input_size=32, train.learning_rate=0.001"
    assert len(set(names)) == 4


def test_a_recipe_of_ones_own_lies_beside_the_sweep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = Path("core/training/recipes/cnn3.toml").read_text(encoding="utf-8")
    (tmp_path / "own.toml").write_text(shipped, encoding="utf-8")
    sweep = load(tmp_path, 'data = "x"\n[[recipes]]\nrecipe = "own.toml"\n')
    monkeypatch.chdir("/")
    (found,) = candidates_of(sweep)
    assert found.name == "own"
    assert found.source == str(tmp_path / "own.toml")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "data"),
        ('data = "x"', "recipes"),
        ('data = "x"\nrecipes = []', "recipes"),
        ('data = "x"\nseeds = [1, 1]\n[[recipes]]\nrecipe = "cnn3"', "once"),
        ('data = "x"\nseeds = [-1]\n[[recipes]]\nrecipe = "cnn3"', "seeds"),
        ('data = "x"\ncores = 0\n[[recipes]]\nrecipe = "cnn3"', "cores"),
        ('data = "x"\nother = 0\n[[recipes]]\nrecipe = "cnn3"', "other"),
        ('data = "x"\n[[recipes]]\nrecipe = "cnn3"\nvary.input_size = 32', "list of the values"),
        ('data = "x"\n[[recipes]]\nrecipe = "cnn3"\nvary.input_size = []', "list of the values"),
        ('data = "x"\n[[recipes]]\nrecipe = "cnn3"\nvary.seed = [1]', "seeds = "),
        ('data = "x"\n[[recipes]]\nrecipe = "cnn3"\nset.seed = 1', "seeds = "),
        ('data = "x"\n[[recipes]]\nrecipe = "cnn9"', "no recipe 'cnn9'"),
        ('data = "x"\n[[recipes]]\nrecipe = "cnn3"\nset.nothing = 3', "nothing"),
        ('data = "x"\n[[recipes]]\nrecipe = "cnn3"\nset.split = "image"', "leaks"),
        ('data = "x"\n[[recipes]]\nrecipe = "probe"', "needs an encoder"),
        ('data = "x"\n[[recipes]]\nrecipe = "cnn3"\n[[recipes]]\nrecipe = "cnn3"', "twice"),
        ('data = "x"\n[[recipes]]\nrecipe = "cnn3"\nvary.input_size = [32, 32]', "twice"),
        (
            'data = "x"\n[[recipes]]\nrecipe = "cnn3"\nvary.input_size = '
            + str(list(range(32, 48)))
            + "\nvary.train.batch_size = "
            + str(list(range(1, 16))),
            "more than 200",
        ),
        ("data = ", "not valid TOML"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(RecipeError) as caught:
        candidates_of(load(tmp_path, text))
    assert words in str(caught.value)
    assert "Traceback" not in str(caught.value)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="cannot be read"):
        load_sweep(tmp_path / "none.toml")


@pytest.mark.usefixtures("_held")
def test_a_server_reads_no_sweep_outside_its_folders(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="lies outside"):
        load(tmp_path, 'data = "x"\n[[recipes]]\nrecipe = "cnn3"')


@pytest.fixture
def _held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOBULE_HELD_TO_ROOTS", "1")
