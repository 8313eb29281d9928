"""aioquic, mended: the only module that touches its private attributes, and therefore tied to one version of it.

`Quic` adds receive windows that follow what was *read*, and a few looks inside. `Http3` adds WebTransport as
browsers speak it and bounds on what a peer can make it keep. Each override says what the stock code does otherwise;
each has a test in tests/transport.
"""

import logging
from collections import deque
from dataclasses import dataclass

import aioquic
import pylsqpack
from aioquic._buffer import Buffer as Buffer
from aioquic._buffer import BufferReadError as BufferReadError
from aioquic.asyncio.server import _encode_invalid_token_close
from aioquic.buffer import encode_uint_var as encode_uint_var
from aioquic.buffer import size_uint_var
from aioquic.h3.connection import (
    ErrorCode,
    FrameType,
    H3Connection,
    Setting,
)
from aioquic.h3.events import H3Event
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import (
    CONNECTION_LIMIT_FRAME_CAPACITY,
    END_STATES,
    MAX_STREAM_DATA_FRAME_CAPACITY,
    QuicConnection,
    QuicConnectionError,
    QuicReceiveContext,
    stream_is_unidirectional,
)
from aioquic.quic.events import ConnectionTerminated, QuicEvent, StreamDataReceived, StreamReset
from aioquic.quic.packet import QuicErrorCode, QuicFrameType
from aioquic.quic.packet_builder import PACKET_NUMBER_SEND_SIZE, QuicPacketBuilder
from aioquic.quic.recovery import QuicPacketSpace
from aioquic.quic.stream import QuicStream, QuicStreamReceiver

from . import limits
from .datagram import Address

PINNED = "1.7.2"
if aioquic.__version__ != PINNED:
    raise ImportError(f"incamera.transport needs aioquic {PINNED} exactly, and finds {aioquic.__version__}.")

# Its log lines repeat what peers chose to send; ours say what a reader of the log needs.
for _name in ("quic", "http3"):
    logging.getLogger(_name).addHandler(logging.NullHandler())
    logging.getLogger(_name).propagate = False

AEAD_TAG_SIZE = 16
DATAGRAM_FRAME_HEADER = 3
"""Type and a two-byte length (RFC 9221 section 4)."""

MAX_FIELD_SECTION_SIZE = Setting.MAX_FIELD_SECTION_SIZE
WEBTRANSPORT_MAX_SESSIONS_DRAFT07 = 0xC671706A
WEBTRANSPORT_MAX_SESSIONS_DRAFT13 = 0x14E9CD29
WEBTRANSPORT_ENABLED_DRAFT15 = 0x2C7CF000
"""Settings of the later drafts. Chromium speaks draft-02 and needs ``Setting.ENABLE_WEBTRANSPORT`` beside them."""


