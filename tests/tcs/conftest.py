"""A communication server with its real journal, in virtual time, over sessions in memory."""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar, cast

import pytest
import trio
import trio.testing

from incamera.journal import Journal, Transaction
from incamera.tcc.conference import Conference, TicketKey, enter
from incamera.tcs import Tcs
from incamera.transport import DatagramTooLarge, Session, SessionClosed, Stream
from incamera.wire.api import Message, TicketIssued
from incamera.wire.audit import Record
from incamera.wire.control import (
    FROM_SERVER,
    Challenge,
    CloseCode,
    Deframer,
    EnterRoom,
    Hello,
    ReturnToRoom,
    encode,
)
from incamera.wire.ids import digest, fresh_id, fresh_token
from incamera.wire.limits import TICKET_TIME
from incamera.wire.link import CloseRoom, Dismiss, Grant, OpenRoom

T = TypeVar("T")
HERE = Path(__file__).parent
HELLO = Hello()
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


class VirtualClock:
    """The time of day, as trio's clock has it."""

    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=trio.current_time())

    async def sleep_until(self, when: datetime) -> None:
        await trio.sleep_until((when - EPOCH).total_seconds())


class InlineJournal(Journal):
    """The journal without its worker thread: a virtual clock would run on while a thread works."""

    async def transact(self, act: Callable[[Transaction], T]) -> T:
        await trio.lowlevel.checkpoint()
        return self.transact_sync(act)


# --- sessions in memory


class Pipe:
    """Bytes on their way in one direction; holds at most `capacity` of them."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._data = bytearray()
        self._eof = False
        self._failure: SessionClosed | None = None
        self._changed = trio.lowlevel.ParkingLot()

    async def send(self, data: bytes) -> None:
        await trio.lowlevel.checkpoint()
        while data:
            if self._failure is not None:
                raise self._failure
            room = self._capacity - len(self._data)
            if room > 0:
                self._data += data[:room]
                data = data[room:]
                self._changed.unpark_all()
            else:
                await self._changed.park()

    async def receive(self, max_bytes: int) -> bytes:
        await trio.lowlevel.checkpoint()
        while not self._data:
            if self._failure is not None:
                raise self._failure
            if self._eof:
                return b""
            await self._changed.park()
        data = bytes(self._data[:max_bytes])
        del self._data[:max_bytes]
        self._changed.unpark_all()
        return data

    def end(self) -> None:
        self._eof = True
        self._changed.unpark_all()

    def fail(self, failure: SessionClosed) -> None:
        self._failure = failure
        self._changed.unpark_all()


class MemoryStream(trio.abc.HalfCloseableStream):
    def __init__(self, outgoing: Pipe, incoming: Pipe) -> None:
        self._outgoing, self._incoming = outgoing, incoming

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        await self._outgoing.send(bytes(data))

    async def wait_send_all_might_not_block(self) -> None:
        await trio.lowlevel.checkpoint()

    async def send_eof(self) -> None:
        self._outgoing.end()
        await trio.lowlevel.checkpoint()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        return await self._incoming.receive(max_bytes or 65_536)

    async def aclose(self) -> None:
        await self.send_eof()


class MemorySession:
    """Has the methods of `incamera.transport.Session` that TCS and TCC use, with the same errors."""

    def __init__(self, path: str, capacity: int) -> None:
        self.path = path
        self.max_datagram_size = 1_155
        self.peer = "10.0.0.2:50000"
        self._congested = False
        self.far: MemorySession
        self._capacity = capacity
        self._pipes: list[Pipe] = []
        self._streams: deque[MemoryStream] = deque()
        self._datagrams: deque[bytes] = deque(maxlen=512)
        self._changed = trio.lowlevel.ParkingLot()
        self._closed: SessionClosed | None = None
        self._over = trio.Event()

    @classmethod
    def pair(cls, path: str, capacity: int = 1 << 18) -> tuple[MemorySession, MemorySession]:
        near, far = cls(path, capacity), cls(path, capacity)
        near.far, far.far = far, near
        return near, far

    @property
    def congested(self) -> bool:
        """Set by a test: this end's connection takes no more datagrams."""
        return self._congested

    @congested.setter
    def congested(self, congested: bool) -> None:
        self._congested = congested
        self._changed.unpark_all()

    async def wait_datagram_room(self) -> None:
        await trio.lowlevel.checkpoint()
        while self.congested:
            self._check()
            await self._changed.park()

    @property
    def closed(self) -> SessionClosed | None:
        return self._closed

    async def wait_closed(self) -> SessionClosed:
        await self._over.wait()
        assert self._closed is not None
        return self._closed

    async def open_stream(self) -> MemoryStream:
        await trio.lowlevel.checkpoint()
        self._check()
        there, back = Pipe(self._capacity), Pipe(self._capacity)
        for end in (self, self.far):
            end._pipes += [there, back]
        self.far._streams.append(MemoryStream(back, there))
        self.far._changed.unpark_all()
        return MemoryStream(there, back)

    async def accept_stream(self) -> MemoryStream:
        await trio.lowlevel.checkpoint()
        while not self._streams:
            self._check()
            await self._changed.park()
        return self._streams.popleft()

    def send_datagram(self, data: bytes) -> bool:
        self._check()
        if len(data) > self.max_datagram_size:
            raise DatagramTooLarge(len(data), self.max_datagram_size)
        if self.congested:
            return False
        self.far._datagrams.append(data)
        self.far._changed.unpark_all()
        return True

    async def receive_datagram(self) -> bytes:
        await trio.lowlevel.checkpoint_if_cancelled()
        while not self._datagrams:
            self._check()
            await self._changed.park()
        return self._datagrams.popleft()

    async def close(self, code: int = 0, reason: str = "") -> None:
        self._finish(SessionClosed(code, reason))
        self.far._finish(SessionClosed(code, reason))
        await trio.lowlevel.checkpoint()

    def abort(self) -> None:
        for end in (self, self.far):
            end._finish(SessionClosed(reason="aborted", clean=False))

    def _finish(self, how: SessionClosed) -> None:
        if self._closed is None:
            self._closed = how
            for pipe in self._pipes:
                pipe.fail(how)
            self._over.set()
            self._changed.unpark_all()

    def _check(self) -> None:
        if self._closed is not None:
            raise self._closed


