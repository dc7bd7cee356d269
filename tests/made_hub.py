"""A hub of models on this machine, which answers as the real one does, or breaks off."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Hub:
    """Files by `owner/name/path`; those of a repository in `gated` need the token.

    With `break_after` it gives so many bytes of a file and is out of order from then on.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    gated: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    break_after: int | None = None
    out_of_order: bool = False
    record: str | None = None  # what it says a file's hash is, instead of it
    claimed: int | None = None  # likewise, how long a file is
    commit: str = COMMIT
    status: int | None = None  # what it answers to everything
    address: str = ""


class _Answer(BaseHTTPRequestHandler):
    hub: Hub

    def do_HEAD(self) -> None:
        self._answer(head=True)

    def do_GET(self) -> None:
        self._answer(head=False)

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self, *, head: bool) -> None:
        self.hub.asked.append(
            (self.command, self.path, {name.lower(): value for name, value in self.headers.items()})
        )
        repository, _, rest = unquote(self.path).lstrip("/").partition("/resolve/")
        file = rest.partition("/")[2]
        known = [name for name in self.hub.files if name.startswith(f"{repository}/")]
        needed = self.hub.gated.get(repository)
        if self.hub.status:
            self._refuse(self.hub.status, "")
        elif self.hub.out_of_order and not head:
            self._refuse(503, "Unavailable")
        elif needed and self.headers.get("Authorization") != f"Bearer {needed}":
            self._refuse(403, "GatedRepo")
        elif not known:
            self._refuse(401, "RepoNotFound")
        elif f"{repository}/{file}" not in known:
            self._refuse(404, "EntryNotFound")
        else:
            self._give(self.hub.files[f"{repository}/{file}"], head=head)

    def _refuse(self, status: int, code: str) -> None:
        self.send_response(status)
        self.send_header("X-Error-Code", code)
        self.send_header("X-Error-Message", code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _give(self, content: bytes, *, head: bool) -> None:
        start = 0
        if given := self.headers.get("Range"):
            start = int(given.removeprefix("bytes=").split("-")[0])
        self.send_response(206 if start else 200)
        self.send_header("X-Repo-Commit", self.hub.commit)
        record = self.hub.record or hashlib.sha256(content).hexdigest()
        self.send_header("ETag", f'"{record}"')
        self.send_header("Content-Length", str(self.hub.claimed or len(content) - start))
        if start:
            span = f"bytes {start}-{len(content) - 1}/{len(content)}"
            self.send_header("Content-Range", span)
        self.end_headers()
        if head:
            return
        if self.hub.break_after is not None:
            self.wfile.write(content[start : start + self.hub.break_after])
            self.wfile.flush()
            self.hub.out_of_order = True
            self.connection.close()
            return
        self.wfile.write(content[start:])


@contextmanager
def serving() -> Iterator[Hub]:
    hub = Hub()

    answer = type("Answer", (_Answer,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    hub.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