class Quic(QuicConnection):
    """One QUIC connection, sans I/O."""

    def __init__(
        self,
        configuration: QuicConfiguration,
        *,
        original_destination_connection_id: bytes | None = None,
        retry_source_connection_id: bytes | None = None,
    ) -> None:
        super().__init__(
            configuration=configuration,
            original_destination_connection_id=original_destination_connection_id,
            retry_source_connection_id=retry_source_connection_id,
        )
        self._held: dict[int, int] = {}
        self._held_total = 0
        self._delivered = 0
        self._received = 0
        """Like ``_delivered``, but without what a reset left unsent."""
        self._streams_first = False

    # --- receive windows

    def hold(self, stream_id: int, size: int) -> None:
        """Note ``size`` bytes of a stream that arrived and were not read: its window stays shut by as much."""
        self._held[stream_id] = self._held.get(stream_id, 0) + size
        self._held_total += size

    def release(self, stream_id: int, size: int) -> bool:
        """Note that ``size`` held bytes were read; true if the peer should now be told."""
        left = self._held[stream_id] - size
        self._held_total -= size
        if left:
            self._held[stream_id] = left
        else:
            del self._held[stream_id]
        stream = self._streams.get(stream_id)
        return self._connection_target() > self._local_max_data.value or (
            stream is not None and self._stream_target(stream) > stream.max_stream_data_local
        )

    def next_event(self) -> QuicEvent | None:
        event = super().next_event()
        if isinstance(event, StreamDataReceived):
            self._delivered += len(event.data)
            self._received += len(event.data)
        elif isinstance(event, StreamReset) and (stream := self._streams.get(event.stream_id)) is not None:
            # What the peer will never send counts as read, or the connection's window would shrink for good.
            self._delivered += stream.receiver.highest_offset - stream.receiver.starting_offset()
            stream.receiver._buffer.clear()
        return event

    def _stream_target(self, stream: QuicStream) -> int:
        """Where the stream's window should end; unchanged until half of it has been read, to save frames.

        It grows with what was read: whoever wants much memory kept for a stream has to send as much first.
        """
        read = stream.receiver.starting_offset() - self._held.get(stream.stream_id or 0, 0)
        window = min(limits.STREAM_WINDOW, max(limits.FIRST_STREAM_WINDOW, read))
        target = read + window
        return target if target - stream.max_stream_data_local >= window // 2 else 0

    def _connection_target(self) -> int:
        window = min(limits.CONNECTION_WINDOW, max(limits.FIRST_CONNECTION_WINDOW, self._received - self._held_total))
        target = self._delivered - self._held_total + window
        return target if target - self._local_max_data.value >= window // 2 else 0

    # --- what arrives in pieces

    def _handle_stream_frame(self, context: QuicReceiveContext, frame_type: int, buf: Buffer) -> None:
        begin = buf.tell()
        stream_id = buf.pull_uint_var()
        buf.seek(begin)
        super()._handle_stream_frame(context, frame_type, buf)
        if (stream := self._streams.get(stream_id)) is not None:
            self._bound_gaps(stream.receiver, frame_type)

    def _handle_crypto_frame(self, context: QuicReceiveContext, frame_type: int, buf: Buffer) -> None:
        stream = self._crypto_streams[context.epoch]
        super()._handle_crypto_frame(context, frame_type, buf)
        self._bound_gaps(stream.receiver, frame_type)

    def _bound_gaps(self, receiver: QuicStreamReceiver, frame_type: int) -> None:
        # Stock aioquic looks at all pieces for each new one: many small ones would cost everybody's time.
        if len(receiver._ranges) > limits.GAPS:
            raise QuicConnectionError(
                error_code=QuicErrorCode.INTERNAL_ERROR, frame_type=frame_type, reason_phrase="too many gaps"
            )

    # --- sending

    def datagrams_to_send(self, now: float) -> list[tuple[bytes, Address]]:
        # Stock aioquic fills packets with DATAGRAM frames first: while more of them wait than the network takes,
        # streams would get nothing. Here they take turns, each until it has sent something.
        packets: list[tuple[bytes, Address]] = []
        waiting, in_flight = self._datagrams_pending, self._loss.bytes_in_flight
        if waiting and self._streams_first and any(not one.sender.buffer_is_empty for one in self._streams.values()):
            self._datagrams_pending = deque()
            try:
                packets += super().datagrams_to_send(now)
            finally:
                self._datagrams_pending = waiting
            self._streams_first = self._loss.bytes_in_flight <= in_flight
        before = len(waiting)
        packets += super().datagrams_to_send(now)
        self._streams_first = self._streams_first or len(self._datagrams_pending) < before
        return packets

    def _write_stream_limits(self, builder: QuicPacketBuilder, space: QuicPacketSpace, stream: QuicStream) -> None:
        # Stock aioquic doubles the window whenever half of it has *arrived*: a stalled reader would buffer without end.
        if not stream.max_stream_data_local or stream.receiver.is_finished:
            return
        if (target := self._stream_target(stream)) > stream.max_stream_data_local:
            stream.max_stream_data_local = target
        if stream.max_stream_data_local_sent != stream.max_stream_data_local:
            buffer = builder.start_frame(
                QuicFrameType.MAX_STREAM_DATA,
                capacity=MAX_STREAM_DATA_FRAME_CAPACITY,
                handler=self._on_max_stream_data_delivery,
                handler_args=(stream,),
            )
            buffer.push_uint_var(stream.stream_id or 0)
            buffer.push_uint_var(stream.max_stream_data_local)
            stream.max_stream_data_local_sent = stream.max_stream_data_local

    def _write_connection_limits(self, builder: QuicPacketBuilder, space: QuicPacketSpace) -> None:
        # As above for MAX_DATA; MAX_STREAMS keeps aioquic's rule: announce once it grants more than the peer has left.
        data = self._local_max_data
        data.value = max(data.value, self._connection_target())
        for limit in (data, self._local_max_streams_bidi, self._local_max_streams_uni):
            if limit is not data and limit.sent - limit.used >= limit.value - limit.sent:
                continue
            if limit.value != limit.sent:
                buffer = builder.start_frame(
                    limit.frame_type,
                    capacity=CONNECTION_LIMIT_FRAME_CAPACITY,
                    handler=self._on_connection_limit_delivery,
                    handler_args=(limit,),
                )
                buffer.push_uint_var(limit.value)
                limit.sent = limit.value

    # --- looks inside

    @property
    def ending(self) -> ConnectionTerminated | None:
        """Why the connection is closing or closed. aioquic's own event comes only after the draining period."""
        return self._close_event if self._state in END_STATES or self._close_pending else None

    @property
    def version(self) -> int:
        return self._version or 0

    @property
    def datagrams_waiting(self) -> int:
        """DATAGRAM frames not yet sent; aioquic sets no bound."""
        return len(self._datagrams_pending)

    @property
    def datagram_limit(self) -> int:
        """Bytes a DATAGRAM frame can carry in one of our packets, or 0 if the peer takes none.

        A larger one would never fit a packet, and aioquic would wait for ever with everything behind it.
        """
        if self._remote_max_datagram_frame_size is None:
            return 0
        # The peer may at any time have us use another of its connection ids, of another length.
        longest = max(len(known.cid) for known in (self._peer_cid, *self._peer_cid_available))
        room = self._max_datagram_size - 1 - longest - PACKET_NUMBER_SEND_SIZE - AEAD_TAG_SIZE
        return max(0, min(room, self._remote_max_datagram_frame_size) - DATAGRAM_FRAME_HEADER)

    def backlog(self, stream_id: int) -> int:
        """Bytes written to a stream and not acknowledged."""
        stream = self._streams.get(stream_id)
        return len(stream.sender._buffer) if stream is not None else 0

    @property
    def backlog_total(self) -> int:
        """The same for all streams together."""
        return sum(len(stream.sender._buffer) for stream in self._streams.values())

    def may_open(self, *, unidirectional: bool) -> bool:
        """Whether the peer allows one more stream now. aioquic would queue it."""
        allowed = self._remote_max_streams_uni if unidirectional else self._remote_max_streams_bidi
        return self.get_next_available_stream_id(is_unidirectional=unidirectional) // 4 < allowed

    def can_send(self, stream_id: int) -> bool:
        """Whether the sending half of a stream is open: neither ended nor reset nor forgotten."""
        stream = self._streams.get(stream_id)
        if stream is None:
            return self._stream_can_send(stream_id) and not self._stream_is_discarded(stream_id)
        return (
            not stream.sender.is_finished
            and stream.sender._buffer_fin is None
            and (stream.sender._reset_error_code is None)
        )

    def stop(self, stream_id: int, code: int) -> None:
        """Ask the peer to send no more on a stream, unless it has finished anyway."""
        stream = self._streams.get(stream_id)
        if stream is not None and not stream.receiver.is_finished:
            self.stop_stream(stream_id, code)


