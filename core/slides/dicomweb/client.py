"""The connection to the archive that LOBULE_DICOMWEB_URL names."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit, urlunsplit

from core.errors import SlideError
from core.settings import get_settings

if TYPE_CHECKING:
    import requests
    from dicomweb_client import DICOMwebClient

TIMEOUT = (20.0, 120.0)
"""To connect, and between two pieces of an answer, s."""
_UID = re.compile(r"[0-9]+(\.[0-9]+)*")
_LONGEST_UID = 64
_PLACE = "LOBULE_DICOMWEB_URL"


class ImageArchive(NamedTuple):
    """An archive that can be asked."""

    address: str
    """Without user and password, and without a slash at the end."""
    session: "requests.Session"
    client: "DICOMwebClient"


def is_set_up() -> bool:
    """Whether an archive is named."""
    return get_settings().dicomweb_url is not None


@contextmanager
def archive() -> Iterator[ImageArchive]:
    """Yield the archive; what goes wrong with it meanwhile is told in words.

    Raises
    ------
    SlideError
        If none is named, or it cannot be reached or does not answer as DICOMweb does.
    """
    import requests  # noqa: PLC0415 - seldom needed
    from dicomweb_client import DICOMwebClient  # noqa: PLC0415

    stated = get_settings().dicomweb_url
    if stated is None:
        raise SlideError(
            f"No image archive is named. Set {_PLACE} to the address of its DICOMweb service, such "
            "as https://archive.example/dicom-web."
        )
    parts = urlsplit(stated.get_secret_value())
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise SlideError(f"{_PLACE} is no address of a web service; https://… is expected.")
    host = parts.netloc.rpartition("@")[2]
    address = urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", ""))
    with requests.Session() as session:
        if parts.username:
            session.auth = (unquote(parts.username), unquote(parts.password or ""))
        client = DICOMwebClient(address, session=session, timeout=TIMEOUT)
        client.set_http_retry_params(retry=True, max_attempts=3, wait_exponential_multiplier=200)
        try:
            yield ImageArchive(address, session, client)
        except (requests.RequestException, ConnectionError) as error:
            raise SlideError(_words(host, error)) from error
        except (ValueError, KeyError, TypeError) as error:
            raise SlideError(
                f"The image archive {host} answers otherwise than DICOMweb does ({error}). Check "
                f"{_PLACE}."
            ) from error


def check_uid(uid: str) -> str:
    """Return a UID of DICOM's.

    Raises
    ------
    SlideError
        If it is none: it becomes a part of addresses and paths.
    """
    if not _UID.fullmatch(uid) or len(uid) > _LONGEST_UID:
        raise SlideError(f"{uid[:80]!r} is no DICOM UID: digits and points are expected.")
    return uid


def _words(host: str, error: Exception) -> str:
    answer = getattr(error, "response", None)
    status = None if answer is None else answer.status_code
    if status in {401, 403}:
        return (
            f"The image archive {host} lets nobody in with this user and password ({status}). Put "
            f"them into {_PLACE}: https://user:password@{host}/…"
        )
    if status is not None:
        return f"The image archive {host} does not give this: it answers {status}."
    return (
        f"The image archive {host} cannot be reached, or broke off ({type(error).__name__}). What "
        "arrived is kept: try again."
    )
