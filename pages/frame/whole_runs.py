"""Keeps Streamlit from losing what a run has drawn."""

import asyncio
from collections import deque
from weakref import WeakKeyDictionary

from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequestType

_LATER = 0.01  # seconds
_request_rerun = AppSession.request_rerun
_waiting: WeakKeyDictionary[AppSession, deque[ClientState | None]] = WeakKeyDictionary()


def keep_runs_whole() -> None:
    """Let all that a run draws arrive before a part of the page is run again.

    What a script draws reaches its session through the event loop. Where a part of the page is
    asked for (by a timer's tick, by a click in a fragment) once the script has ended, but some of
    that is still under way, Streamlit starts another script runner and from then on drops what
    comes from the first: a page keeps its progress bar though the server has drawn the answer.
    A run of the whole page loses nothing so, as it draws all of it anew.
    """
    # The type checker lets no method be replaced.
    setattr(AppSession, "request_rerun", _in_turn)  # noqa: B010


def _in_turn(session: AppSession, client_state: ClientState | None) -> None:
    if line := _waiting.get(session):
        line.append(client_state)
    elif _is_ending(session, client_state):
        _waiting[session] = deque([client_state])
        asyncio.get_running_loop().call_later(_LATER, _next, session)
    else:
        _request_rerun(session, client_state)


def _next(session: AppSession) -> None:
    line, loop = _waiting[session], asyncio.get_running_loop()
    if _is_ending(session, line[0]):
        loop.call_later(_LATER, _next, session)
        return
    client_state = line.popleft()
    if line:
        loop.call_soon(_next, session)
    _request_rerun(session, client_state)


def _is_ending(session: AppSession, client_state: ClientState | None) -> bool:
    """Whether a part is asked for while the last of what a script drew is under way."""
    if client_state is None or not client_state.fragment_id:
        return False
    requests = getattr(getattr(session, "_scriptrunner", None), "_requests", None)
    return getattr(requests, "_state", None) is ScriptRequestType.STOP
