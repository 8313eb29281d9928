"""One session at the TCS, from the door to its end."""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from incamera.transport import Connection, Session, SessionClosed, Stream
from incamera.wire.control import (
    FROM_SERVER,
    Challenge,
    CloseCode,
    Deframer,
    Entered,
    EnterRoom,
    Hello,
    LeaveRoom,
    MalformedControl,
    Refused,
    ReturnToRoom,
    RosterChanged,
    Said,
    TrackOffered,
    encode,
    encode_bytes,
    proof_text,
)

from .answers import Answer, Judged, Verdict

ServerMessage = Challenge | Entered | Refused | RosterChanged | TrackOffered | Said
FORMS: Final = {"enter-room": EnterRoom, "return-to-room": ReturnToRoom}


class Seat:
    """A seat that was taken; `told` is what the server said of it."""

    def __init__(self, session: Session, stream: Stream, told: Entered) -> None:
        self.told = told
        self._session = session
        self._stream = stream

    async def leave(self) -> None:
        """Say that one goes."""
        await self._stream.send_all(encode(LeaveRoom()))

    def abort(self) -> None:
        """Break the connection."""
        self._session.abort()

    async def wait_closed(self) -> int:
        """Wait until the session is over; the code with which it was closed."""
        return (await self._session.wait_closed()).code


class Door:
    """Who stands at the door of a meeting's room, with a ticket's token and their own key."""

    def __init__(self, meeting: str, token: str, key: Ed25519PrivateKey) -> None:
        self._meeting = meeting
        self._token = token
        self._key = key

    async def ask(self, connection: Connection, say: str) -> Seat | Answer:
        """Ask to be let in, as `enter-room` or `return-to-room`: a seat, or the refusal.

        Raises `Judged` for what is no answer, and `incamera.transport.TransportError`.
        """
        session = await connection.webtransport(f"/tcs/v1/meetings/{self._meeting}")
        try:
            return await self._ask(session, say)
        except MalformedControl as error:
            raise Judged(Verdict.FAILED, f"the server says what is no message: {error}") from None
        except SessionClosed as closed:
            raise Judged(Verdict.FAILED, f"the session was closed without an answer (code {closed.code})") from None

    async def _ask(self, session: Session, say: str) -> Seat | Answer:
        stream = await session.open_stream()
        messages = _Messages(stream)
        await stream.send_all(encode(Hello()))
        challenge = await messages.next()
        if not isinstance(challenge, Challenge):
            raise Judged(Verdict.FAILED, f"the server begins with {challenge.type}, not with a challenge")
        proof = encode_bytes(self._key.sign(proof_text(self._meeting, self._token, challenge.nonce)))
        await stream.send_all(encode(FORMS[say](token=self._token, proof=proof)))
        answer = await messages.next()
        if isinstance(answer, Entered):
            return Seat(session, stream, answer)
        if not isinstance(answer, Refused):
            raise Judged(Verdict.FAILED, f"the server answers {say} with {answer.type}")
        closed = await session.wait_closed()
        deviations = () if closed.code == CloseCode.REFUSED else (f"the session was closed with code {closed.code}",)
        problem = answer.problem.model_dump()
        return Answer(answer.problem.status, problem, deviations)


class _Messages:
    """What the server says on the control stream."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._deframer: Deframer[ServerMessage] = Deframer(FROM_SERVER)
        self._pending: list[ServerMessage] = []

    async def next(self) -> ServerMessage:
        while not self._pending:
            data = await self._stream.receive_some()
            if not data:
                raise Judged(Verdict.FAILED, "the server has ended the control stream")
            self._pending += self._deframer.feed(data)
        return self._pending.pop(0)
