"""What client and TCS say on the control stream of a WebTransport session at `/tcs/v1/meetings/{m}`.

The client opens one bidirectional stream.  On it each message is a JSON object behind its length in bytes (unsigned,
32 bits, network byte order).  The client speaks first, since a stream exists for its peer only with its first byte: it
says `hello`; the server says `challenge`; the client answers `enter-room` or `return-to-room`; the server says
`entered`, or `refused` and closes the session.
"""

from __future__ import annotations

import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from datetime import datetime
from enum import IntEnum
from hashlib import sha256
from typing import Annotated, Final, Generic, Literal, Self, TypeVar

from pydantic import ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError, model_validator

from incamera.wire import limits
from incamera.wire.api import Message, Name
from incamera.wire.ids import AccountId, MeetingId, TicketId, Token
from incamera.wire.problem import Problem

T = TypeVar("T")
_LENGTH: Final = struct.Struct("!I")


class CloseCode(IntEnum):
    """Why a session at the TCS was closed (the code of CLOSE_WEBTRANSPORT_SESSION)."""

    LEFT = 0
    INTERNAL_ERROR = 1
    REFUSED = 2
    MEETING_ENDED = 3
    DISMISSED = 4
    PROTOCOL_ERROR = 5
    SHUTTING_DOWN = 6
    DISPLACED = 7
    TOO_SLOW = 8


class MalformedControl(Exception):
    """The bytes are no message of this protocol; the text says why."""


class ControlMessage(Message):
    """A message of the control stream, or a part of one: numbers are numbers, and neither `"12"` nor `true`."""

    model_config = ConfigDict(strict=True)


class _Media(ControlMessage):
    """What a stream of media is: `audio` with `opus`, or `video` with `vp8` and its size in pixels."""

    kind: Literal["audio", "video"]
    codec: Literal["opus", "vp8"]
    width: Annotated[int, Field(ge=0, le=0xFFFF)] = 0
    height: Annotated[int, Field(ge=0, le=0xFFFF)] = 0

    @model_validator(mode="after")
    def _codec_of_its_kind(self) -> Self:
        if (self.kind == "audio") != (self.codec == "opus"):
            raise ValueError("audio is opus, video is vp8")
        return self


class Seat(ControlMessage):
    """One place in a room: a person by one ticket.  `dropped`: the connection was lost, the seat is kept."""

    seat: TicketId
    person: AccountId
    name: Name
    dropped: bool = False


class Track(_Media):
    """One stream of media in a room; `track` is the id in the media header."""

    track: Annotated[int, Field(ge=0, le=0xFFFF)]
    seat: TicketId


class Hello(ControlMessage):
    """Client: I speak this version of the protocol."""

    type: Literal["hello"] = "hello"
    version: Annotated[int, Field(ge=1, le=1)] = 1


class Challenge(ControlMessage):
    """Server: sign this with the key of your ticket (see `proof_text`)."""

    type: Literal["challenge"] = "challenge"
    nonce: Token


class EnterRoom(ControlMessage):
    """Client: I show my ticket for the first time.  `proof` is an Ed25519 signature, base64url without padding."""

    type: Literal["enter-room"] = "enter-room"
    token: Token
    proof: Annotated[str, StringConstraints(pattern="^[A-Za-z0-9_-]{86}$")]


class ReturnToRoom(ControlMessage):
    """Client: my connection was lost, I come back to my seat."""

    type: Literal["return-to-room"] = "return-to-room"
    token: Token
    proof: Annotated[str, StringConstraints(pattern="^[A-Za-z0-9_-]{86}$")]


class Entered(ControlMessage):
    """Server: you are in; the roster includes you.  In a large room the rest of it follows as `roster` and `track`.

    `max_datagram`: the most bytes that a media datagram may have.
    """

    type: Literal["entered"] = "entered"
    meeting: MeetingId
    seat: TicketId
    roster: tuple[Seat, ...]
    tracks: tuple[Track, ...]
    max_datagram: int


