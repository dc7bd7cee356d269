"""One file over HTTP that survives a broken connection: what has arrived is never asked for twice.

The file grows as `<name>.part`; `<name>.part.json` beside it says which version of the file the
server was sending (RFC 9110: ETag or Last-Modified, asked for again with Range and If-Range).
"""

import json
import re
import time
import urllib.request
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import urllib3
from urllib3.exceptions import HTTPError
from urllib3.util import Retry, Timeout, make_headers, parse_url

from core.errors import DatasetError

Progress = Callable[[str, int, int | None], None]  # stage, bytes done, bytes in all if known

CHUNK = 1 << 20
TIMEOUT = Timeout(connect=20, read=60)
WAITS = (1, 2, 4, 8, 16)  # seconds before trying again; as many fruitless tries end it
OK, PARTIAL, RANGE_REFUSED = 200, 206, 416
PASSING = frozenset({408, 429, 500, 502, 503, 504})  # states that a server gets over
REDIRECTS = Retry(total=None, connect=0, read=0, status=0, other=0, redirect=5)


class UnavailableError(DatasetError):
    """The server cannot be reached, or does not give the file."""


class _BrokenError(Exception):
    """The transfer ended early; the next try may go on."""


@dataclass(frozen=True)
class _Version:
    """Which file a `.part` is the beginning of."""

    address: str
    validator: str  # a strong ETag, or Last-Modified; empty: it can never be gone on with
    size: int | None


def fetch(
    address: str,
    target: Path,
    *,
    max_bytes: int,
    announced: Callable[[int | None, int], None],
    progress: Progress,
) -> Path:
    """Download a file, from where an earlier try broke off where the server allows it.

    Parameters
    ----------
    address : str
    target : Path
        What the file is to be called; it is not touched.
    max_bytes : int
        A longer file is refused.
    announced : callable
        Told the size of the file (None if the server does not say) and how much of it is here,
        before the rest is asked for; may raise to end it.
    progress : callable

    Returns
    -------
    Path
        `<target>.part`, complete.

    Raises
    ------
    UnavailableError
        If the server cannot be reached or does not give the whole file; what arrived is kept.
    """
    part = target.with_name(target.name + ".part")
    pool = _pool(address)
    fruitless, longest, answered = 0, 0, False
    while True:
        try:
            _transfer(pool, address, part, max_bytes, announced, progress)
        except (_BrokenError, HTTPError) as error:
            answered = answered or isinstance(error, _BrokenError)
            if not answered:
                raise UnavailableError(
                    f"{address} cannot be reached ({_reason(error)}). Check that this machine is "
                    "online, and HTTPS_PROXY if it needs a proxy."
                ) from error
            bytes_there = _size(part)
            fruitless, longest = (
                (0, bytes_there) if bytes_there > longest else (fruitless + 1, longest)
            )
            if fruitless >= len(WAITS):
                raise UnavailableError(
                    f"The download from {address} failed repeatedly ({_reason(error)}). The "
                    f"{bytes_there / 1e6:,.1f} MB received are kept: run the same command again "
                    "later."
                ) from error
            time.sleep(WAITS[fruitless])
        else:
            return part


def forget(target: Path) -> None:
    """Remove what `fetch` has left of a file that is finished or refused."""
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)
    _note(part).unlink(missing_ok=True)


