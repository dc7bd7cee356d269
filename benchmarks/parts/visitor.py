"""Somebody with a browser, without the browser: a window of a running Lobule, drawn as text."""

import http.client
import time
import uuid
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

if TYPE_CHECKING:
    from streamlit.proto.FileUploader_pb2 import FileUploader

_BOUNDARY = "x"
_PATIENCE, _TICK = 900.0, 0.2  # seconds


class Visitor:
    """A window on a page.

    Parameters
    ----------
    url : str
        Of the server, without a slash at the end.
    page : str
        Its address below that; empty for the first one.
    """

    def __init__(self, url: str, page: str = "") -> None:
        self.host = urlsplit(url).netloc
        _, headers, _ = self.ask("GET", "/_stcore/health")
        self.cookie = headers["set-cookie"].split(";")[0]
        self.token = self.cookie.partition("=")[2]
        self.origin = {"Origin": url, "Cookie": self.cookie, "X-Xsrftoken": self.token}
        self._open = ExitStack()
        connecting = connect(
            f"ws://{self.host}/_stcore/stream",
            subprotocols=[Subprotocol("streamlit"), Subprotocol(self.token)],
            origin=Origin(url),
            additional_headers={"Cookie": self.cookie},
            max_size=None,
            proxy=None,
            ping_interval=None,  # whoever waits for others reads nothing meanwhile
        )
        self.line = self._open.enter_context(connecting)
        self.session = ""
        self.drawn: dict[tuple[int, ...], str] = {}
        self._this_run: set[tuple[int, ...]] = set()
        self.uploader: FileUploader | None = None
        self._widgets: dict[str, tuple[str, str]] = {}  # id and part of the page, by label
        self.running = True
        self._timers: dict[str, tuple[float, float]] = {}  # seconds, and when it is due
        self._state = ClientState(page_name=page)
        self._state.context_info.url = f"{url}/{page}"
        self._send()

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body of an answer by the server."""
        connection = http.client.HTTPConnection(self.host, timeout=_PATIENCE)
        try:
            # What is refused for its size is answered before all of it was sent.
            with suppress(BrokenPipeError):
                connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            names = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, names, answer.read()
        finally:
            connection.close()

    def until(self, holds: Callable[["Visitor"], bool], seconds: float) -> None:
        """Read what is drawn until something holds.

        Raises
        ------
        TimeoutError
            If it does not within that time.
        """
        end = time.monotonic() + seconds
        while not holds(self):
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError(self.text[:2000])
            self._read(min(left, _TICK))
            self._draw_again()

    def listen(self) -> None:
        """Read what comes within a moment."""
        self._read(_TICK)

    def shows(self, words: str, seconds: float = 60) -> None:
        """Wait until the page shows some words."""
        self.until(lambda window: words in window.text, seconds)

    @property
    def text(self) -> str:
        """What was drawn and not been replaced."""
        return "\n".join(self.drawn.values())

    def put(self, content: bytes, name: str, file: str = "") -> int:
        """Send a file to the server, as an uploader does; returns the status."""
        head = (
            f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="f"; filename="{name}"\r\n\r\n'
        )
        status, _, _ = self.ask(
            "PUT",
            self.upload_path(file),
            head.encode() + content + f"\r\n--{_BOUNDARY}--\r\n".encode(),
            self.origin | {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"},
        )
        return status

    def upload_path(self, file: str = "") -> str:
        """Where a file goes."""
        return f"/_stcore/upload_file/{self.session}/{file or uuid.uuid4()}"

    def give(self, files: dict[str, bytes]) -> None:
        """Drop files on the page's uploader."""
        if self.uploader is None:
            raise LookupError("The page shows no uploader.")
        state = self._state.widget_states.widgets.add()
        state.id = self.uploader.id
        for name, content in files.items():
            file = str(uuid.uuid4())
            status = self.put(content, name, file)
            if status >= http.client.BAD_REQUEST:
                raise ConnectionError(f"{name} was answered with {status}.")
            info = state.file_uploader_state_value.uploaded_file_info.add()
            info.file_id, info.name, info.size = file, name, len(content)
            info.file_urls.file_id = file
            info.file_urls.upload_url = info.file_urls.delete_url = self.upload_path(file)
        self._send()
        self.running = True

    def again(self) -> float:
        """Have the whole page drawn again; returns the seconds until all of it came."""
        self.running = True
        began = time.perf_counter()
        self._send()
        self.until(lambda window: not window.running, _PATIENCE)
        return time.perf_counter() - began

    def act(self, label: str, **value: object) -> float:
        """Use the widget of a label; returns the seconds until the server has drawn all of it.

        Parameters
        ----------
        label : str
        **value
            What becomes of the widget, by the name of the field in Streamlit's `WidgetState`:
            `trigger_value=True` presses a button.
        """
        self.until(lambda _: not self.running and label in self._widgets, _PATIENCE)
        widget, part = self._widgets[label]
        pressed = "trigger_value" in value
        kept = [each for each in self._state.widget_states.widgets if each.id != widget]
        del self._state.widget_states.widgets[:]
        self._state.widget_states.widgets.extend(kept)
        state = WidgetState(id=widget)
        for name, content in value.items():
            if isinstance(content, list):
                getattr(state, name).data.extend(content)
            else:
                setattr(state, name, content)
        self._state.widget_states.widgets.append(state)
        self.running = True
        began = time.perf_counter()
        self._send(part, by_itself=False)
        self.until(lambda window: not window.running, _PATIENCE)
        seconds = time.perf_counter() - began
        if pressed:
            del self._state.widget_states.widgets[-1]
        return seconds

    def close(self) -> None:
        """Leave."""
        self._open.close()

    def _read(self, seconds: float) -> None:
        message = ForwardMsg()
        try:
            message.ParseFromString(self.line.recv(timeout=seconds))
        except TimeoutError:
            return
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self.session = self.session or message.new_session.initialize.session_id
            self.running, self._this_run = True, set()
        elif kind == "script_finished":
            self.running = False
            if message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                self.drawn = {place: self.drawn[place] for place in sorted(self._this_run)}
        elif kind == "auto_rerun":
            part = message.auto_rerun
            self._timers[part.fragment_id] = part.interval, time.monotonic() + part.interval
        elif kind == "delta":
            self._draw(message)

    def _draw_again(self) -> None:
        """Ask for the parts of the page that draw themselves every few seconds."""
        now = time.monotonic()
        for part, (interval, due) in list(self._timers.items()):
            if now >= due and not self.running:
                self._timers[part] = interval, now + interval
                self._send(part)

    def _send(self, part: str = "", *, by_itself: bool = True) -> None:
        message = BackMsg()
        message.rerun_script.CopyFrom(self._state)
        message.rerun_script.fragment_id = part
        message.rerun_script.is_auto_rerun = bool(part) and by_itself
        self.line.send(message.SerializeToString())

    def _draw(self, message: ForwardMsg) -> None:
        place = tuple(message.metadata.delta_path)
        element = message.delta.new_element
        inside = [other for other in self.drawn if other[: len(place)] == place]
        for other in inside:
            del self.drawn[other]
            self._this_run.discard(other)
        self.drawn[place] = str(element)
        self._this_run.add(place)
        of_element = element.WhichOneof("type")
        block = message.delta.add_block
        shown: Any = getattr(element, of_element) if of_element else block.expandable
        if hasattr(shown, "label") and getattr(shown, "id", None):
            self._widgets[shown.label] = shown.id, message.delta.fragment_id
        if of_element == "file_uploader":
            self.uploader = element.file_uploader
