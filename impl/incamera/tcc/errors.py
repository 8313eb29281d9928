"""What can go wrong for a client, beside the transport's own errors; `str()` of each is one sentence for a person."""

from __future__ import annotations

from incamera.wire.control import CloseCode
from incamera.wire.problem import Problem


class ClientError(Exception):
    """Base of every error of this package."""


class Refused(ClientError):
    """The server refuses; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        rule = f" [{problem.rule}]" if problem.rule else ""
        detail = f" ({problem.detail})" if problem.detail else ""
        super().__init__(f"{problem.title}{rule}{detail}")
        self.problem = problem


class MalformedAnswer(ClientError):
    """The server's answer is not of this protocol."""


class MalformedRequest(ClientError):
    """What was to be asked cannot be said in this protocol, such as a name that is too long."""


class NoAnswer(ClientError):
    """The server took too long."""


class ConferenceEnded(ClientError):
    """One is no longer in the room.

    `code` says why, or is None if the connection was lost; then, for a short time, one may return to one's seat.
    """

    def __init__(self, code: CloseCode | None, reason: str) -> None:
        super().__init__(_WHY[code] + (f" ({reason})" if reason else ""))
        self.code = code
        self.reason = reason

    @property
    def lost(self) -> bool:
        """The connection was lost, by nobody's decision."""
        return self.code is None


_WHY = {
    None: "The connection to the room was lost.",
    CloseCode.LEFT: "You have left the room.",
    CloseCode.INTERNAL_ERROR: "The server has failed.",
    CloseCode.REFUSED: "The server refuses.",
    CloseCode.MEETING_ENDED: "The meeting has ended.",
    CloseCode.DISMISSED: "You have left the meeting.",
    CloseCode.PROTOCOL_ERROR: "Client and server do not understand each other.",
    CloseCode.SHUTTING_DOWN: "The server is shutting down.",
    CloseCode.DISPLACED: "You have returned to your seat from elsewhere.",
    CloseCode.TOO_SLOW: "This connection is too slow for the room.",
}
