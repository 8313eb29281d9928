"""What can go wrong between two machines, each with one clear sentence."""

import trio


class TransportError(Exception):
    """Base of every error of this package; ``str()`` is one sentence for a person."""


class PortTaken(TransportError):
    """Another program listens on that port."""


class PortForbidden(TransportError):
    """The operating system lets this user not listen on that port."""


class AddressUnavailable(TransportError):
    """This machine has no such address."""


class ApplicationFailed(TransportError):
    """The ASGI application refused to start."""


class Unreachable(TransportError):
    """Nobody answered over UDP within the time given."""


class UntrustedPeer(TransportError):
    """The peer's certificate is not what we trust."""


class HandshakeFailed(TransportError):
    """The peer answered, and the handshake ended without a connection."""


class ConnectionLost(TransportError, trio.BrokenResourceError):
    """The connection ended while something still needed it."""


class RequestTimedOut(TransportError):
    """The peer took longer for a response than the caller allows."""


class ResponseTooLarge(TransportError):
    """A response was larger than the client accepts."""


class StreamReset(TransportError, trio.BrokenResourceError):
    """The peer gave up a stream. ``code`` is its application code."""

    def __init__(self, code: int) -> None:
        super().__init__(f"The peer gave up the stream (code {code}).")
        self.code = code


class SessionRefused(TransportError):
    """The server answered the WebTransport CONNECT with ``status`` instead of 200."""

    def __init__(self, status: int) -> None:
        super().__init__(f"The server refused the session (status {status}).")
        self.status = status


class SessionClosed(TransportError, trio.BrokenResourceError):
    """The session is over.

    ``code`` (32 bits) and ``reason`` are those of the close capsule, or 0 and a short text of our own. ``clean`` is
    true when the session was closed by a capsule or the end of its stream, false when the connection was lost.
    """

    def __init__(self, code: int = 0, reason: str = "", *, clean: bool = True) -> None:
        super().__init__(
            f"The session is {'closed' if clean else 'lost'} (code {code}{', ' + reason if reason else ''})."
        )
        self.code = code
        self.reason = reason
        self.clean = clean


class DatagramTooLarge(TransportError):
    """A datagram that no packet of this connection can carry. ``limit`` is in bytes."""

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(f"A datagram of {size} bytes does not fit; the limit is {limit}.")
        self.size = size
        self.limit = limit
