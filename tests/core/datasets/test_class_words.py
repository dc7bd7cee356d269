"""Which of two classes is positive, by their words and never by the alphabet."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.datasets.class_words import apart, positive_of
from core.datasets.classes import UndecidedClassesError, class_order, match_classes
from core.errors import DatasetError

NEGATIONS = (
    *("non-{}", "non {}", "Non_{}", "no-{}", "no {}", "NO {}", "not {}", "without {}", "w/o {}"),
    *("{} free", "{}-free", "free of {}", "{}(-)", "{} (−)", "{}-", "{} negative", "{} neg", "!{}"),
    *("negative for {}", "no evidence of {}", "ohne {}", "sans {}", "{}_0", "absent {}", "{} –"),
)
THINGS = ("IDC", "tumour", "Mitosis", "HER2", "metastasis", "DCIS", "lesion", "necrosis")
PAIRS = (
    *(("carcinoma", "healthy tissue"), ("malignant", "non-malignant"), ("malignant", "benign")),
    *(("+", "-"), ("IDC(+)", "IDC(-)"), ("1", "0"), ("1", "-1"), ("1.0", "0.0"), ("true", "false")),
    *(
        ("yes", "no"),
        ("positive", "negative"),
        ("case", "control"),
        ("mutant", "wt"),
        ("x", "normal"),
    ),
    *(("IDC", "other"), ("tumor", "stroma"), ("abnormal", "normal"), ("not normal", "normal")),
    *(("unhealthy", "healthy"), ("non-benign", "benign"), ("involved margin", "uninvolved margin")),
    *(("affected", "unaffected"), ("tumor", "nontumor")),
    *(("malignant tumour", "benign tumour"), ("invasive carcinoma", "non-invasive carcinoma")),
    *(("IDC", "NonIDC"), ("IDCpos", "IDCneg"), ("class1", "class0"), ("M", "B"), ("Y", "N")),
    *(("node positive", "node negative"), ("malignant nodule", "benign nodule"), ("ja", "nein")),
    *(("nodal metastasis", "no nodal metastasis"), ("c1", "c0"), ("T", "N"), ("N+", "N-")),
    *(("triple negative", "non triple negative"), ("N (+)", "N (-)")),
    *(("carcinoma of no special type", "benign"), ("HER2-negative carcinoma", "normal")),
    *(("non-invasive carcinoma", "healthy"), ("carcinoma, non-invasive", "normal tissue")),
    *(("clear cell carcinoma", "normal"), ("invasive carcinoma", "no invasive carcinoma")),
    *(("node negative breast cancer", "normal"), ("HER2neg carcinoma", "benign")),
    *(("ER- carcinoma", "normal"), ("ER positive carcinoma", "ER negative carcinoma")),
    *(("tumor present", "tumor not present"), ("cancer", "negative for invasive cancer")),
    *(("tumor", "no tumour cells seen"), ("malignant", "not otherwise specified, benign")),
    *(("present", "absent"), ("tumor", "tumor-adjacent normal"), ("bösartig", "gutartig")),
    *(("non-benign tumor", "benign tumor"), ("positive_control", "negative_control")),
    *(("1_IDC", "0_non_IDC"), ("1 - IDC", "0 - no IDC"), ("yes (1)", "no (0)"), ("pos1", "neg0")),
    *(("IDC (malignant)", "non-IDC (benign)"), ("cancer", "benign (non-cancer)")),
    *(("Tumor", "tumorfrei"), ("kreft", "ikke kreft"), ("опухоль", "без опухоли")),
    *(("恶性", "良性"), ("癌", "非癌")),
)
UNSETTLED = (
    *(("x", "b"), ("IDC", "DCIS"), ("normal", "benign"), ("high", "low"), ("cancer", "precancer")),
    *(("IDC+", "IDC"), ("1", "2"), ("grade 1", "grade 2"), ("A", "B"), ("other", "stroma")),
    *(
        ("N1", "N0"),
        ("pT1", "pT0"),
        ("B", "N"),
        ("nodular", "diffuse"),
        ("b", "malignant x"),
        ("N+", "N0"),
    ),
    *(("N", "C"), ("slide_0", "slide_1"), ("P0", "P1"), ("patient 1", "patient 0")),
    *(("treated", "untreated"), ("labeled", "unlabeled"), ("normal-like", "luminal A")),
    *(("carcinoma slide negative", "x"), ("carcinoma HER2-", "fibroadenoma")),
    *(("tumor not seen", "stroma"), ("carcinoma without necrosis", "x")),
    *(("triple-negative", "luminal"), ("positive_0", "negative_1"), ("1_non_IDC", "0_IDC")),
    *(("stroma", "non-stroma tumor"), ("normal +", "normal -")),
)


@pytest.mark.parametrize(("positive", "negative"), PAIRS)
def test_what_the_words_settle(positive: str, negative: str) -> None:
    assert positive_of(positive, negative) == 0
    assert positive_of(negative, positive) == 1


@pytest.mark.parametrize("names", UNSETTLED)
def test_what_they_do_not_settle_is_asked(names: tuple[str, str]) -> None:
    assert positive_of(*names) is None
    with pytest.raises(UndecidedClassesError, match="--positive") as caught:
        class_order(names, "binary", "The folders")
    assert set(caught.value.classes) == set(names)
    for positive, negative in (names, names[::-1]):
        assert class_order(names, "binary", "The folders", positive)[0] == (negative, positive)
        assert class_order(names, "binary", "It", known=(negative, positive))[0][1] == positive


@given(
    st.sampled_from(THINGS),
    st.sampled_from(NEGATIONS),
    st.sampled_from([str.lower, str.upper, str.title, str]),
)
def test_of_a_thing_and_its_negation_the_thing_is_positive(
    thing: str, negation: str, case: Callable[[str], str]
) -> None:
    negative = case(negation.format(thing))
    assert positive_of(thing, negative) == 0
    assert positive_of(negative, thing) == 1


@given(
    st.sampled_from(["healthy", "normal", "benign", "typical", "unremarkable"]),
    st.sampled_from(["non-{}", "non {}", "not {}", "Not-{}", "un{}", "ab{}", "a{}"]),
    st.sampled_from(["", " tissue", " (IDC)", " tumor", "_epithelium", " slides", " (tumour)"]),
)
def test_what_is_not_healthy_is_never_the_negative_class(
    health: str, negation: str, more: str
) -> None:
    usual = {"un": "healthy", "ab": "normal", "a": "typical"}
    if usual.get(negation[:-2], health) != health:
        return
    assert positive_of(negation.format(health) + more, health) == 0
    assert positive_of(health, negation.format(health) + more) == 1


@given(st.text(max_size=12), st.text(max_size=12))
def test_the_order_of_the_names_decides_nothing(one: str, other: str) -> None:
    first, second = positive_of(one, other), positive_of(other, one)
    assert (first is None) == (second is None)
    if first is not None and second is not None:
        assert first == 1 - second
    assert apart(one).negations >= 0


def test_labels_that_differ_in_what_nobody_sees_are_one() -> None:
    names = ["Benign", "benign ", "malignant", "benign", "benign", "MALIGNANT\u200b"]
    classes, spelling, notes = class_order(names, "binary", "The column")
    assert classes == ("benign", "malignant")
    assert {spelling[name] for name in names} == set(classes)
    assert len(notes) == 4
    with pytest.raises(DatasetError, match=r"only one class.*differ only in case"):
        class_order(["Benign", "benign"], "binary", "The column")


def test_a_positive_class_that_is_none_is_refused() -> None:
    with pytest.raises(DatasetError, match="stated as “c”"):
        class_order(["a", "b"], "binary", "The column", "c")
    with pytest.raises(DatasetError, match="none among subtypes"):
        class_order(["a", "b"], "subtype", "The column", "a")


@pytest.mark.parametrize(
    ("classes", "model", "numbers"),
    [
        (("no IDC", "IDC"), ("no IDC", "IDC"), (0, 1)),
        (("IDC", "NO IDC"), ("no IDC", "IDC"), (1, 0)),
        (("non-IDC", "IDC"), ("no IDC", "IDC"), (0, 1)),
        (("IDC(-)", "IDC(+)"), ("no IDC", "IDC"), (0, 1)),
        (("0", "1"), ("no IDC", "IDC"), (0, 1)),
        (("-", "+"), ("benign", "malignant"), (0, 1)),
        (("normal", "IDC"), ("no IDC", "IDC"), (0, 1)),
        (("non-malignant", "malignant"), ("benign", "malignant"), (0, 1)),
        (("normal", "malignant"), ("benign", "malignant"), None),
        (("benign", "malignant"), ("no IDC", "IDC"), None),
        (("no DCIS", "DCIS"), ("no IDC", "IDC"), None),
        (("a", "b"), ("a", "b", "c"), (0, 1)),
        (("a", "d"), ("a", "b", "c"), None),
    ],
)
def test_a_models_classes_are_found_by_the_same_reasoning(
    classes: tuple[str, ...], model: tuple[str, ...], numbers: tuple[int, ...] | None
) -> None:
    assert match_classes(classes, model) == numbers


def test_who_states_the_positive_class_answers_for_it() -> None:
    assert match_classes(("ctl", "tum"), ("no IDC", "IDC"), stated=True) == (0, 1)