def _transfer(
    pool: urllib3.PoolManager,
    address: str,
    part: Path,
    max_bytes: int,
    announced: Callable[[int | None, int], None],
    progress: Progress,
) -> None:
    """Make one request and append what it gives; returns when the file is whole."""
    have, version = _earlier(part, address)
    if version is not None and have == version.size:
        return
    headers = {"User-Agent": "Lobule", "Accept-Encoding": "identity"}
    if version is not None:
        headers |= {"Range": f"bytes={have}-", "If-Range": version.validator}
    response = pool.request(
        "GET", address, headers=headers, preload_content=False, retries=REDIRECTS, timeout=TIMEOUT
    )
    try:
        if version is None or not _goes_on(response, have, version):
            have, version = 0, _begin(response, part, address)
        if (version.size or 0) > max_bytes:
            raise UnavailableError(
                f"{address} offers {version.size or 0:,} bytes, more than this dataset can have "
                f"({max_bytes:,})."
            )
        announced(version.size, have)
        progress("Downloading", have, version.size)
        with part.open("ab") as file:
            for chunk in response.stream(CHUNK, decode_content=False):
                file.write(chunk)
                have += len(chunk)
                if have > max_bytes:
                    part.unlink()
                    raise UnavailableError(
                        f"{address} sends more than this dataset can have ({max_bytes:,} bytes)."
                    )
                progress("Downloading", have, version.size)
    except HTTPError as error:
        raise _BrokenError(_reason(error)) from error
    finally:
        response.close()  # not given back to the pool: the rest of a body may still be coming
    if version.size is not None and have != version.size:
        raise _BrokenError(f"{have:,} of {version.size:,} bytes arrived")


def _begin(response: urllib3.BaseHTTPResponse, part: Path, address: str) -> _Version:
    """Check that an answer is the file from its first byte on, and start the `.part` anew."""
    if response.status in PASSING:
        raise _BrokenError(f"the server answers {response.status} {response.reason or ''}".strip())
    if response.status in {PARTIAL, RANGE_REFUSED}:
        _note(part).unlink(missing_ok=True)
        raise _BrokenError("the file has changed on the server")
    if response.status != OK:
        raise UnavailableError(
            f"{address} does not deliver the file: the server answers {response.status} "
            f"{response.reason or ''}".strip()
            + "."
        )
    if response.headers.get("Content-Type", "").lower().startswith("text/html"):
        raise UnavailableError(
            f"{address} answers with a web page instead of the file, as a network that asks "
            "for a login does, or a site that has moved."
        )
    length = response.headers.get("Content-Length", "")
    version = _Version(address, _validator(response), int(length) if length.isdigit() else None)
    part.write_bytes(b"")
    _note(part).write_text(json.dumps(asdict(version)), encoding="utf-8")
    return version


def _earlier(part: Path, address: str) -> tuple[int, _Version | None]:
    """How many bytes are here, and of which version; None where they cannot be gone on with."""
    try:
        stored = json.loads(_note(part).read_text(encoding="utf-8"))
        version = _Version(**stored)
        have = _size(part)
        fits = 0 < have <= (have if version.size is None else version.size)
    except (FileNotFoundError, ValueError, TypeError):
        return 0, None
    same = version.validator and version.address == address
    return (have, version) if fits and same else (0, None)


def _goes_on(response: urllib3.BaseHTTPResponse, have: int, version: _Version) -> bool:
    """Whether an answer is the rest of the same file."""
    stated = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
    return (
        response.status == PARTIAL
        and stated is not None
        and int(stated[1]) == have
        and (version.size is None or stated[2] in {"*", str(version.size)})
        and _validator(response) in {"", version.validator}
    )


def _validator(response: urllib3.BaseHTTPResponse) -> str:
    etag = response.headers.get("ETag", "")
    # A weak ETag does not promise the same bytes.
    return response.headers.get("Last-Modified", "") if etag[:2] in {"", "W/"} else etag


def _pool(address: str) -> urllib3.PoolManager:
    """Connections that keep to the proxy of the environment, and send no cookie and no login."""
    parsed = parse_url(address)
    proxy = urllib.request.getproxies().get(parsed.scheme or "")
    if not proxy or urllib.request.proxy_bypass(parsed.host or ""):
        return urllib3.PoolManager()
    login = parse_url(proxy).auth
    return urllib3.ProxyManager(
        proxy, proxy_headers=make_headers(proxy_basic_auth=login) if login else None
    )


def _reason(error: Exception) -> str:
    """What lies at the bottom of a chain of wrapped errors, in a few words."""
    cause = getattr(error, "reason", None) or error
    text = str(cause.args[-1] if getattr(cause, "args", None) else cause)
    return text.rpartition("): ")[2][:200]  # without the name of the connection


def _note(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
