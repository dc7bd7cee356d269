import pytest

from core.training.request.setting_place import line_of

TEXT = """# A comment: epochs = 3
title = "A = B"

[train]  # the first phase
epochs = 3
"patience" = 4
[ fine_tune ]
  layers=2
augmentation.flips = true
"""


@pytest.mark.parametrize(
    ("setting", "line"),
    [
        (("title",), 2),
        (("train",), 4),
        (("train", "epochs"), 5),
        (("train", "patience"), 6),
        (("fine_tune", "layers"), 8),
        (("fine_tune", "augmentation", "flips"), 9),
        # What is missing is shown where it should be.
        (("fine_tune", "epochs"), 7),
        (("epochs",), None),
        (("",), None),
        ((), None),
    ],
)
def test_a_setting_is_found_in_its_own_table(setting: tuple[str, ...], line: int | None) -> None:
    assert line_of(TEXT, setting) == line
