"""Signing in, where it is configured: by Streamlit's OpenID Connect, `[auth]` of its secrets."""

import json
from collections.abc import Mapping

import streamlit as st
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME
from streamlit.web.server.starlette.starlette_websocket import _get_signed_cookie_with_chunks

from core.errors import NotAllowedError, SettingsError
from core.extras import is_installed
from core.hosts import known_names
from core.rights import OWNER, Deed, Person, Role, ask_by, read_roles, require, role_of
from core.serving import SIGN_IN_IS_MISSING
from core.settings import get_settings
from core.visitors import Sittings, address_of, identity_of, may_enter, names_of
from pages.shared.plain import notice, visible
from pages.shared.who import name_signed_in

_sittings = Sittings()


def sign_in_is_configured() -> bool:
    """Tell whether there is a provider to sign in with."""
    return bool(st.secrets.load_if_toml_exists()) and "auth" in st.secrets


def names_of_server() -> set[str]:
    """Return the names that this server may be called by."""
    # Where the provider sends users back to is one of them.
    back = str(st.secrets["auth"].get("redirect_uri", "")) if sign_in_is_configured() else None
    return known_names(st.get_option("server.address"), back, get_settings().hosts)


def person_here() -> Person:
    """Return who acts in the window that is drawn, and what they are here for."""
    if not sign_in_is_configured():
        return OWNER
    claims = st.user.to_dict()
    role = _role_in_time(claims)
    if role is None:
        return Person("", Role.READER)
    return Person(name_signed_in(), role, names_of(claims))


ask_by(person_here)


def let_in(cookies: Mapping[str, str]) -> bool:
    """Tell by a request's cookies whether its user has signed in and may come in."""
    return person_by(cookies) is not None


def person_by(cookies: Mapping[str, str]) -> str | None:
    """Return by a request's cookies who has signed in; None for those who may not come in."""
    claims = _claims_in(cookies)
    try:
        return identity_of(claims) if _role_in_time(claims) is not None else None
    except SettingsError:
        return None


def leave(cookies: Mapping[str, str]) -> None:
    """End the sign-in that a request's cookies show."""
    if claims := _claims_in(cookies):
        _sittings.end(claims)


def _claims_in(cookies: Mapping[str, str]) -> dict[str, object]:
    content = _get_signed_cookie_with_chunks(dict(cookies), USER_COOKIE_NAME)
    try:
        claims = json.loads(content or b"{}")
    except ValueError:
        return {}
    return claims if isinstance(claims, dict) else {}


def signed_in() -> bool:
    """Tell whether this user may come in; if not, draw the way in."""
    if not sign_in_is_configured():
        return True
    claims = st.user.to_dict()
    idle = get_settings().idle_minutes
    if not st.user.is_logged_in:
        _ask_to_sign_in("Sign in to go on.")
    elif _sittings.is_over(claims, idle):
        _ask_to_sign_in(f"Nothing was clicked for {idle:g} minutes. Sign in again to go on.")
    else:
        return _on_the_list(claims)
    return False


def may_see(title: str) -> bool:
    """Tell whether a page is for whoever is here; if not, say so. Deeds are refused in any case."""
    deed = {"Datasets": Deed.OPEN_DATA, "Training": Deed.TRAIN}.get(title)
    try:
        if deed:
            require(deed)
    except NotAllowedError as error:
        notice(str(error), "note")
        return False
    return True


def _ask_to_sign_in(words: str) -> None:
    st.title("Sign in", anchor=False)
    if not is_installed("sign-in"):
        st.error(SIGN_IN_IS_MISSING)
        return
    st.text(words)
    st.button("Sign in", type="primary", key="sign_in", on_click=st.login)


def _role_in_time(claims: Mapping[str, object]) -> Role | None:
    """Return what somebody is here for; None for those who may not come in, or whose time is over.

    Pictures are fetched, and parts of a page drawn again, without anybody being there.
    """
    idle = get_settings().idle_minutes
    if not claims.get("is_logged_in") or _sittings.is_over(claims, idle, active=False):
        return None
    return _role_of(claims)


def _role_of(claims: Mapping[str, object]) -> Role | None:
    """Return what somebody is here for; None for those who may not come in."""
    settings = get_settings()
    if not identity_of(claims) or not may_enter(claims, settings.users):
        return None
    if settings.roles is None:
        return Role.ADMINISTRATOR
    return role_of(names_of(claims), read_roles(settings.roles))


def _on_the_list(claims: Mapping[str, object]) -> bool:
    """Draw the way out; tell whoever is not on the list."""
    name = visible(name_signed_in())
    try:
        role = _role_of(claims)
    except SettingsError as error:  # the file of roles was changed meanwhile
        notice(f"Nobody can come in: {error}", "error")
        st.button("Sign out", key="sign_out", on_click=_leave)
        return False
    if role is not None:
        known = f" ({role})" if get_settings().roles else ""
        with st.sidebar:
            st.button(
                "Sign out", key="sign_out", on_click=_leave, help=f"Signed in as {name}{known}"
            )
        return True
    st.title("Not on the list", anchor=False)
    doubt = ""
    if (stated := str(claims.get("email") or "")) and not address_of(claims):
        doubt = f" The provider does not say that {visible(stated)} is yours."
    st.text(
        f"You are signed in as {name}, who may not use this Lobule.{doubt} Ask whoever runs it."
    )
    st.button("Sign out", key="sign_out", on_click=_leave)
    return False


def _leave() -> None:
    _sittings.end(st.user.to_dict())
    st.logout()
