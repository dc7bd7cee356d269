"""Add to the card of a package that is there already; its other files stay as they are."""

from typing import Any

from pydantic import ValidationError

from core.atomic import write_whole
from core.errors import PackageError
from core.registry.card import CARD_FILE, Card
from core.registry.package import Package, load_package, read_card


def rewrite_card(package: Package, **changes: Any) -> Package:
    """Change fields of a package's card, in one step.

    Parameters
    ----------
    package
        As the shelf gave it.
    changes
        Fields of the card and their new values.

    Raises
    ------
    PackageError
        If the package is another by now, a value breaks the card's schema, or the folder cannot
        be written; then the card stays as it was.
    """
    if read_card(package.path) != package.card:
        raise PackageError(
            f"The package in {package.path} was replaced meanwhile, so its card was left alone. "
            "Do it again with the new one."
        )
    try:
        card = Card.model_validate({**package.card.model_dump(), **changes})
        write_whole(package.path / CARD_FILE, card.to_json())
    except ValidationError as error:
        raise PackageError(
            f"The card of {package.card.name!r} cannot take this: {error.errors()[0]['msg']}."
        ) from error
    except OSError as error:
        raise PackageError(
            f"The card in {package.path} cannot be written ({error.strerror or error}). Allow "
            "writing there and make room."
        ) from error
    return load_package(package.path)
