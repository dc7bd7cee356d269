"""Uploads and windows wait until there is room; nothing is read before."""

import asyncio
import errno
from collections.abc import Iterator

import pytest
from starlette.types import Message, Receive, Scope, Send

from core import receiving
from core.receiving import MOST_AT_ONCE, Connections, Uploads


class MadeUpRoom:
    def __init__(self, most_own: int = 100, most: int = 150) -> None:
        self.kept: dict[str, int] = {}
        self.cleared_by_nobody: dict[str, int] = {}
        self.most_own, self.most_all = most_own, most
        self.told: list[str] = []

    def held(self, window: str) -> tuple[int, int]:
        return self.kept.get(window, 0), sum(self.kept.values())

    def uploaded(self, window: str) -> int:
        return self.cleared_by_nobody.get(window, 0)

    def most(self) -> tuple[int, int]:
        return self.most_own, self.most_all

    def tell(self, window: str) -> None:
        self.told.append(window)


class Inside:
    """What stands behind: reads an upload to its end and keeps it."""

    def __init__(self, room: MadeUpRoom) -> None:
        self.room = room
        self.at_once = self.most_at_once = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            size, more = 0, True
            while more:
                message = await receive()
                size += len(message.get("body", b""))
                more = message.get("more_body", False)
                await asyncio.sleep(0.001)
            window = scope["path"].split("/")[-2]
            self.room.kept[window] = self.room.kept.get(window, 0) + size
        finally:
            self.at_once -= 1
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(receiving, "_LOOK_AGAIN", 0.001)
    monkeypatch.setattr(receiving, "WAIT_SECONDS", 5.0)
    yield
    assert not receiving.waiting
    assert not receiving.for_room


async def upload(
    app: Uploads, window: str, parts: list[bytes], declared: int | None = None
) -> tuple[int, int]:
    """Send a file; returns the status, and how many of its parts were read."""
    size = sum(map(len, parts)) if declared is None else declared
    headers = [(b"content-length", str(size).encode())] if size else []
    path = f"/lobule/_stcore/upload_file/{window}/file"
    scope = {"type": "http", "method": "PUT", "path": path, "headers": headers}
    status, read = 0, 0

    async def receive() -> Message:
        nonlocal read
        read += 1
        return {
            "type": "http.request",
            "body": parts[read - 1],
            "more_body": read < len(parts),
        }

    async def send(message: Message) -> None:
        nonlocal status
        status = message.get("status", status)

    await app(scope, receive, send)
    return status, read


def test_a_file_waits_unread_until_there_is_room_and_goes_on_by_itself() -> None:
    room = MadeUpRoom()
    app = Uploads(Inside(room), room)

    async def run() -> None:
        room.kept["theirs"] = 100
        waits = asyncio.create_task(upload(app, "mine", [b"x" * 60]))
        while not room.told:
            await asyncio.sleep(0.001)
        assert receiving.for_room["mine"] == 1
        assert not room.kept.get("mine")
        room.kept["theirs"] = 20
        assert await waits == (204, 1)

    asyncio.run(run())
    assert room.told == ["mine"]  # once


def test_one_person_waits_for_themselves_and_others_go_on() -> None:
    room = MadeUpRoom()
    app = Uploads(Inside(room), room)

    async def run() -> None:
        assert await upload(app, "anna", [b"x" * 90]) == (204, 1)
        more = asyncio.create_task(upload(app, "anna", [b"x" * 20]))
        assert await upload(app, "ben", [b"x" * 20]) == (204, 1)
        assert room.told == ["anna"]
        room.kept["anna"] = 0
        assert await more == (204, 1)

    asyncio.run(run())


def test_a_window_has_few_files_under_way_at_once() -> None:
    room = MadeUpRoom(10_000, 10_000)
    inside = Inside(room)
    app = Uploads(inside, room)

    async def run() -> list[tuple[int, int]]:
        return list(await asyncio.gather(*(upload(app, "mine", [b"x"] * 9) for _ in range(30))))

    assert asyncio.run(run()) == [(204, 9)] * 30
    assert inside.most_at_once == MOST_AT_ONCE
    assert not room.told  # that is no want of room
    assert (app.under_way, app.coming) == ({}, {})


