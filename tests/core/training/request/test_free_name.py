from pathlib import Path

import pytest

from core.training.request.check import check_name
from core.training.request.free_name import free_name


def test_names_that_the_shelf_or_a_run_has_are_passed_over(tmp_path: Path) -> None:
    assert free_name("cnn3", tmp_path / "none", set()) == "cnn3"
    (tmp_path / "cnn3").mkdir()
    assert free_name("cnn3", tmp_path, {"cnn3-2"}) == "cnn3-3"


@pytest.mark.parametrize("recipe", ["My recipe (2)", "_", "µ", "a" * 99, "-x", "../up"])
def test_any_file_gives_a_name_that_a_model_can_have(recipe: str, tmp_path: Path) -> None:
    (tmp_path / free_name(recipe, tmp_path, set())).mkdir()
    check_name(free_name(recipe, tmp_path, set()))