# --- the server and its surroundings


@dataclass(frozen=True)
class Bearer:
    """A person with a ticket."""

    person: str
    name: str
    ticket: TicketIssued
    key: TicketKey

    @property
    def seat(self) -> str:
        return self.ticket.ticket

    @property
    def meeting(self) -> str:
        return self.ticket.path.rpartition("/")[2]


@dataclass
class World:
    """A running TCS; whoever opens a session reaches it."""

    journal: Journal
    clock: VirtualClock
    tcs: Tcs
    handlers: trio.Nursery
    """Where the sessions' handlers run; the transport cancels them when it closes."""
    capacity: int = 1 << 18
    """Bytes that a new session's streams hold in each direction."""
    sessions: list[tuple[MemorySession, MemorySession]] = field(default_factory=list)
    """The client's and the server's ends, oldest first."""
    failures: list[Exception] = field(default_factory=list)
    """What handlers raised; the transport would log it.  A test that expects any takes it out."""

    async def webtransport(self, path: str) -> Session:
        near, far = MemorySession.pair(path, self.capacity)
        self.sessions.append((near, far))
        self.handlers.start_soon(self._handle, far)
        return cast(Session, near)

    async def _handle(self, session: MemorySession) -> None:
        try:
            await self.tcs.session(cast(Session, session))
        except Exception as error:  # as the transport does
            self.failures.append(error)
        assert session.closed is not None

    def shut_down(self) -> None:
        """Cancel every handler, as the transport does."""
        self.handlers.cancel_scope.cancel()

    async def open_room(self) -> str:
        meeting = fresh_id("mtg")
        await self.tcs.link.tell(OpenRoom(meeting=meeting))
        return meeting

    async def close_room(self, meeting: str) -> None:
        await self.tcs.link.tell(CloseRoom(meeting=meeting))

    async def dismiss(self, meeting: str, bearer: Bearer) -> None:
        await self.tcs.link.tell(Dismiss(meeting=meeting, person=bearer.person))

    async def grant(self, meeting: str, name: str = "Olga", person: str | None = None) -> Bearer:
        ticket = TicketIssued(
            ticket=fresh_id("tkt"),
            token=fresh_token(),
            path=f"/tcs/v1/meetings/{meeting}",
            expires_at=self.clock.now() + TICKET_TIME,
        )
        bearer = Bearer(person or fresh_id("acc"), name, ticket, TicketKey.generate())
        await self.tell_grant(bearer)
        return bearer

    async def tell_grant(self, bearer: Bearer) -> None:
        await self.tcs.link.tell(
            Grant(
                meeting=bearer.meeting,
                person=bearer.person,
                name=bearer.name,
                ticket=bearer.seat,
                digest=digest(bearer.ticket.token),
                key=bearer.key.public,
                expires_at=bearer.ticket.expires_at,
            )
        )

    def enter(self, bearer: Bearer, *, returning: bool = False) -> AbstractAsyncContextManager[Conference]:
        """Be in the room as `bearer`."""
        return enter(self, bearer.ticket, bearer.key, returning=returning)

    @asynccontextmanager
    async def knock(self, meeting: str, first: Message | None = HELLO) -> AsyncIterator[RawClient]:
        """A session at the door of the room, for a client that does as it likes after its first message."""
        session = await self.webtransport(f"/tcs/v1/meetings/{meeting}")
        client = RawClient(session, await session.open_stream())
        if first is not None:
            await client.say(first)
        yield client
        await session.close()

    async def log(self, *, after: int = 0) -> list[str]:
        """The audit log behind record `after`, a word for each record: the action, and the rule if it was refused."""
        await trio.testing.wait_all_tasks_blocked()
        return [said(record) for record in self.journal.records(after)]

    async def state(self, bearer: Bearer) -> str:
        """Of the bearer's ticket, as stored."""
        await trio.testing.wait_all_tasks_blocked()
        state = await self.tcs.state("Conference")
        assert isinstance(state["ticket"], dict)
        return str(state["ticket"][bearer.meeting][bearer.person][bearer.seat])