class Refused(ControlMessage):
    """Server: what you asked is refused.  Before `entered` the session is closed after it."""

    type: Literal["refused"] = "refused"
    problem: Problem


class RosterChanged(ControlMessage):
    """Server: somebody came, was lost, came back or went."""

    type: Literal["roster"] = "roster"
    event: Literal["entered", "dropped", "returned", "left"]
    seat: Seat


class OfferTrack(_Media):
    """Client: I am going to send this; the server answers everybody, you included, with `track`."""

    type: Literal["offer-track"] = "offer-track"


class TrackOffered(ControlMessage):
    """Server: a new track; the media header carries its id."""

    type: Literal["track"] = "track"
    track: Track


class Say(ControlMessage):
    """Client: a chat line to everybody in the room."""

    type: Literal["say"] = "say"
    text: Annotated[str, StringConstraints(min_length=1, max_length=limits.CHAT_CHARS)]


class Said(ControlMessage):
    """Server: somebody's chat line; its author gets it too."""

    type: Literal["said"] = "said"
    seat: TicketId
    name: Name
    text: str
    at: datetime


class LeaveRoom(ControlMessage):
    """Client: I go; the server closes the session."""

    type: Literal["leave-room"] = "leave-room"


ClientMessage = Annotated[Hello | EnterRoom | ReturnToRoom | OfferTrack | Say | LeaveRoom, Field(discriminator="type")]
ServerMessage = Annotated[
    Challenge | Entered | Refused | RosterChanged | TrackOffered | Said, Field(discriminator="type")
]
FROM_CLIENT: Final[TypeAdapter[Hello | EnterRoom | ReturnToRoom | OfferTrack | Say | LeaveRoom]] = TypeAdapter(
    ClientMessage
)
FROM_SERVER: Final[TypeAdapter[Challenge | Entered | Refused | RosterChanged | TrackOffered | Said]] = TypeAdapter(
    ServerMessage
)


def encode(message: Message) -> bytes:
    """The message behind its length."""
    body = message.model_dump_json(exclude_none=True).encode()
    if len(body) > limits.CONTROL_MESSAGE_BYTES:
        raise MalformedControl(f"a message has at most {limits.CONTROL_MESSAGE_BYTES} bytes, this one {len(body)}")
    return _LENGTH.pack(len(body)) + body


class Deframer(Generic[T]):
    """Turns the bytes of a control stream into messages of one direction."""

    def __init__(self, messages: TypeAdapter[T]) -> None:
        self._messages = messages
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[T]:
        """The messages that are complete with `data`; raises `MalformedControl` at the first that is none."""
        self._buffer += data
        while len(self._buffer) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._buffer)
            if length > limits.CONTROL_MESSAGE_BYTES:
                raise MalformedControl(
                    f"a message has at most {limits.CONTROL_MESSAGE_BYTES} bytes, this one says {length}"
                )
            if len(self._buffer) < _LENGTH.size + length:
                return
            body = bytes(self._buffer[_LENGTH.size : _LENGTH.size + length])
            del self._buffer[: _LENGTH.size + length]
            try:
                yield self._messages.validate_json(body)
            except ValidationError as error:
                first = error.errors(include_url=False, include_input=False)[0]
                where = ".".join(str(part) for part in first["loc"])
                raise MalformedControl(f"{where or 'message'}: {first['msg']}") from None


def proof_text(meeting: str, token: str, nonce: str) -> bytes:
    """What the bearer of `token` signs at the door of `meeting` to prove that they hold the key of the ticket."""
    return b"in camera, room entry 1\n" + f"{meeting}\n{sha256(token.encode()).hexdigest()}\n{nonce}".encode()


def encode_bytes(raw: bytes) -> str:
    """Base64url without padding, as keys and signatures are written."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode_bytes(text: str) -> bytes:
    """The inverse of `encode_bytes`, for text that a message has already validated."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
