"""Every number of the transport in one place, with its unit.

Sizes are bytes, times are seconds, the rest are counts. A bound that has a status or an error of its own names it.
"""

KIB = 1024
MIB = 1024 * KIB

# --- UDP and QUIC packets

PACKET_SIZE = 1200
"""UDP payload we send: the least every QUIC path carries (RFC 9000 section 14)."""
RECEIVE_SIZE = 2048
"""UDP payload read at once; the rest of a longer one is cut off, which its decryption then notices."""
DATAGRAM_FRAME = 65_535
"""DATAGRAM frames we announce to accept (RFC 9221 section 3); packets set the practical limit."""
RECEIVE_BATCH = 64
"""Datagrams read before the connections are flushed and other tasks get their turn."""
SOCKET_BUFFER = 4 * MIB
"""Asked of the kernel for each direction; it may grant less."""
OUTBOX_PACKETS = 4096
"""Packets kept while the kernel's send buffer is full; beyond it they count as lost, as QUIC expects of a network."""

# --- QUIC connections

CONNECTIONS = 4096
"""Connections of one endpoint; further Initial packets are ignored."""
CONNECTIONS_OF_NETWORK = 256
"""The same from one IPv4 address or one IPv6 /64."""
HALF_OPEN_BEFORE_RETRY = 64
"""Unfinished handshakes from which on an address has to prove itself (Retry, RFC 9000 section 8.1.2)."""
HANDSHAKE_TIME = 10.0
"""After which an unfinished handshake is dropped."""
IDLE_TIME = 30.0
"""Silence after which a connection counts as lost (RFC 9000 section 10.1)."""
KEEP_ALIVE_TIME = 10.0
"""A client with an open session sends a PING this often: a third of the idle time."""
STREAM_WINDOW = 256 * KIB
"""Bytes of one stream that a peer may send before they are read here, once as many have been read."""
CONNECTION_WINDOW = 4 * MIB
"""The same for all streams of a connection together."""
FIRST_STREAM_WINDOW = 32 * KIB
"""The same before anything was read. A single byte at a window's end has the whole of it allocated."""
FIRST_CONNECTION_WINDOW = 256 * KIB
"""The same for all streams of a connection together."""
GAPS = 256
"""Pieces of one stream that came before what belongs in front of them; with more the connection is closed."""
STREAM_BACKLOG = 256 * KIB
"""Bytes of one stream written here and not acknowledged; a writer waits beyond it."""
CONNECTION_BACKLOG = 4 * MIB
"""The same for all streams of a connection together."""
WRITE_PIECE = 64 * KIB
"""Room that wakes a waiting writer."""
TIMER_GRAIN = 1e-6
"""Seconds by which a timer is taken to have passed."""
CLOSE_REASON = 256
"""Bytes of the reason sent with CONNECTION_CLOSE."""

# --- HTTP

HEADER_BYTES = 32 * KIB
"""A message's header section: names, values and 32 bytes a field (RFC 9114 section 4.2.2). Status 431."""
HEADER_FIELDS = 128
"""Fields of a message. Status 431."""
REQUEST_BODY = 16 * MIB
"""A request's body. Status 413."""
RESPONSE_BODY = 64 * MIB
"""A response's body, as the client accepts it."""
REQUESTS = 512
"""Requests of one server being answered at the same time. Status 503."""
REQUESTS_OF_NETWORK = 256
"""The same from one IPv4 address or one IPv6 /64. Status 503."""
REQUESTS_OF_CONNECTION = 64
"""The same from one connection; further ones wait for their turn."""
BODY_TIME = 20.0
"""For the next piece of a request's body. Status 408."""
WHOLE_BODY_TIME = 120.0
"""For all of them. Status 408."""
WRITE_TIME = 30.0
"""For a client to take one piece of a response."""
STREAMS_GIVEN_UP = 1_024
"""Requests of a connection that the client gave up before their headers came, and that are remembered as such."""
ALT_SVC_AGE = 86_400
"""How long a browser may remember that HTTP/3 is offered (RFC 7838 `ma`)."""

# --- TLS/TCP

TCP_CONNECTIONS = 512
"""Connections at the same time; further ones wait in the kernel's queue."""
TCP_BACKLOG = 128
"""Length of the kernel's queue."""
TCP_READ = 64 * KIB
"""Bytes read at once."""
HEADER_TIME = 10.0
"""From the first byte of a connection, or the end of a response, to a whole request header, when one has begun."""
KEEP_OPEN_TIME = 30.0
"""Between the end of a response and the next request."""
LINGER_TIME = 1.0
"""In which what a refused client still sends is thrown away: closing over unread bytes could cost it the answer."""
LINGER_BYTES = MIB
"""The same in bytes."""

# --- WebTransport

SESSIONS = 16
"""Sessions of one connection, as promised in SETTINGS; further CONNECTs get status 429."""
EARLY_SESSIONS = 4
"""Sessions whose streams arrived before their CONNECT."""
SESSIONS_REMEMBERED = 64
"""Ended sessions of a connection whose late streams are still recognised as such."""
STREAMS_WAITING = 128
"""Streams the peer opened and nobody accepted yet, each kind; further ones are refused."""
DATAGRAMS_IN = 512
"""Datagrams of a session received and not read; the oldest goes first."""
DATAGRAMS_OUT = 16
"""Datagrams of a connection waiting for congestion control; further ones are not taken.

They go first in, first out: a longer queue would only make what comes through late.
"""
CLOSE_REASON_CAPSULE = 1024
"""Bytes of the reason in CLOSE_WEBTRANSPORT_SESSION (draft-ietf-webtrans-http3 section 6)."""

# --- Ending

CLOSE_TIME = 0.3
"""For the peer to acknowledge what was written before a session is closed."""
DRAIN_TIME = 0.4
"""For requests to finish when a server closes."""
LIFESPAN_TIME = 5.0
"""For the application to end its lifespan after that."""
