"""A key for each class, none twice, none that something else takes."""

from hypothesis import given
from hypothesis import strategies as st
from streamlit.elements.lib.shortcut_utils import normalize_shortcut

from pages.shared.judging import keys_of

SUBTYPES = (
    "adenosis",
    "fibroadenoma",
    "phyllodes tumor",
    "tubular adenoma",
    "ductal carcinoma",
    "lobular carcinoma",
    "mucinous carcinoma",
    "papillary carcinoma",
)


def test_keys_are_the_first_letters_where_they_can_be() -> None:
    assert keys_of(("no IDC", "IDC")) == ("N", "I")
    assert keys_of(("benign", "malignant")) == ("B", "M")
    assert keys_of(SUBTYPES)[:7] == ("A", "F", "P", "T", "D", "L", "M")
    assert keys_of(("良性", "悪性")) == ("1", "2")


@given(st.lists(st.text(), max_size=40))
def test_no_key_twice_and_none_of_others(classes: list[str]) -> None:
    keys = [key for key in keys_of(classes) if key]
    assert len(set(keys)) == len(keys)
    assert not {"J", "K", "U", "C", "R"} & set(keys)
    for key in keys:
        normalize_shortcut(key)  # Streamlit takes it
