import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from urllib3.util import Timeout

from core.datasets.fetch import UnavailableError, fetch, forget

BODY = np.random.default_rng(0).bytes(3_000_000)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "file.zip"


def get(site: Any, target: Path, address: str | None = None) -> list[tuple[str, int, int | None]]:
    """Fetch; return all that was told of the progress."""
    told: list[tuple[str, int, int | None]] = []
    part = fetch(
        address or site.address,
        target,
        max_bytes=10_000_000,
        announced=lambda size, have: told.append(("announced", have, size)),
        progress=lambda *news: told.append(news),
    )
    assert part == target.with_name("file.zip.part")
    return told


def content(target: Path) -> bytes:
    return target.with_name("file.zip.part").read_bytes()


def test_whole_file_arrives_and_is_announced(site: Any, target: Path) -> None:
    site.body = BODY
    told = get(site, target)
    assert content(target) == BODY
    assert told[0] == ("announced", 0, len(BODY))
    assert told[-1] == ("Downloading", len(BODY), len(BODY))


def test_nothing_but_the_request_is_sent(
    site: Any, target: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    login = tmp_path / "netrc"
    login.write_text("machine 127.0.0.1 login someone password secret\n")
    login.chmod(0o600)
    monkeypatch.setenv("NETRC", str(login))
    site.body = BODY
    get(site, target)
    assert site.asked[0].keys() == {"host", "user-agent", "accept-encoding"}


def test_goes_on_where_it_broke_off(site: Any, target: Path) -> None:
    site.body, site.stops = BODY, [1_000_000, 1_200_000]
    get(site, target)
    assert content(target) == BODY
    assert [asked.get("range") for asked in site.asked] == [
        None,
        "bytes=1000000-",
        "bytes=2200000-",
    ]
    assert site.asked[1]["if-range"] == '"1"'


def test_goes_on_in_another_run(site: Any, target: Path) -> None:
    site.body, site.stops = BODY, [2_500_000, *[0] * 10]
    with pytest.raises(UnavailableError, match=r"2\.5 MB received are kept"):
        get(site, target)
    site.stops = []
    told = get(site, target)
    assert told[0] == ("announced", 2_500_000, len(BODY))
    assert content(target) == BODY
    assert site.asked[-1]["range"] == "bytes=2500000-"


def test_interruption_keeps_what_arrived(site: Any, target: Path) -> None:
    site.body = BODY

    def interrupt(_stage: str, done: int, _total: int | None) -> None:
        if done > 1_000_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(
            site.address,
            target,
            max_bytes=10_000_000,
            announced=lambda *_: None,
            progress=interrupt,
        )
    kept = len(content(target))
    assert 1_000_000 < kept < len(BODY)
    get(site, target)
    assert content(target) == BODY
    assert site.asked[-1]["range"] == f"bytes={kept}-"


def test_complete_part_is_not_asked_for_again(site: Any, target: Path) -> None:
    site.body = BODY
    get(site, target)
    get(site, target)
    assert len(site.asked) == 1


def test_silent_server_is_given_up_and_gone_on_with(
    site: Any, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.datasets.fetch.TIMEOUT", Timeout(connect=5, read=0.3))
    site.body, site.stops, site.stall = BODY, [1_500_000], 1.0
    get(site, target)
    assert content(target) == BODY
    assert len(site.asked) == 2


def test_server_without_ranges_starts_again(site: Any, target: Path) -> None:
    site.body, site.stops, site.ranges = BODY, [1_000_000], False
    get(site, target)
    assert content(target) == BODY


def test_server_that_always_breaks_off_is_given_up(site: Any, target: Path) -> None:
    site.body, site.stops, site.ranges = BODY, [1_000_000] * 50, False
    with pytest.raises(UnavailableError, match="failed repeatedly"):
        get(site, target)
    assert len(site.asked) < 10


@pytest.mark.parametrize("heeds_if_range", [True, False])
def test_changed_file_is_never_mixed_with_the_old(
    site: Any, target: Path, *, heeds_if_range: bool
) -> None:
    site.body, site.stops = BODY, [1_000_000, *[0] * 10]
    with pytest.raises(UnavailableError):
        get(site, target)
    site.body, site.etag, site.stops = BODY[::-1], '"2"', []
    site.heeds_if_range = heeds_if_range
    get(site, target)
    assert content(target) == BODY[::-1]


@pytest.mark.parametrize("etag", ["", 'W/"1"'])
def test_without_a_strong_validator_it_starts_again(site: Any, target: Path, etag: str) -> None:
    site.body, site.etag, site.stops = BODY, etag, [1_000_000]
    get(site, target)
    assert content(target) == BODY
    assert "range" not in site.asked[1]


def test_body_shorter_than_announced_is_not_taken_for_the_file(site: Any, target: Path) -> None:
    site.body, site.length = BODY, len(BODY) + 100
    with pytest.raises(UnavailableError, match="failed repeatedly"):
        get(site, target)


def test_size_may_be_unknown(site: Any, target: Path) -> None:
    site.body, site.length = BODY, None
    told = get(site, target)
    assert content(target) == BODY
    assert told[0] == ("announced", 0, None)


def test_redirect_is_followed(site: Any, target: Path) -> None:
    site.body, site.stops = BODY, [1_000_000]
    get(site, target, site.address.replace("/file", "/moved"))
    assert content(target) == BODY
    assert site.asked[1]["range"] == "bytes=1000000-"


def test_body_is_stored_as_it_is_sent(site: Any, target: Path) -> None:
    """Servers call a .tar.gz "Content-Encoding: gzip"; it must not be unpacked on the way."""
    site.body = BODY
    site.content_type = "application/x-tar\r\nContent-Encoding: x-gzip"
    get(site, target)
    assert content(target) == BODY


@pytest.mark.parametrize("status", [403, 404, 410])
def test_refusal_ends_it_at_once(site: Any, target: Path, status: int) -> None:
    site.status = status
    with pytest.raises(UnavailableError, match=f"answers {status} "):
        get(site, target)
    assert len(site.asked) == 1
    assert not target.with_name("file.zip.part").exists()


@pytest.mark.parametrize("status", [500, 503])
def test_failing_server_is_tried_again(site: Any, target: Path, status: int) -> None:
    site.status = status
    with pytest.raises(UnavailableError, match=f"answers {status} "):
        get(site, target)
    assert len(site.asked) == 3


def test_failing_server_costs_nothing_that_arrived(site: Any, target: Path) -> None:
    site.body, site.stops = BODY, [1_000_000, *[0] * 10]
    with pytest.raises(UnavailableError):
        get(site, target)
    site.status, site.ranges = 503, False
    with pytest.raises(UnavailableError):
        get(site, target)
    assert content(target) == BODY[:1_000_000]


def test_web_page_is_not_taken_for_the_file(site: Any, target: Path) -> None:
    site.body, site.content_type = b"<html>Log in", "text/html; charset=utf-8"
    with pytest.raises(UnavailableError, match="web page"):
        get(site, target)


@pytest.mark.parametrize("length", [-1, None])
def test_endless_file_is_refused(site: Any, target: Path, length: int | None) -> None:
    site.body, site.length = BODY * 4, length
    with pytest.raises(UnavailableError, match="more than this dataset can have"):
        get(site, target)


def test_unreachable_server_is_said_at_once(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    with pytest.raises(UnavailableError, match=r"cannot be reached \(.*refused\).*online"):
        get(None, target, "http://127.0.0.1:9/file")


@pytest.mark.parametrize("note", ["", "[]", '{"address": 1}', None])
def test_part_without_a_sound_note_is_begun_again(
    site: Any, target: Path, note: str | None
) -> None:
    site.body = BODY
    part = target.with_name("file.zip.part")
    part.write_bytes(b"x" * 1000)
    if note is not None:
        part.with_name(part.name + ".json").write_text(note)
    get(site, target)
    assert content(target) == BODY
    assert "range" not in site.asked[0]


def test_proxy_of_the_environment_is_used(
    site: Any, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.body = BODY
    monkeypatch.delenv("no_proxy")
    monkeypatch.setenv("http_proxy", site.address.replace("//", "//me:secret@"))
    get(site, target, "http://authors.invalid/file")
    assert site.asked[0]["host"] == "authors.invalid"
    assert site.asked[0]["proxy-authorization"].startswith("Basic ")


def test_forget_removes_all(site: Any, target: Path) -> None:
    site.body = BODY
    get(site, target)
    note = json.loads(target.with_name("file.zip.part.json").read_text())
    assert note == {"address": site.address, "validator": '"1"', "size": len(BODY)}
    forget(target)
    assert not list(target.parent.iterdir())
