"""The one tree of errors that Lobule shows to people.

Every message says what was received, what was expected and what to do about it, in plain text.
Pages and the command line show `str(error)` and nothing else.
"""

from typing import Any


class LobuleError(Exception):
    """Base of every error whose message is meant for the user."""


class Stopped(LobuleError):  # noqa: N818 - nothing went wrong
    """Work was stopped by the user before it was done.

    Long work raises it when it is told to stop. Whoever is told of its progress may raise it, too.
    """


class SettingsError(LobuleError):
    """A `LOBULE_*` setting has a value that cannot be used."""


class ImageError(LobuleError):
    """An image could not be read: empty, damaged, unsupported, or over a limit."""


class SlideError(LobuleError):
    """A whole slide cannot be found, opened or fetched, or a part of it cannot be read."""


class NoModelError(ImageError):
    """No model that answers by itself knows an image.

    `offers` are the packages for demonstration that know it; `plausible` the scales, µm/px, at
    which a model that answers by itself would; None where its own scale is known.
    """

    def __init__(
        self, message: str, offers: tuple[Any, ...] = (), plausible: tuple[float, ...] | None = None
    ) -> None:
        super().__init__(message)
        self.offers = offers
        self.plausible = plausible


class DatasetError(LobuleError):
    """A dataset folder is missing, unrecognised, contradictory, or too small for what was asked."""


class ArchitectureError(LobuleError):
    """A network was asked for that cannot be built, or its weights cannot be had."""


class PackageError(LobuleError):
    """A model package is missing, damaged, unsafe, or from another schema version."""


class EncoderError(PackageError):
    """An encoder is missing, damaged, or cannot be added or used."""


class RecipeError(LobuleError):
    """A training recipe has unknown or contradictory settings."""


class TrainingError(LobuleError):
    """A training run cannot start or go on."""


class ClusterError(LobuleError):
    """Work cannot be computed on other machines, or was lost there again and again."""


class EvaluationError(LobuleError):
    """A figure was asked for that the data at hand cannot support."""


class CaseError(LobuleError):
    """A case cannot be saved, changed, read or exported."""


class DamagedCaseError(CaseError):
    """A case holds what Lobule never writes: somebody changed the database itself."""


class CaseConflictError(CaseError):
    """A case was changed by somebody else since it was read."""


class NotAllowedError(CaseError, DatasetError, PackageError, SlideError, TrainingError):
    """Somebody's role does not allow what they asked for, whichever of these it is."""


class ServingError(LobuleError):
    """The server was told to listen where strangers could reach it."""


class TicketError(LobuleError):
    """A part of a slide was asked for by a browser window that was not let in."""
