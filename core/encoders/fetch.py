"""Fetch the files of a known encoder from the hub: of one commit, checked, gone on with."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from core.atomic import is_full
from core.encoders.catalogue import HUB, KnownEncoder
from core.errors import EncoderError
from core.hashing import sha256_of
from core.settings import get_settings

Told = Callable[[str, float], None]
"""Told a stage, and the share of it that is done."""
_MOST_BESIDE = 1_000_000  # bytes of a file of settings


def fetch(
    known: KnownEncoder, folder: Path, token: str | None, on_stage: Told
) -> tuple[list[Path], str]:
    """The weights and what is needed beside them, all of one commit; and where they came from.

    Parameters
    ----------
    known : KnownEncoder
    folder : Path
        Where they are put, in a folder of the commit; what is there is not fetched again.
    token : str or None
    on_stage : callable

    Raises
    ------
    EncoderError
        If they are not what was published. What the hub or the network answers is raised as their
        libraries have it: see `in_words`.
    """
    # Said before the library is imported, which reads it once.
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    import huggingface_hub as hub  # noqa: PLC0415 - only some have it
    from huggingface_hub.errors import RemoteEntryNotFoundError  # noqa: PLC0415

    endpoint = os.environ.get("HF_ENDPOINT", HUB)
    where = {"repo_id": known.repository, "endpoint": endpoint}
    on_stage("Asking the hub", 0.0)
    for number, weights in enumerate(known.weights):
        try:
            address = hub.hf_hub_url(filename=weights, **where)
            commit = str(hub.get_hf_file_metadata(address, token=token or False).commit_hash)
            break
        except RemoteEntryNotFoundError:
            if number == len(known.weights) - 1:
                raise
    if not re.fullmatch(r"[0-9a-f]{40}", commit):
        raise EncoderError(
            f"{endpoint} does not say which version of {known.repository} it has, as the hub does. "
            "Nothing was fetched."
        )
    commit_folder = folder / commit
    commit_folder.mkdir(exist_ok=True)
    files = []
    for file in (weights, *known.beside):
        address = hub.hf_hub_url(filename=file, revision=commit, **where)
        place = commit_folder / Path(file).name
        most = 2_000_000 * known.megabytes if file == weights else _MOST_BESIDE
        files.append(_fetch_file(address, place, token, most, on_stage, checked=file == weights))
    mirror = "" if endpoint == HUB else f", fetched from {endpoint}"
    return files, f"{known.page} (commit {commit[:12]}{mirror})"


def _fetch_file(
    address: str, place: Path, token: str | None, most: int, on_stage: Told, *, checked: bool
) -> Path:
    """Fetch a file, from where an earlier try broke off; its hash is that of the hub's record.

    The library itself begins anew once its process has ended, and weights have gigabytes. Of small
    files, which are not `checked`, the record is of another kind.
    """
    import huggingface_hub as hub  # noqa: PLC0415
    from huggingface_hub.file_download import http_get  # noqa: PLC0415

    record = hub.get_hf_file_metadata(address, token=token or False)
    size, etag = record.size or 0, record.etag or ""
    if size > most:
        raise EncoderError(
            f"{place.name} has {size / 1e6:,.0f} MB, more than it was published with. Nothing was "
            "fetched; look for a newer Lobule."
        )
    if checked and not re.fullmatch(r"[0-9a-f]{64}", etag):
        raise EncoderError(
            f"The hub does not give the hash of {place.name}, so that nobody could tell whether it "
            "came undamaged. Nothing was fetched."
        )
    if place.exists():
        if not checked or sha256_of(place) == etag:
            return place
        place.unlink()  # damaged since
    headers = hub.utils.build_hf_headers(token=token or False)
    if urlsplit(record.location).netloc != urlsplit(address).netloc:
        headers.pop("authorization", None)  # the token is the hub's business alone
    part = place.with_name(place.name + ".part")
    if part.exists() and part.stat().st_size > size:
        part.unlink()
    with part.open("ab") as file:
        http_get(
            record.location,
            file,
            resume_size=file.tell(),
            headers=headers,
            expected_size=record.size,
            tqdm_class=_bar(on_stage),
        )
    if checked and sha256_of(part) != etag:
        part.unlink()
        raise EncoderError(
            f"{place.name} came damaged: its hash is not the hub's. Nothing was added; try again."
        )
    return part.rename(place)


@contextmanager
def in_words(known: KnownEncoder) -> Iterator[None]:
    """Say what the hub answered in words that tell what to do."""
    # Its clients are of one of two libraries, by its version.
    from huggingface_hub import errors  # noqa: PLC0415
    from huggingface_hub.utils._http import httpx2  # noqa: PLC0415

    try:
        yield
    except errors.GatedRepoError as error:
        raise EncoderError(
            f"The authors of {known.title} want to be asked: sign in on {known.page}, agree to its "
            "terms, and give a token of yours (on the command line by --token or HF_TOKEN)."
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise EncoderError(
            f"The hub has no {known.repository}, or not for you. Look at {known.page}, or give "
            "a token of yours (on the command line by --token or HF_TOKEN)."
        ) from error
    except errors.RemoteEntryNotFoundError as error:
        raise EncoderError(
            f"{known.page} has none of the files {', '.join(known.weights)} any more. Look there "
            "for what is published now, and add it from a file."
        ) from error
    except errors.HfHubHTTPError as error:
        status = error.response.status_code
        if status in {401, 403}:
            raise EncoderError(
                f"The hub refused the token (answer {status}). Copy it again, or make a new one on "
                f"{HUB}/settings/tokens; what was fetched is kept."
            ) from error
        raise EncoderError(
            f"The hub answered {status}. Add {known.name} once more in a while: what was fetched "
            "is kept."
        ) from error
    except (errors.HTTPError, errors.LocalEntryNotFoundError) as error:
        raise EncoderError(
            f"{known.page} could not be read ({type(error).__name__}). Check the network, and add "
            f"{known.name} once more: what was fetched is kept."
        ) from error
    except httpx2.InvalidURL as error:
        raise EncoderError(f"HF_ENDPOINT is no address ({error}). Unset it.") from error
    except OSError as error:
        reason = "the disk is full" if is_full(error) else error.strerror or type(error).__name__
        raise EncoderError(
            f"{known.title} could not be fetched: {reason}. It needs about {3 * known.megabytes} "
            f"MB in {get_settings().home}; what was fetched is kept."
        ) from error


def _bar(on_stage: Told) -> Any:
    """A progress bar as the hub's library wants one, which tells instead of drawing."""
    from huggingface_hub.utils import tqdm  # noqa: PLC0415

    class ToldBar(tqdm):
        def __init__(self, *arguments: Any, **settings: Any) -> None:
            settings.pop("name", None)
            super().__init__(*arguments, **{**settings, "disable": True})
            self._done, self._all = float(settings.get("initial") or 0), settings.get("total")

        def update(self, number: float | None = 1) -> bool | None:
            self._done += number or 0
            on_stage("Fetching", min(1.0, self._done / self._all) if self._all else 0.0)
            return None

    return ToldBar