@dataclass
class FrameTooLarge(H3Event):
    """A frame that has to be whole before it means anything is larger than any header section; it is not read."""

    stream_id: int


class Http3(H3Connection):
    """HTTP/3 and WebTransport on one `Quic`.

    QPACK runs without a dynamic table: no header section can then grow to more than a small multiple of its encoded
    size, none blocks another, and a compression-ratio attack has nothing to probe.
    """

    def __init__(self, quic: Quic) -> None:
        self._refused: set[int] = set()
        super().__init__(quic, enable_webtransport=True)

    def _init_connection(self) -> None:
        self._max_table_capacity = 0
        self._blocked_streams = 0
        self._decoder = pylsqpack.Decoder(0, 0)
        super()._init_connection()

    def _get_local_settings(self) -> dict[int, int]:
        return {
            **super()._get_local_settings(),
            MAX_FIELD_SECTION_SIZE: limits.HEADER_BYTES,
            WEBTRANSPORT_MAX_SESSIONS_DRAFT07: limits.SESSIONS,
            WEBTRANSPORT_MAX_SESSIONS_DRAFT13: limits.SESSIONS,
            WEBTRANSPORT_ENABLED_DRAFT15: 1,
        }

    @property
    def peer_speaks_webtransport(self) -> bool | None:
        """None until the peer's SETTINGS have come."""
        if self.received_settings is None:
            return None
        return any(
            self.received_settings.get(setting)
            for setting in (
                Setting.ENABLE_WEBTRANSPORT,
                WEBTRANSPORT_MAX_SESSIONS_DRAFT07,
                WEBTRANSPORT_MAX_SESSIONS_DRAFT13,
                WEBTRANSPORT_ENABLED_DRAFT15,
            )
        )

    def handle_event(self, event: QuicEvent) -> list[H3Event]:
        if isinstance(event, StreamDataReceived) and event.stream_id in self._refused:
            if event.end_stream:
                self.ended(event.stream_id, receiving=True)
            return []
        events = super().handle_event(event)
        if isinstance(event, StreamDataReceived):
            self._bound(event.stream_id, events)
        return events

    def _bound(self, stream_id: int, events: list[H3Event]) -> None:
        """Give up on a stream whose unfinished frame outgrows any header section.

        aioquic would collect it to its end.
        """
        stream = self._stream.get(stream_id)
        if stream is None or len(stream.buffer) <= limits.HEADER_BYTES:
            return
        stream.buffer = b""
        if stream_is_unidirectional(stream_id):
            self._is_done = True
            self._quic.close(error_code=ErrorCode.H3_EXCESSIVE_LOAD, reason_phrase="frame too large")
        else:
            self._refused.add(stream_id)
            events.append(FrameTooLarge(stream_id))

    def create_webtransport_stream(self, session_id: int, is_unidirectional: bool = False) -> int:
        stream_id = super().create_webtransport_stream(session_id, is_unidirectional)
        if not is_unidirectional:
            # Stock aioquic knows this only of streams the peer opened, and would take the answer for HTTP/3 frames.
            with self._get_or_create_stream(stream_id) as stream:
                stream.frame_type = FrameType.WEBTRANSPORT_STREAM
                stream.session_id = session_id
        return stream_id

    def write(self, stream_id: int, data: bytes, *, end: bool = False) -> None:
        """Send raw bytes on a WebTransport stream, keeping the HTTP/3 bookkeeping right."""
        self._quic.send_stream_data(stream_id, data, end)
        if end:
            self.ended(stream_id, sending=True)

    def ended(self, stream_id: int, *, sending: bool = False, receiving: bool = False) -> None:
        """Note the end of a stream's halves.

        aioquic learns of no FIN or reset sent past it, and would keep its object for ever.
        """
        stream = self._stream.get(stream_id)
        if stream is None:
            return
        stream.sending_ended = stream.sending_ended or sending
        stream.receiving_ended = stream.receiving_ended or receiving
        if stream.is_ended():
            del self._stream[stream_id]
            self._refused.discard(stream_id)

    @property
    def tracked_streams(self) -> int:
        """Streams it keeps an object for: a leak would show here."""
        return len(self._stream)


def datagram_overhead(session_id: int) -> int:
    """Bytes before a session's payload in its datagrams: the quarter stream id (RFC 9297 section 2.1)."""
    return size_uint_var(session_id // 4)


def invalid_token_close(version: int, source_cid: bytes, destination_cid: bytes) -> bytes:
    """An Initial packet that refuses a Retry token (RFC 9000 section 8.1.3)."""
    return _encode_invalid_token_close(version, source_cid, destination_cid)
