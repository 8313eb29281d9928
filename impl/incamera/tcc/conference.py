"""Being in a room: enter with a ticket, see who is there, talk, send and receive media, leave or return."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from types import MappingProxyType
from typing import Final, Literal, Protocol

import trio
from pydantic import ValidationError

from incamera.tcc.door import Messages, ServerMessage, TicketKey, ended, pass_the_door
from incamera.tcc.errors import ClientError, ConferenceEnded, MalformedAnswer, MalformedRequest, Refused
from incamera.transport import DatagramTooLarge, Session, SessionClosed, Stream, TransportError
from incamera.wire import control
from incamera.wire.api import Message, TicketIssued
from incamera.wire.control import (
    CloseCode,
    Entered,
    LeaveRoom,
    OfferTrack,
    RosterChanged,
    Said,
    Say,
    Seat,
    Track,
    TrackOffered,
    encode,
)
from incamera.wire.ids import TicketId

__all__ = ["Conference", "Event", "TicketKey", "enter"]

Event = RosterChanged | TrackOffered | Said

EVENTS: Final = 1_024
"""Kept for an application that does not read them; further ones are counted in `Conference.missed` and given up."""
TO_SEND: Final = 64
"""Control messages that wait to be sent; beyond it their senders wait."""
MEDIA_TO_SEND: Final = 128
"""Media datagrams that wait for the connection; then the oldest goes.  A key frame of 140 kB fits."""
LEAVE_TIME_S: Final = 1.0
"""For the server to close the session of somebody who leaves."""


class Opener(Protocol):
    """The part of `incamera.transport.Connection` that is used here."""

    async def webtransport(self, path: str) -> Session: ...


@asynccontextmanager
async def enter(
    connection: Opener, ticket: TicketIssued, key: TicketKey, *, returning: bool = False
) -> AsyncIterator[Conference]:
    """Be in the ticket's room while the block runs, and leave it at its end.

    With `returning`, come back to a seat whose connection was lost.  Raises `Refused`, `NoAnswer`, `MalformedAnswer`,
    `ConferenceEnded` or a `TransportError`.
    """
    session = await connection.webtransport(ticket.path)
    failure: BaseException | None = None
    try:
        stream, messages, entered = await pass_the_door(session, ticket, key, returning=returning)
        conference = Conference(session, entered)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(conference._run, stream, messages)
            try:
                yield conference
            except (Exception, KeyboardInterrupt) as error:
                failure = error  # raised below, so that it comes out as it is and not in a group
            finally:
                with trio.CancelScope(shield=True):
                    await conference.leave()
                conference._tasks.cancel()
    finally:
        await session.close(CloseCode.LEFT)
    if failure is not None:
        raise failure


class Conference:
    """A room as one of those who are in it sees it; made by `enter`.

    Methods raise `ConferenceEnded` once one is no longer in it.
    """

    def __init__(self, session: Session, entered: Entered) -> None:
        self.meeting: Final = entered.meeting
        self.seat: Final = entered.seat
        """One's own."""
        self.max_datagram: Final = entered.max_datagram
        """Bytes of a media datagram, with its header."""
        self.missed = 0
        """Events that were given up because nobody read them."""
        self._session = session
        self._roster = {seat.seat: seat for seat in entered.roster}
        self._tracks = {track.track: track for track in entered.tracks}
        self._unanswered: set[_Offer] = set()
        self._offered: deque[_Offer] = deque()
        """Offers that were sent, in their order, which is that of the answers."""
        self._told, self.events = trio.open_memory_channel[Event](EVENTS)
        """What happens, in its order; the channel ends when the conference does."""
        self._media: deque[bytes] = deque(maxlen=MEDIA_TO_SEND)
        self._media_waits = trio.Event()
        self._to_send, self._sending = trio.open_memory_channel[tuple[Message, _Offer | None]](TO_SEND)
        self._tasks = trio.CancelScope(shield=True)  # even when the block is cancelled, leaving needs them
        self._leaving = False
        self._ended: ConferenceEnded | None = None
        self._over = trio.Event()

    # --- what one sees

    @property
    def roster(self) -> Mapping[TicketId, Seat]:
        """The seats that are taken, one's own and those whose connection is lost included."""
        return MappingProxyType(self._roster)

    @property
    def tracks(self) -> Mapping[int, Track]:
        """The tracks of the room by number, one's own included; after a return one's earlier ones are still there."""
        return MappingProxyType(self._tracks)

    @property
    def ended(self) -> ConferenceEnded | None:
        """Why one is no longer in the room, or None."""
        return self._ended

    async def wait_ended(self) -> ConferenceEnded:
        """Wait until one is no longer in the room."""
        await self._over.wait()
        assert self._ended is not None  # noqa: S101 - set together with the event
        return self._ended

    # --- what one does

    async def say(self, text: str) -> None:
        """A chat line to everybody; it comes back as an event."""
        try:
            message = Say(text=text)
        except ValidationError:
            raise MalformedRequest("This is too long for a chat line, or empty.") from None
        await self._send(message)

    async def offer_track(
        self, kind: Literal["audio", "video"], codec: Literal["opus", "vp8"], width: int = 0, height: int = 0
    ) -> Track:
        """Announce media to everybody; returns the track with its number.  Raises `Refused` if one has too many."""
        try:
            message = OfferTrack(kind=kind, codec=codec, width=width, height=height)
        except ValidationError:
            raise MalformedRequest("There is no such track: sound is opus, pictures are vp8.") from None
        offer = _Offer()
        self._unanswered.add(offer)
        try:
            await self._send(message, offer)
            return await offer.result()
        finally:
            self._unanswered.discard(offer)

    def send_datagram(self, datagram: bytes) -> bool:
        """Send media of one of one's tracks; False if the oldest that waits had to be given up for it."""
        try:
            if not self._media and self._session.send_datagram(datagram):
                return True
        except SessionClosed as closed:
            raise self._ended or ended(closed) from None
        full = len(self._media) == MEDIA_TO_SEND
        self._media.append(datagram)
        self._media_waits.set()
        return not full

    async def receive_datagram(self) -> bytes:
        """The next media datagram of somebody else."""
        try:
            return await self._session.receive_datagram()
        except SessionClosed as closed:
            raise self._ended or ended(closed) from None

    async def leave(self) -> None:
        """Give up one's seat; returns when the server has closed the session, or after `LEAVE_TIME_S`."""
        with trio.move_on_after(LEAVE_TIME_S):
            if not self._leaving and self._ended is None:
                self._leaving = True
                await self._to_send.send((LeaveRoom(), None))
            await self._over.wait()

    def abandon(self) -> None:
        """Break off the connection without a word, as a crash would; the seat is kept for the grace time."""
        self._session.abort()

    async def _send(self, message: Message, offer: _Offer | None = None) -> None:
        if self._ended is not None:
            raise self._ended
        try:
            await self._to_send.send((message, offer))
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            raise (await self.wait_ended()) from None

    # --- the tasks behind it

    async def _run(self, stream: Stream, messages: Messages) -> None:
        with self._tasks:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._listen, messages)
                nursery.start_soon(self._talk, stream)
                nursery.start_soon(self._send_media)

    async def _talk(self, stream: Stream) -> None:
        with self._sending:
            try:
                async for message, offer in self._sending:
                    if offer is not None:
                        self._offered.append(offer)
                    await stream.send_all(encode(message))
            except TransportError as error:
                # Usually the session is over, and `_listen` sees how; else there is no use in it any more.
                await self._session.close(CloseCode.PROTOCOL_ERROR, str(error))

    async def _send_media(self) -> None:
        with suppress(SessionClosed):  # `_listen` sees how
            while True:
                await self._media_waits.wait()
                while self._media:
                    await self._session.wait_datagram_room()
                    with suppress(DatagramTooLarge):
                        if not self._session.send_datagram(self._media[0]):
                            continue
                    self._media.popleft()
                self._media_waits = trio.Event()

    async def _listen(self, messages: Messages) -> None:
        failure: ConferenceEnded | None = None
        try:
            while True:
                self._take(await messages.next())
        except MalformedAnswer as error:
            failure = ConferenceEnded(CloseCode.PROTOCOL_ERROR, str(error))
            await self._session.close(CloseCode.PROTOCOL_ERROR)
        except trio.EndOfChannel:
            # The server says no more; the session's end is on its way and says why.
            with trio.move_on_after(LEAVE_TIME_S) as patience:
                failure = ended(await self._session.wait_closed())
            if patience.cancelled_caught and not self._leaving:
                failure = ConferenceEnded(None, "the server ended its side of the control stream")
                await self._session.close(CloseCode.PROTOCOL_ERROR, failure.reason)
        except SessionClosed as closed:
            failure = ended(closed)
        except TransportError as error:
            failure = ConferenceEnded(None, str(error))
        finally:
            self._end(failure or ConferenceEnded(CloseCode.LEFT, ""))

    def _take(self, message: ServerMessage) -> None:
        match message:
            case RosterChanged(event="left", seat=seat):
                self._roster.pop(seat.seat, None)
                self._tracks = {number: track for number, track in self._tracks.items() if track.seat != seat.seat}
            case RosterChanged(seat=seat):
                self._roster[seat.seat] = seat
            case TrackOffered(track=track):
                self._tracks[track.track] = track
                if track.seat == self.seat and self._offered:
                    self._offered.popleft().answer(track)
            case control.Refused(problem=problem):
                # Once inside, only offers are refused; the server answers them in their order.
                if self._offered:
                    self._offered.popleft().answer(Refused(problem))
                return
            case Said():
                pass
            case _:
                raise MalformedAnswer("The server repeats what it says at the door.")
        try:
            self._told.send_nowait(message)
        except (trio.WouldBlock, trio.BrokenResourceError):
            self.missed += 1

    def _end(self, how: ConferenceEnded) -> None:
        self._ended = how
        for offer in self._unanswered:
            offer.answer(how)
        self._told.close()
        self._to_send.close()
        self._over.set()


class _Offer:
    """A track that was offered, and the server's answer."""

    def __init__(self) -> None:
        self._answered = trio.Event()
        self._answer: Track | ClientError

    def answer(self, answer: Track | ClientError) -> None:
        self._answer = answer
        self._answered.set()

    async def result(self) -> Track:
        await self._answered.wait()
        if isinstance(self._answer, ClientError):
            raise self._answer
        return self._answer
