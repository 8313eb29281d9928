"""Sockets and clocks, and nothing else of this project has either.

`serve` answers an ASGI application and WebTransport sessions over HTTP/3, and the application over TLS/TCP on the same
port number; `connect` is the client. QUIC is aioquic's, which does no I/O of its own; one trio task per UDP socket
drives it.

From below: `datagram` (sockets), `endpoint` (many connections on one socket), `quic` (one connection), `h3` (its
requests and sessions), `webtransport` and `stream`, `asgi`, `http1`; `server` and `client` put them together. `limits`
has every number. aioquic's private parts are touched in `_aioquic` alone.
"""

from .asgi import ASGIApp
from .client import Connection, connect
from .clock import AdjustableClock, Clock, SystemClock
from .datagram import network
from .errors import (
    AddressUnavailable,
    ApplicationFailed,
    ConnectionLost,
    DatagramTooLarge,
    HandshakeFailed,
    PortForbidden,
    PortTaken,
    RequestTimedOut,
    ResponseTooLarge,
    SessionClosed,
    SessionRefused,
    StreamReset,
    TransportError,
    Unreachable,
    UntrustedPeer,
)
from .exchange import Response
from .pki import Authority, Identity, IdentityUnusable, NameUnusable, Trust
from .server import Server, SessionHandler, serve
from .stream import Stream
from .webtransport import Session

__all__ = [
    "ASGIApp",
    "AddressUnavailable",
    "AdjustableClock",
    "ApplicationFailed",
    "Authority",
    "Clock",
    "Connection",
    "ConnectionLost",
    "DatagramTooLarge",
    "HandshakeFailed",
    "Identity",
    "IdentityUnusable",
    "NameUnusable",
    "PortForbidden",
    "PortTaken",
    "RequestTimedOut",
    "Response",
    "ResponseTooLarge",
    "Server",
    "Session",
    "SessionClosed",
    "SessionHandler",
    "SessionRefused",
    "Stream",
    "StreamReset",
    "SystemClock",
    "TransportError",
    "Trust",
    "Unreachable",
    "UntrustedPeer",
    "connect",
    "network",
    "serve",
]
