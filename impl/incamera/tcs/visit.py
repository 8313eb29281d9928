"""One transport session: at the door, then in the room, until its end.

A visit has one reason for its end, whoever gives it first: the client, the room, the network or the server's shutdown.
In every case the seat is recorded as lost unless somebody recorded something better, and the client is told the reason.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from http import HTTPStatus
from typing import Final

import structlog
import trio

from incamera.journal import JournalError, Refusal
from incamera.tcs import limits
from incamera.tcs.door import RoomFull
from incamera.tcs.house import DoorBusy, House
from incamera.tcs.outbox import Outbox, TooSlow
from incamera.tcs.pace import Pace
from incamera.tcs.relay import Receiver
from incamera.tcs.room import Place, Room, TooManyTracks
from incamera.transport import Clock, Session, Stream, TransportError
from incamera.wire.control import (
    FROM_CLIENT,
    Challenge,
    CloseCode,
    Deframer,
    EnterRoom,
    Hello,
    LeaveRoom,
    MalformedControl,
    OfferTrack,
    Refused,
    ReturnToRoom,
    Say,
    encode,
)
from incamera.wire.ids import MeetingId, fresh_token
from incamera.wire.limits import DOOR_TIME
from incamera.wire.problem import Problem, mistake, refusal

ClientMessage = Hello | EnterRoom | ReturnToRoom | OfferTrack | Say | LeaveRoom

log = structlog.get_logger("incamera.tcs")

_BUSY: Final = mistake("busy", HTTPStatus.SERVICE_UNAVAILABLE, "Too much happens at the door. Try again later.")


class Visit:
    """A session for as long as it lasts; implements `room.Visitor`."""

    def __init__(self, house: House, session: Session, meeting: MeetingId, clock: Clock) -> None:
        self._house = house
        self._session = session
        self._meeting = meeting
        self._clock = clock
        self._pace = Pace(clock)
        self._outbox = Outbox()
        self._receiver = Receiver(session, house.counts)
        self._scope = trio.CancelScope()
        self._ending: tuple[CloseCode, str] | None = None

    # --- room.Visitor

    @property
    def receiver(self) -> Receiver:
        return self._receiver

    @property
    def max_datagram(self) -> int:
        return self._session.max_datagram_size

    def tell(self, frame: bytes) -> None:
        try:
            self._outbox.put(frame)
        except TooSlow:
            self.put_out(CloseCode.TOO_SLOW)

    def put_out(self, code: CloseCode) -> None:
        self._end(code)

    # --- its life

    async def run(self) -> None:
        """Attend to the session until it ends; cancelled, it closes with SHUTTING_DOWN."""
        try:
            with self._scope:
                await self._guard(self._attend)
        except Exception:
            self._end(CloseCode.INTERNAL_ERROR)
            raise  # to be logged by the transport
        finally:
            code, reason = self._ending or (CloseCode.SHUTTING_DOWN, "")
            try:
                with trio.CancelScope(shield=True):
                    await self._house.lose(self)
            except JournalError as error:
                log.warning("a lost connection could not be recorded yet", meeting=self._meeting, error=str(error))
            await self._session.close(code, reason)

    def _end(self, code: CloseCode, reason: str = "") -> None:
        if self._ending is None:
            self._ending = (code, reason[: limits.REASON_CHARS])
        self._scope.cancel()

    async def _guard(self, part: Callable[[], Awaitable[None]]) -> None:
        """Run a part of the visit; however it ends, the visit ends for that reason."""
        try:
            await part()
        except MalformedControl as error:
            self._end(CloseCode.PROTOCOL_ERROR, str(error))
        except TransportError as error:
            self._end(CloseCode.PROTOCOL_ERROR, str(error))  # heard only if the session outlived its control stream
        except JournalError as error:
            log.warning("an act could not be recorded", meeting=self._meeting, error=str(error))
            self._end(CloseCode.INTERNAL_ERROR)

    async def _attend(self) -> None:
        with trio.move_on_after(DOOR_TIME.total_seconds()) as patience:
            stream = await self._session.accept_stream()
            messages = Messages(stream)
            if not isinstance(await messages.next(), Hello):
                raise MalformedControl("a client begins with hello")
            if self._house.turns_away(self._session.peer):
                await self._turn_away(stream, _BUSY)
                return
            nonce = fresh_token()
            await stream.send_all(encode(Challenge(nonce=nonce)))
            shown = await messages.next()
        if patience.cancelled_caught or shown is None:
            raise MalformedControl("the challenge was not answered")
        if not isinstance(shown, EnterRoom | ReturnToRoom):
            raise MalformedControl("before entering, a client only enters or returns")
        try:
            room, place = await self._house.admit(self, self._meeting, shown, nonce, peer=self._session.peer)
        except DoorBusy:
            await self._turn_away(stream, _BUSY)
        except Refusal as refused:
            await self._turn_away(stream, refusal(refused.rule))
        except RoomFull:
            await self._turn_away(stream, mistake("room-full", HTTPStatus.SERVICE_UNAVAILABLE, "The room is full."))
        else:
            await self._stay(stream, messages, room, place)

    async def _turn_away(self, stream: Stream, problem: Problem) -> None:
        with trio.move_on_after(DOOR_TIME.total_seconds()):
            await stream.send_all(encode(Refused(problem=problem)))
        self._end(CloseCode.REFUSED, problem.title)

    async def _stay(self, stream: Stream, messages: Messages, room: Room, place: Place) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._guard, lambda: self._outbox.send(stream))
            nursery.start_soon(self._guard, self._receiver.run)
            nursery.start_soon(self._guard, lambda: self._relay(room, place))
            nursery.start_soon(self._guard, lambda: self._listen(messages, room, place))

    async def _relay(self, room: Room, place: Place) -> None:
        while True:
            room.media(place, await self._session.receive_datagram())
            await trio.lowlevel.checkpoint()  # a full queue for a full room is too long a turn

    async def _listen(self, messages: Messages, room: Room, place: Place) -> None:
        while (message := await messages.next()) is not None:
            await self._pace.wait()
            match message:
                case Say():
                    room.say(place, message.text, self._clock.now())
                case OfferTrack():
                    try:
                        room.offer(place, message)
                    except TooManyTracks as error:
                        told = mistake("too-many-tracks", HTTPStatus.CONFLICT, str(error))
                        self.tell(encode(Refused(problem=told)))
                case LeaveRoom():
                    await self._house.leave(self)
                    self._end(CloseCode.LEFT)
                    return
                case _:
                    raise MalformedControl("a client enters only once")
        raise MalformedControl("the control stream has ended")


class Messages:
    """What the client says on its control stream."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._deframer = Deframer(FROM_CLIENT)
        self._pending: Iterator[ClientMessage] = iter(())

    async def next(self) -> ClientMessage | None:
        """The next message, or None at the stream's end; raises `MalformedControl` or `TransportError`."""
        while (message := next(self._pending, None)) is None:
            data = await self._stream.receive_some()
            if not data:
                return None
            self._pending = self._deframer.feed(data)
        return message
