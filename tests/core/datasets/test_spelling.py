"""Spellings that stand for the same."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.datasets.spelling import (
    class_key,
    is_missing,
    is_missing_label,
    label_key,
    magnification_name,
    one_spelling,
    patient_key,
)

INVISIBLE = (
    "\u034f",
    "\u2800",
    "\u3164",
    "\ufe0f",
    "\x00",
    "\u2060",
    "\u200b",
    "\u200d",
    "\ufeff",
    "\u00ad",
    " ",
    "\u00a0",
    "\t",
)
ids = st.from_regex(r"[A-Za-zäöü]{0,3}[1-9][0-9]{0,5}", fullmatch=True)


@given(ids, st.sampled_from(INVISIBLE), st.booleans())
def test_what_nobody_sees_makes_no_other_patient(name: str, mark: str, upper: bool) -> None:  # noqa: FBT001
    key = patient_key(name)
    assert patient_key(mark + name + mark) == key
    assert patient_key(unicodedata.normalize("NFD", name)) == key
    assert patient_key(name.upper() if upper else name.lower()) == key


@given(st.integers(0, 10**6), st.integers(0, 4))
def test_leading_zeros_and_a_fraction_of_zero_do_not_count(number: int, zeros: int) -> None:
    assert patient_key("0" * zeros + str(number)) == str(number)
    assert patient_key(f"{number}.0") == str(number)
    wide = "".join(chr(ord(digit) - ord("0") + 0xFF10) for digit in str(number))
    assert patient_key(wide) == str(number)


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_different_numbers_are_different_patients(one: int, other: int) -> None:
    assert (patient_key(f"P{one}") == patient_key(f"P{other}")) == (one == other)


@given(st.text())
def test_a_key_is_its_own_key(text: str) -> None:
    assert label_key(label_key(text)) == label_key(text)


@pytest.mark.parametrize(
    "twins",
    [
        ("P7", "P.7", "P#7", "P/7", "P 7", "[P7]", "P7_", "(p07)", "\u04207", "P7.png", "\u03a17"),
        ("8864", "8864.png", "8.864E3", "8.864E+03", "8864.", "#8864", "{8864}"),
        ("12/5", "12-5", "12_5", "12:5"),
    ],
)
def test_twins_are_one_patient(twins: tuple[str, ...]) -> None:
    assert len({patient_key(name) for name in twins}) == 1


def test_separators_between_numbers_count() -> None:
    assert len({patient_key(name) for name in ("12-5", "125", "1-25", "12.5.1")}) == 4


@pytest.mark.parametrize(
    "names",
    [
        ("in situ", "in_situ", "insitu", "In-Situ"),
        ("no IDC", "no-idc", "no_IDC", "noidc"),
        ("IDC (+)", "IDC(+)", "idc( + )"),
        ("HER2 -", "HER2-"),
    ],
)
def test_blanks_between_words_make_no_other_class(names: tuple[str, ...]) -> None:
    assert len({class_key(name) for name in names}) == 1
    assert len({class_key(name) for name in ("IDC", "IDC -", "IDC +", "1 0", "10")}) == 5


@pytest.mark.parametrize(
    "cell",
    [
        *("not applicable", "Not reported", "not_provided", "not stated", "\\N", "ND", "withheld"),
        *("redacted", "неизвестно", "Н/Д", "不明", "未知", "없음", "अज्ञात", "άγνωστο", "nieznany"),
    ],
)
def test_words_for_nothing_in_many_languages(cell: str) -> None:
    assert is_missing(cell)


@pytest.mark.parametrize(
    "text",
    [
        "40X",
        "mag40",
        "obj 40",
        "40_magnification",
        "Zoom 40x",
        "40\u0425",
        "40-X",
        "40.",
        "x-40",
        "40.0 x",
        "×40",
    ],
)
def test_one_magnification_in_many_spellings(text: str) -> None:
    assert magnification_name(text) == "40X"


@pytest.mark.parametrize(
    "cell", ["", " ", "NA", "n/a", "NaN", "none", "NULL", "Unknown", "-", "–", "?", "\u200b"]
)
def test_cells_that_say_nothing(cell: str) -> None:
    assert is_missing(cell)


@pytest.mark.parametrize(
    "cell",
    [
        *(
            "N.A",
            "n. a.",
            "N\\A",
            "#REF!",
            "NOT_AVAILABLE",
            "no data",
            "Unknown patient",
            "(blank)",
        ),
        *("…", "_", "*", "anon", "TBD", "-999", "-1", "undefined", "<NA>", "(none)", "--"),
    ],
)
def test_more_cells_that_say_nothing(cell: str) -> None:
    assert is_missing(cell)


@pytest.mark.parametrize("label", ["-", "+", "(-)", "++", "none", "-1", "NAT", "blank", "negative"])
def test_labels_may_be_signs_and_words_for_nothing(label: str) -> None:
    assert not is_missing_label(label)


@pytest.mark.parametrize("label", ["", "NA", "nan", "unknown", "?", "…", "\u200b"])
def test_labels_that_say_nothing(label: str) -> None:
    assert is_missing_label(label)


@given(
    st.sampled_from(["P", "Patient", "Fall"]),
    st.integers(1, 999),
    st.sampled_from(["{}{:03}", "{}-{}", "{}_{:04}", "{} {}.0", "'{}{}'", "{}–{}", '"{} {:02}"']),
)
def test_separators_and_quotation_marks_make_no_other_patient(
    word: str, number: int, way: str
) -> None:
    assert patient_key(way.format(word, number)) == f"{word.casefold()}{number}"


@pytest.mark.parametrize(
    ("one", "other"),
    [("1-0", "10"), ("14-22549", "1422549"), ("1.05", "1.5"), ("2.10", "2.1"), ("P1A", "P1B")],
)
def test_other_ids_are_other_people(one: str, other: str) -> None:
    assert patient_key(one) != patient_key(other)


def test_a_number_as_spreadsheets_show_it_is_the_number() -> None:
    assert patient_key("1.2E+05") == patient_key("120000")
    assert patient_key("1e5") != patient_key("100000")


@pytest.mark.parametrize("digits", ["٣", "३", "３", "3,0", "3."])
def test_digits_of_any_script_are_digits(digits: str) -> None:
    assert patient_key(digits) == "3"


@pytest.mark.parametrize("cell", ["0", "Nana", "N1", "no", "unknown-7", "A-"])
def test_cells_that_say_something(cell: str) -> None:
    assert not is_missing(cell)


@given(
    st.sampled_from(["40", "100", "2.5"]),
    st.sampled_from(["{}", "{}x", "{}X", "{} x", "{}×", "x{}", " {}X "]),
)
def test_one_magnification_in_every_spelling(number: str, spelling: str) -> None:
    assert magnification_name(spelling.format(number)) == f"{number}X"
    assert magnification_name("40.0") == magnification_name("40,0x") == "40X"
    assert magnification_name("high ") == "high"


@given(st.lists(st.sampled_from(["a", "A", "a ", "b", "B"]), min_size=1))
def test_the_commonest_spelling_stands(names: list[str]) -> None:
    chosen = one_spelling(names)
    assert set(chosen) == set(names)
    for name, stands in chosen.items():
        assert label_key(name) == label_key(stands)
        rivals = [other for other in names if label_key(other) == label_key(name)]
        assert rivals.count(stands) == max(map(rivals.count, rivals))
