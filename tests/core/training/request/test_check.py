import pytest

from core.errors import TrainingError
from core.training.request.check import check_name


@pytest.mark.parametrize("name", ["My Model", "", "../idc", "idc.2", "-idc", "ä", "a" * 65])
def test_names_that_no_package_can_have_are_refused(name: str) -> None:
    with pytest.raises(TrainingError, match="lower-case letters"):
        check_name(name)


def test_a_good_name_passes() -> None:
    check_name("idc-2_b")