def test_files_that_begin_at_once_do_not_take_the_same_place() -> None:
    room = MadeUpRoom()
    app = Uploads(Inside(room), room)

    async def run() -> None:
        windows = ("anna", "ben", "carl", "dora")
        four = [asyncio.create_task(upload(app, each, [b"x" * 10] * 4)) for each in windows]
        while len(room.kept) < 3:
            await asyncio.sleep(0.001)
        assert [task.done() for task in four].count(True) <= 3
        room.kept.clear()
        assert [await task for task in four] == [(204, 4)] * 4

    asyncio.run(run())


def test_a_drop_that_leaves_no_room_for_its_own_rest_is_told_and_does_not_wait() -> None:
    room = MadeUpRoom()
    app = Uploads(Inside(room), room)

    async def run() -> list[tuple[int, int]]:
        return list(await asyncio.gather(*(upload(app, "mine", [b"x" * 10] * 4) for _ in range(4))))

    assert asyncio.run(run()) == [(204, 4)] * 2 + [(413, 0)] * 2
    room.cleared_by_nobody["mine"] = 80
    assert asyncio.run(upload(app, "mine", [b"x" * 40])) == (413, 0)
    assert not room.told


@pytest.mark.parametrize("declared", [0, 10])
def test_more_than_was_declared_ends_at_the_limit(declared: int) -> None:
    room = MadeUpRoom()
    app = Uploads(Inside(room), room)
    status, read = asyncio.run(upload(app, "mine", [b"x" * 30] * 100, declared))
    assert (status, read) == (503, 4)
    assert (app.under_way, app.coming, room.kept) == ({}, {}, {})


def test_a_full_disk_under_an_upload_is_told() -> None:
    room = MadeUpRoom()

    async def spool(_: Scope, receive: Receive, __: Send) -> None:
        await receive()
        raise OSError(errno.ENOSPC, "No space left on device")

    app = Uploads(spool, room)
    assert asyncio.run(upload(app, "mine", [b"x"])) == (507, 1)
    assert (app.under_way, app.coming) == ({}, {})


def test_who_waits_too_long_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "WAIT_SECONDS", 0.02)
    room = MadeUpRoom()
    room.kept["theirs"] = 150
    app = Uploads(Inside(room), room)
    assert asyncio.run(upload(app, "mine", [b"x"])) == (503, 0)


def test_a_window_has_no_endless_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "MOST_IN_LINE", 3)
    monkeypatch.setattr(receiving, "WAIT_SECONDS", 0.1)
    room = MadeUpRoom()
    room.kept["theirs"] = 150
    app = Uploads(Inside(room), room)

    async def run() -> list[int]:
        every = await asyncio.gather(*(upload(app, "mine", [b"x"]) for _ in range(9)))
        return sorted(status for status, _ in every)

    assert asyncio.run(run()) == [429] * 6 + [503] * 3


def test_connections_have_a_limit_and_strangers_a_lower_one() -> None:
    left = asyncio.Event()

    async def inside(scope: Scope, _: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
            await left.wait()
        else:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"page"})

    app = Connections(inside, 6, 3, lambda scope: scope["who"])

    async def reach(kind: str, who: str | None) -> Message:
        said: asyncio.Queue[Message] = asyncio.Queue()
        scope = {
            "type": kind, "who": who, "method": "GET", "path": "/",
            "headers": [(b"accept", b"text/html")],
        }  # fmt: skip
        task = asyncio.create_task(app(scope, None, said.put))  # type: ignore[arg-type]
        tasks.append(task)
        return await said.get()

    async def run() -> None:
        for who in (None, "anna"):  # strangers, and one person
            opened = [await reach("websocket", who) for _ in range(4)]
            kinds = [message["type"].partition(".")[2] for message in opened]
            assert kinds == ["accept"] * 3 + ["close"]
            assert (await reach("http", who))["status"] == 503
            assert (await reach("http", "ben"))["status"] == (503 if who else 200)
        assert (await reach("websocket", "ben"))["code"] == 1013
        left.set()
        await asyncio.gather(*tasks)
        left.clear()
        assert (await reach("websocket", None))["type"] == "websocket.accept"
        # Where nobody signs in there is no telling who is who.
        opened = [await reach("websocket", "") for _ in range(5)]
        assert [message["type"] for message in opened] == ["websocket.accept"] * 5
        left.set()

    tasks: list[asyncio.Task[None]] = []
    asyncio.run(run())
