"""The door of a room as one comes to it: the ticket's key, the challenge, and the first words on the control stream."""

from __future__ import annotations

from collections.abc import Iterator

import trio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from incamera.tcc.errors import ConferenceEnded, MalformedAnswer, NoAnswer, Refused
from incamera.transport import Session, SessionClosed, Stream
from incamera.wire import control
from incamera.wire.api import TicketIssued
from incamera.wire.control import (
    FROM_SERVER,
    Challenge,
    CloseCode,
    Deframer,
    Entered,
    EnterRoom,
    Hello,
    MalformedControl,
    ReturnToRoom,
    RosterChanged,
    Said,
    TrackOffered,
    encode,
    encode_bytes,
    proof_text,
)
from incamera.wire.ids import PublicKey
from incamera.wire.limits import DOOR_TIME

ServerMessage = Challenge | Entered | control.Refused | RosterChanged | TrackOffered | Said


class TicketKey:
    """The key pair (Ed25519, RFC 8032) to which a ticket is bound.  It never leaves this object."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private

    @classmethod
    def generate(cls) -> TicketKey:
        """A new pair; one for each ticket."""
        return cls(Ed25519PrivateKey.generate())

    @property
    def public(self) -> PublicKey:
        """What the TMMS is told when the ticket is taken."""
        return encode_bytes(self._private.public_key().public_bytes_raw())

    def prove(self, meeting: str, token: str, nonce: str) -> str:
        """The answer to a challenge."""
        return encode_bytes(self._private.sign(proof_text(meeting, token, nonce)))


async def pass_the_door(
    session: Session, ticket: TicketIssued, key: TicketKey, *, returning: bool
) -> tuple[Stream, Messages, Entered]:
    """Show the ticket at the door; returns the control stream and what the server says on it.

    Raises `Refused`, `NoAnswer`, `MalformedAnswer`, `ConferenceEnded` or a `TransportError`.
    """
    meeting = ticket.path.rpartition("/")[2]
    try:
        with trio.move_on_after(DOOR_TIME.total_seconds()):
            stream = await session.open_stream()
            await stream.send_all(encode(Hello()))
            messages = Messages(stream)
            challenge = await messages.next()
            if not isinstance(challenge, Challenge):
                raise MalformedAnswer("The server did not begin with its challenge.")
            proof = key.prove(meeting, ticket.token, challenge.nonce)
            show = ReturnToRoom if returning else EnterRoom
            await stream.send_all(encode(show(token=ticket.token, proof=proof)))
            match await messages.next():
                case Entered() as entered:
                    return stream, messages, entered
                case control.Refused(problem=problem):
                    raise Refused(problem)
                case _:
                    raise MalformedAnswer("The server answered the ticket with something else than yes or no.")
    except SessionClosed as closed:
        raise ended(closed) from None
    except trio.EndOfChannel:
        raise MalformedAnswer("The server broke off at the door.") from None
    raise NoAnswer("The server did not open the door in time.")


class Messages:
    """What the server says on the control stream."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._deframer = Deframer(FROM_SERVER)
        self._pending: Iterator[ServerMessage] = iter(())

    async def next(self) -> ServerMessage:
        """The next message; raises `MalformedAnswer`, `trio.EndOfChannel` or `TransportError`."""
        try:
            while (message := next(self._pending, None)) is None:
                data = await self._stream.receive_some()
                if not data:
                    raise trio.EndOfChannel
                self._pending = self._deframer.feed(data)
        except MalformedControl as error:
            raise MalformedAnswer(f"The server said something unknown here: {error}.") from None
        return message


def ended(closed: SessionClosed) -> ConferenceEnded:
    """What the end of a session says about the conference."""
    try:
        return ConferenceEnded(CloseCode(closed.code) if closed.clean else None, closed.reason)
    except ValueError:
        return ConferenceEnded(CloseCode.INTERNAL_ERROR, f"code {closed.code}")
