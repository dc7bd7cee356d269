"""Who of those that can sign in may come in."""

from collections.abc import Mapping


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
    names = {name.casefold() for key in ("groups", "roles") for name in _texts(claims.get(key))}
    address = str(claims.get("email") or "").strip().casefold()
    # Some providers pass on an address that its owner only claims to have.
    if "@" in address and claims.get("email_verified", True) in {True, "true"}:
        names |= {address, address[address.rindex("@") :]}
    return not listed.isdisjoint(names)


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
