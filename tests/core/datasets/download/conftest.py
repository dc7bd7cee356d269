"""A web server on this machine that can be made to fail in the ways that servers do."""

import contextlib
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


@dataclass
class Site:
    """What the server gives at `/file`, and what it was asked."""

    address: str = ""
    body: bytes = b""
    etag: str = '"1"'
    status: int = 200
    content_type: str = "application/octet-stream"
    ranges: bool = True
    heeds_if_range: bool = True
    length: int | None = -1  # -1: the true one; None: not said
    stops: list[int] = field(default_factory=list)  # one a request: bytes before it breaks off
    stall: float = 0.0  # seconds of silence after breaking off
    asked: list[dict[str, str]] = field(default_factory=list)


class _Handler(BaseHTTPRequestHandler):
    site: Site

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        site = self.site
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/file")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        site.asked.append({key.lower(): value for key, value in self.headers.items()})
        start = self._start()
        rest = site.body[start:]
        self.send_response(206 if start else site.status)
        self.send_header("Content-Type", site.content_type)
        if site.etag:
            self.send_header("ETag", site.etag)
        if start:
            total = len(site.body)
            self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
        if site.length is not None:
            self.send_header(
                "Content-Length", str(len(rest) if site.length < 0 else site.length - start)
            )
        self.end_headers()
        stop = site.stops.pop(0) if site.stops else len(rest)
        with contextlib.suppress(ConnectionError):  # the other side may have hung up
            self.wfile.write(rest[:stop])
            self.wfile.flush()
        if stop < len(rest):
            time.sleep(site.stall)

    def _start(self) -> int:
        site = self.site
        match = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        changed = self.headers.get("If-Range", site.etag) != site.etag
        if not match or not site.ranges or (changed and site.heeds_if_range):
            return 0
        return int(match[1])


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr("core.datasets.fetch.WAITS", (0, 0, 0))
    site = Site()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"site": site}))
    site.address = f"http://127.0.0.1:{server.server_port}/file"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield site
    server.shutdown()
    server.server_close()
    thread.join()
