import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.cases import save
from core.cases.change import delete_case, judge
from core.cases.read import Choices, choices, find_cases, load_case, tombstones
from core.cases.records import UNJUDGED, Actor, CaseFilter, NewImage, Verdict
from core.cases.save import save_case
from core.cases.store import Store
from core.cases.words import as_json, folded, storable

ANNA = Actor("Anna")
MakeImage = Callable[..., NewImage]


def found(store: Store, **wanted: object) -> set[str]:
    listing = find_cases(store, CaseFilter(**wanted))
    assert listing.total == len(listing.cases)
    return {case.id for case in listing.cases}


@pytest.fixture
def three(store: Store, make_image: MakeImage) -> tuple[str, str, str]:
    """One judged case of model idc, one of model breakhis, one of two images."""
    one = save_case(store, [make_image(1, "Äpfel 100%.png")], ANNA, patient="Straße_7")
    two = save_case(store, [make_image(2, model="breakhis", predicted="no IDC")], ANNA)
    both = [make_image(3), make_image(4, model="breakhis", predicted="IDC")]
    three = save_case(store, both, ANNA)
    case = load_case(store, one)
    judge(store, case, case.images[0], ANNA, Verdict.DISAGREE, note="O'Brien: 5 µm \\ nucleoli")
    return one, two, three


def test_search(store: Store, three: tuple[str, str, str]) -> None:
    one, two, _ = three
    assert found(store) == set(three)
    assert found(store, text=f"  {two.lower()} ") == {two}
    for text in ("äPFEL", "100%", "o'brien", "STRASSE_7", "Straße", "5 μm", "\\ NUC", "Äpfel"):
        assert found(store, text=text) == {one}
    for text in ("1%0", "STRASSEx7", "O_Brien", "' OR 1=1 --", "disagree", "\0"):
        assert found(store, text=text) == set()


def test_filters(store: Store, three: tuple[str, str, str]) -> None:
    one, two, both = three
    assert found(store, said="IDC") == {one, both}
    assert found(store, model="breakhis") == {two, both}
    assert found(store, model="idc", said="no IDC") == set()
    assert found(store, verdict="disagree") == {one}
    assert found(store, verdict=UNJUDGED) == {two, both}
    assert found(store, verdict="agree") == set()
    assert found(store, text="strasse", verdict="disagree", said="IDC") == {one}
    assert choices(store) == Choices(("IDC", "no IDC"), ("breakhis", "idc"))


def test_days_are_whole_and_in_utc(
    store: Store, make_image: MakeImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = []
    for moment in ("2026-03-01T23:59:59.999999", "2026-03-02T00:00:00", "2026-03-02T23:59:59"):
        at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
        monkeypatch.setattr(save, "now", lambda at=at: at)
        ids.append(save_case(store, [make_image()], ANNA))
        assert load_case(store, ids[-1]).created_at == at
    day = date(2026, 3, 2)
    assert found(store, since=day) == set(ids[1:])
    assert found(store, until=day - timedelta(days=1)) == {ids[0]}
    assert found(store, since=day, until=day) == set(ids[1:])
    newest = find_cases(store, CaseFilter(), most=2)
    assert [case.id for case in newest.cases] == [ids[2], ids[1]]
    assert newest.total == 3


def test_deleted_cases_are_not_found(store: Store, three: tuple[str, str, str]) -> None:
    one, two, both = three
    delete_case(store, load_case(store, one), ANNA)
    assert found(store) == {two, both}
    assert found(store, text="Straße") == set()
    assert [case.id for case in tombstones(store).cases] == [one]


TEXT = st.text(max_size=60)


@given(TEXT, TEXT, TEXT)
def test_what_was_written_is_found_whatever_its_letters(
    before: str, middle: str, after: str
) -> None:
    words = folded(storable(before + middle + after, "note"))
    assert folded(words) == words
    assert "\0" not in words
    words.encode()
    if middle.isascii():
        assert middle.swapcase().lower().replace("\0", "\ufffd") in folded(
            storable(f" {middle} ", "note")
        )


@given(TEXT)
def test_letter_forms_do_not_matter(text: str) -> None:
    decomposed = unicodedata.normalize("NFD", text)
    assert folded(decomposed) == folded(unicodedata.normalize("NFC", text))
    assert storable(text, "note").encode().decode() == storable(text, "note")


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_json_is_ascii_without_nul(content: object) -> None:
    text = as_json(content)
    assert text.isascii()
    assert "\0" not in text
