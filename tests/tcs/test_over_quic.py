"""The same over real QUIC on loopback, in real time, with the real journal."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import trio

from incamera.journal import Journal
from incamera.tcc.conference import TicketKey, enter
from incamera.tcc.errors import ConferenceEnded, Refused
from incamera.tcs import Tcs
from incamera.transport import Authority, Server, SystemClock, Trust, connect, serve
from incamera.wire.api import TicketIssued
from incamera.wire.control import CloseCode, Said
from incamera.wire.ids import digest, fresh_id, fresh_token
from incamera.wire.limits import MEDIA_DATAGRAM_BYTES
from incamera.wire.link import CloseRoom, Grant, OpenRoom
from incamera.wire.media import MediaHeader

CLOCK = SystemClock()


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.create("tests")


class Deployment:
    """A TCS behind the transport, and one meeting whose room is open."""

    def __init__(self, journal: Journal, tcs: Tcs, server: Server, trust: Trust) -> None:
        self.journal, self.tcs, self._server, self._trust = journal, tcs, server, trust
        self.meeting = fresh_id("mtg")

    def connect(self) -> Any:
        return connect("127.0.0.1", self._server.port, trust=self._trust)

    async def grant(self, name: str) -> tuple[TicketIssued, TicketKey]:
        key = TicketKey.generate()
        ticket = TicketIssued(
            ticket=fresh_id("tkt"),
            token=fresh_token(),
            path=f"/tcs/v1/meetings/{self.meeting}",
            expires_at=CLOCK.now() + timedelta(seconds=60),
        )
        await self.tcs.link.tell(
            Grant(
                meeting=self.meeting,
                person=fresh_id("acc"),
                name=name,
                ticket=ticket.ticket,
                digest=digest(ticket.token),
                key=key.public,
                expires_at=ticket.expires_at,
            )
        )
        return ticket, key

    async def close(self) -> None:
        await self._server.aclose()

    def actions(self) -> list[str]:
        return [record.action if record.rule is None else record.rule for record in self.journal.records(0)]


async def nothing_else(scope: Any, receive: Any, send: Any) -> None:
    raise NotImplementedError


@asynccontextmanager
async def deployed(folder: Path, authority: Authority) -> AsyncIterator[Deployment]:
    with Journal.open(folder / "store.sqlite3", clock=CLOCK, server="tcs-1") as journal:
        tcs = Tcs(journal, CLOCK)
        async with trio.open_nursery() as nursery:
            await nursery.start(tcs.run)
            async with serve(
                nothing_else, tcs.session, identity=authority.issue(), host="127.0.0.1", port=0, advertise_tcp=False
            ) as server:
                deployment = Deployment(journal, tcs, server, Trust.authority(authority.certificate_pem))
                await tcs.link.tell(OpenRoom(meeting=deployment.meeting))
                yield deployment
            nursery.cancel_scope.cancel()


async def test_two_people_meet(tmp_path: Path, authority: Authority) -> None:
    async with deployed(tmp_path, authority) as deployment:
        first, second = await deployment.grant("Olga"), await deployment.grant("Paul")
        async with deployment.connect() as one, deployment.connect() as other:
            async with enter(one, *first) as hers, enter(other, *second) as his:
                assert hers.max_datagram == MEDIA_DATAGRAM_BYTES
                await his.say("Guten Tag")
                async for event in hers.events:
                    if isinstance(event, Said):
                        assert event.text == "Guten Tag"
                        break
                track = (await hers.offer_track("video", "vp8", 640, 360)).track
                header = MediaHeader(track=track, frame=0, fragment=0, fragments=1, timestamp_ms=0).pack()
                datagram = header + b"x" * (hers.max_datagram - len(header))
                with trio.fail_after(30):
                    while True:  # the network may lose one
                        hers.send_datagram(datagram)
                        with trio.move_on_after(0.2):
                            assert await his.receive_datagram() == datagram
                            break
                await deployment.tcs.link.tell(CloseRoom(meeting=deployment.meeting))
                for conference in (hers, his):
                    assert (await conference.wait_ended()).code == CloseCode.MEETING_ENDED
        assert deployment.actions()[3:] == ["EnterRoom", "EnterRoom", "CloseRoom", "Clear", "Clear"]


async def test_a_broken_connection_and_a_return(tmp_path: Path, authority: Authority) -> None:
    async with deployed(tmp_path, authority) as deployment:
        ticket = await deployment.grant("Olga")
        async with deployment.connect() as connection:
            async with enter(connection, *ticket) as hers:
                hers.abandon()
                assert (await hers.wait_ended()).lost
        async with deployment.connect() as connection:
            with pytest.raises(Refused) as caught:
                async with enter(connection, *ticket):
                    pytest.fail("entered twice")
            assert caught.value.problem.rule == "CONF-002"
            async with enter(connection, *ticket, returning=True) as hers:
                assert hers.seat == ticket[0].ticket
        assert deployment.actions()[2:] == ["EnterRoom", "Drop", "CONF-002", "ReturnToRoom", "LeaveRoom"]


async def test_a_server_that_closes_loses_no_record(tmp_path: Path, authority: Authority) -> None:
    async with deployed(tmp_path, authority) as deployment:
        tickets = [await deployment.grant(name) for name in ("Olga", "Paul")]
        async with deployment.connect() as one, deployment.connect() as other:
            async with enter(one, *tickets[0]) as hers, enter(other, *tickets[1]) as his:
                await deployment.close()
                for conference in (hers, his):
                    assert (await conference.wait_ended()).code == CloseCode.SHUTTING_DOWN
                    with pytest.raises(ConferenceEnded):
                        await conference.say("is anybody there?")
        assert deployment.actions()[3:] == ["EnterRoom", "EnterRoom", "Drop", "Drop"]


async def test_a_cancelled_server_loses_no_record(tmp_path: Path, authority: Authority) -> None:
    with trio.CancelScope() as interrupt:
        async with deployed(tmp_path, authority) as deployment:
            ticket = await deployment.grant("Olga")
            async with deployment.connect() as connection, enter(connection, *ticket) as hers:
                hers.abandon()
                interrupt.cancel()
                await trio.sleep_forever()
    with Journal.open(tmp_path / "store.sqlite3", clock=CLOCK, server="tcs-1") as journal:
        assert [record.action for record in journal.records(0)] == ["OpenRoom", "Grant", "EnterRoom", "Drop"]
