import pytest

from core.visitors import Sittings, identity_of, may_enter

LIST = "anna@hospital.example, @Path.example,pathologists"


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "anna@hospital.example", "email_verified": "true"},
        {"email": "ANNA@Hospital.example", "email_verified": True},
        {"email": "any@path.example", "email_verified": True},
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
        {"email": "ben@hospital.example", "email_verified": True},
        {"email": "anna@hospital.example"},  # nobody says that it is hers
        {"email": "anna@hospital.example", "email_verified": False},
        {"email": "anna@hospital.example", "email_verified": "false"},
        {"email": "anna@hospital.example.evil.example", "email_verified": True},
        {"email": "any@sub.path.example", "email_verified": True},
        {"email": "any@path.example@evil.example", "email_verified": True},
        {"email": "any@evil.example@path.example", "email_verified": True},
        {"email": "pathologists", "email_verified": True},  # an address like a group
        {"groups": ["anna@hospital.example", "@path.example"]},  # groups like addresses
        {"name": "anna@hospital.example"},
        {"groups": [["pathologists"], None]},
        {"groups": "path"},
    ],
)
def test_strangers_do_not(claims: dict[str, object]) -> None:
    assert not may_enter(claims, LIST)


def test_without_a_list_everybody_does_and_by_an_empty_one_nobody() -> None:
    assert may_enter({"email": "a@b.example"}, None)
    assert not may_enter({"groups": ["everybody"]}, "everybody")
    assert not may_enter({"email": "a@b.example", "groups": [""]}, " , ")


def test_a_provider_that_verifies_but_does_not_say_so_can_be_trusted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LOBULE_PROVIDER_VERIFIES_ADDRESSES", "1")
    assert may_enter({"email": "anna@hospital.example"}, LIST)
    assert not may_enter({"email": "anna@hospital.example", "email_verified": False}, LIST)


def test_who_somebody_is_does_not_hang_on_what_they_call_themselves() -> None:
    anna = {"email": "Anna@hospital.example", "email_verified": True}
    assert identity_of(claims(**anna)) == "anna@hospital.example"
    assert identity_of(claims(**anna, name="Ben")) == "anna@hospital.example"
    unchecked = claims(email="anna@hospital.example", name="anna@hospital.example")
    for each in (unchecked, {**unchecked, "email_verified": False}, claims(name="local user")):
        assert identity_of(each) == "7 (https://provider.example)"
    assert identity_of(claims(iss="https://another.example")) != identity_of(claims())
    assert not identity_of({"name": "anna@hospital.example"})


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
    assert not sittings.is_over(claims(), 60, active=False)
    now[0] += 2 * 60
    assert sittings.is_over(claims(), 60, active=False)
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