class RawClient:
    """Says what a test wants said, and hears what is answered."""

    def __init__(self, session: Session, stream: Stream) -> None:
        self.session = session
        self.stream = stream
        self._deframer = Deframer(FROM_SERVER)
        self._heard: deque[Message] = deque()

    async def say(self, message: Message | bytes) -> None:
        await self.stream.send_all(message if isinstance(message, bytes) else encode(message))

    async def hear(self) -> Message:
        while not self._heard:
            data = await self.stream.receive_some()
            assert data, "the stream has ended"
            self._heard.extend(self._deframer.feed(data))
        return self._heard.popleft()

    async def show(
        self, bearer: Bearer, meeting: str, *, key: TicketKey | None = None, returning: bool = False
    ) -> Message:
        """Answer the challenge at the door of `meeting` and hear the verdict."""
        challenge = await self.hear()
        assert isinstance(challenge, Challenge)
        proof = (key or bearer.key).prove(meeting, bearer.ticket.token, challenge.nonce)
        await self.say((ReturnToRoom if returning else EnterRoom)(token=bearer.ticket.token, proof=proof))
        return await self.hear()

    async def close_code(self) -> CloseCode:
        closed = await self.session.wait_closed()
        assert closed.clean
        return CloseCode(closed.code)


def said(record: Record) -> str:
    return record.action if record.rule is None else f"{record.action} {record.rule}"


@asynccontextmanager
async def running(store: Path) -> AsyncIterator[World]:
    """A TCS on the store at `store`, new or left by another one."""
    clock = VirtualClock()
    with InlineJournal.open(store, clock=clock, server="tcs-1") as journal:
        tcs = Tcs(journal, clock)
        async with trio.open_nursery() as nursery:
            await nursery.start(tcs.run)
            world = World(journal, clock, tcs, await nursery.start(_hold_open))
            yield world
            nursery.cancel_scope.cancel()
        assert world.failures == []


async def _hold_open(*, task_status: trio.TaskStatus[trio.Nursery]) -> None:
    async with trio.open_nursery() as nursery:
        task_status.started(nursery)
        await trio.sleep_forever()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever uses the world runs in virtual time."""
    for item in items:
        if isinstance(item, pytest.Function) and "world" in item.fixturenames and item.path.parent == HERE:
            item.add_marker(pytest.mark.trio(run=_run_in_virtual_time))


def _run_in_virtual_time(main: Any, **options: Any) -> Any:
    return trio.run(main, **options | {"clock": trio.testing.MockClock(autojump_threshold=0)})


class StoppedClock(VirtualClock):
    def now(self) -> datetime:
        return EPOCH


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new journal, to be copied: making one anew takes ten times as long."""
    path = tmp_path_factory.mktemp("tcs") / "empty.sqlite3"
    with Journal.open(path, clock=StoppedClock(), server="tcs-1"):
        return path


@pytest.fixture
async def world(tmp_path: Path, empty_store: Path) -> AsyncIterator[World]:
    async with running(Path(shutil.copy(empty_store, tmp_path / "store.sqlite3"))) as world:
        yield world


@pytest.fixture
def restarted() -> Callable[[World], AbstractAsyncContextManager[World]]:
    """A second server on what a crash of the first one now would leave behind."""

    def restart(world: World) -> AbstractAsyncContextManager[World]:
        left_behind = world.journal.path.with_name("crashed.sqlite3")
        for suffix in ("", "-wal"):
            shutil.copy(f"{world.journal.path}{suffix}", f"{left_behind}{suffix}")
        return running(left_behind)

    return restart
