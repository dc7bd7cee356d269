import pytest

from core.visitors import may_enter

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
