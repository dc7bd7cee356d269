import pytest

from core.visitors import Sittings, may_enter

LIST = "anna@hospital.example, @Path.example,pathologists"


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "anna@hospital.example"},
        {"email": "ANNA@Hospital.example", "email_verified": True},
        {"email": "any@path.example"},
        {"groups": ["others", "Pathologists"]},
        {"roles": "pathologists"},
    ],
)
def test_who_is_on_the_list_comes_in(claims: dict[str, object]) -> None:
    assert may_enter(claims, LIST)


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"email": "ben@hospital.example"},
        {"email": "anna@hospital.example", "email_verified": False},
        {"email": "anna@hospital.example", "email_verified": "false"},
        {"email": "anna@hospital.example.evil.example"},
        {"email": "any@sub.path.example"},
        {"email": "any@path.example@evil.example"},
        {"email": "pathologists"},  # an address that is the name of a group
        {"name": "anna@hospital.example"},
        {"groups": [["pathologists"], None]},
        {"groups": "path"},
    ],
)
def test_strangers_do_not(claims: dict[str, object]) -> None:
    assert not may_enter(claims, LIST)


def test_without_a_list_everybody_does_and_by_an_empty_one_nobody() -> None:
    assert may_enter({"email": "a@b.example"}, None)
    assert not may_enter({"email": "a@b.example", "groups": [""]}, " , ")


def claims(**more: object) -> dict[str, object]:
    return {"iss": "https://provider.example", "sub": "7", "iat": 1_000_000.0, **more}


def test_a_sign_in_ends_after_idleness_and_stays_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1_000_000.0]
    monkeypatch.setattr("core.visitors.time.time", lambda: now[0])
    sittings = Sittings()
    for _ in range(5):  # 50 minutes each: never idle for 60
        now[0] += 50 * 60
        assert not sittings.is_over(claims(), 60)
    now[0] += 59 * 60
    # Pictures that a page left open fetches are no sign that somebody is there.
    assert not sittings.is_over(claims(), 60, here=False)
    now[0] += 2 * 60
    assert sittings.is_over(claims(), 60, here=False)
    assert sittings.is_over(claims(), 60)
    assert sittings.is_over(claims(), 10_000), "what has ended does not come back"
    assert not sittings.is_over(claims(iat=now[0]), 60), "but one may sign in again"


def test_what_was_signed_out_is_worth_nothing_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.visitors.time.time", lambda: 1_000_000.0)
    sittings = Sittings()
    assert not sittings.is_over(claims(), 60)
    sittings.end(claims())
    assert sittings.is_over(claims(), 60)
    assert not sittings.is_over(claims(sub="8"), 60), "others stay"


def test_a_sign_in_from_before_the_start_counts_from_when_it_was_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("core.visitors.time.time", lambda: 1_000_000.0 + 61 * 60)
    assert Sittings().is_over(claims(), 60)
    assert not Sittings().is_over(claims(), 62)
    assert not Sittings().is_over({"sub": "7"}, 60), "nobody knows when"
