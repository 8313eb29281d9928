"""A server that does as a test says, on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from incamera.tcc.conference import TicketKey
from incamera.transport import Authority, Connection, Session, Stream, Trust, connect, serve
from incamera.wire.api import Message, TicketIssued
from incamera.wire.control import FROM_CLIENT, Challenge, CloseCode, Deframer, Entered, LeaveRoom, Seat, encode
from incamera.wire.ids import fresh_id, fresh_token


class FarEnd:
    """The server's end of a session: says what the test wants said."""

    def __init__(self, session: Session, stream: Stream) -> None:
        self.session = session
        self.stream = stream
        self._deframer = Deframer(FROM_CLIENT)
        self._heard: list[Message] = []

    async def say(self, message: Message | bytes) -> None:
        await self.stream.send_all(message if isinstance(message, bytes) else encode(message))

    async def hear(self) -> Message:
        while not self._heard:
            data = await self.stream.receive_some()
            assert data, "the stream has ended"
            self._heard.extend(self._deframer.feed(data))
        return self._heard.pop(0)

    async def until_left(self) -> None:
        """Listen until the client leaves, and let it go."""
        while not isinstance(await self.hear(), LeaveRoom):
            pass
        await self.session.close(CloseCode.LEFT)

    async def greet(self, seat: str) -> Message:
        """Let the client in whatever it shows; returns what it showed."""
        await self.hear()
        await self.say(Challenge(nonce=fresh_token()))
        shown = await self.hear()
        me = Seat(seat=seat, person=fresh_id("acc"), name="Olga")
        meeting = self.session.path.rpartition("/")[2]
        await self.say(Entered(meeting=meeting, seat=seat, roster=(me,), tracks=(), max_datagram=1_152))
        return shown


Script = Callable[[FarEnd], Awaitable[None]]


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority.create("tests")


@pytest.fixture
def ticket() -> TicketIssued:
    return TicketIssued(
        ticket=fresh_id("tkt"),
        token=fresh_token(),
        path=f"/tcs/v1/meetings/{fresh_id('mtg')}",
        expires_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


@pytest.fixture
def key() -> TicketKey:
    return TicketKey.generate()


@pytest.fixture
def scripted(authority: Authority) -> Any:
    """`scripted(script)` is a connection to a server whose sessions go by `script`."""

    @asynccontextmanager
    async def start(script: Script) -> AsyncIterator[Connection]:
        async def session(session: Session) -> None:
            await script(FarEnd(session, await session.accept_stream()))

        async def application(scope: Any, receive: Any, send: Any) -> None:
            raise NotImplementedError

        trust = Trust.authority(authority.certificate_pem)
        async with (
            serve(
                application, session, identity=authority.issue(), host="127.0.0.1", port=0, advertise_tcp=False
            ) as server,
            connect("127.0.0.1", server.port, trust=trust) as connection,
        ):
            yield connection

    return start
