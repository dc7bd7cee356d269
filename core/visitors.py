"""Who of those that can sign in may come in, and until when."""

import hashlib
import json
import threading
import time
from collections.abc import Mapping

from core.rights import EVERYBODY
from core.settings import get_settings

_NEVER = float("-inf")
_MOST_SITTINGS = 10_000


def may_enter(claims: Mapping[str, object], allowed: str | None) -> bool:
    """Tell whether the claims of a provider are of somebody on the list.

    Parameters
    ----------
    claims
        Of the identity token (OpenID Connect Core 1.0, section 5.1), and its "groups" or "roles".
    allowed
        `LOBULE_USERS`: addresses, domains such as "@hospital.example" and names of groups, divided
        by commas; None lets in everybody whom the provider knows. An empty list lets in nobody.
    """
    if allowed is None:
        return True
    listed = {entry.strip().casefold() for entry in allowed.split(",")} - {""}
    return not listed.isdisjoint(names_of(claims))


def names_of(claims: Mapping[str, object]) -> frozenset[str]:
    """Return what lists may call somebody by: address, "@domain" and groups, in small letters.

    A group that is called like an address, a domain or everybody is none.
    """
    groups = {name.casefold() for key in ("groups", "roles") for name in _texts(claims.get(key))}
    names = {name for name in groups if "@" not in name and name != EVERYBODY}
    if address := address_of(claims):
        names |= {address, address[address.index("@") :]}
    return frozenset(names)


def address_of(claims: Mapping[str, object]) -> str:
    """Return the address that the provider vouches for, in small letters; empty for none.

    Some providers pass on an address that its owner only claims to have, and some do not say:
    `LOBULE_PROVIDER_VERIFIES_ADDRESSES` says it for these.
    """
    address = str(claims.get("email") or "").strip().casefold()
    verified = claims.get("email_verified", get_settings().provider_verifies_addresses)
    if verified not in {True, "true"}:
        return ""
    whole = address.count("@") == 1 and not address.startswith("@") and not address.endswith("@")
    return address if whole else ""


def identity_of(claims: Mapping[str, object]) -> str:
    """Return who somebody is, for good: the address that is vouched for, else the provider's id.

    Never what people may call themselves (OpenID Connect Core 1.0, section 5.7). Empty for nobody.
    """
    subject = str(claims.get("sub") or "")
    return address_of(claims) or (
        f"{subject} ({claims.get('iss') or 'unknown'})" if subject else ""
    )


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


class Sittings:
    """When each of those who signed in was last here: a sign-in ends after idleness, and on leave.

    What a browser shows as its sign-in is good for weeks. So the server remembers which of them
    have ended; those from before it started count from when they were given.
    """

    def __init__(self) -> None:
        self._seen: dict[str, float] = {}  # the longest idle first
        self._lock = threading.Lock()

    def is_over(self, claims: Mapping[str, object], minutes: float, *, active: bool = True) -> bool:
        """Tell whether a sign-in has ended.

        Parameters
        ----------
        claims
            Of the identity token. One that does not say when it was given never ends here.
        minutes
            After which idleness ends it.
        active
            Whether this is a sign that somebody is there.
        """
        issued = claims.get("iat")
        if not isinstance(issued, int | float):
            return False
        name, now = _name_of(claims), time.time()
        with self._lock:
            seen = self._seen.get(name, issued)
            over = now - seen > 60 * minutes
            if over or active:
                self._seen.pop(name, None)
                self._seen[name] = _NEVER if over else now
            while len(self._seen) > _MOST_SITTINGS:
                del self._seen[next(iter(self._seen))]
        return over

    def end(self, claims: Mapping[str, object]) -> None:
        """End a sign-in: what the browser shows for it is worth nothing any more."""
        with self._lock:
            self._seen.pop(_name_of(claims), None)
            self._seen[_name_of(claims)] = _NEVER


def _name_of(claims: Mapping[str, object]) -> str:
    identity = [str(claims.get(key)) for key in ("iss", "sub", "email", "iat", "exp", "nonce")]
    return hashlib.sha256(json.dumps(identity).encode()).hexdigest()
