"""An encoded frame, and its way into datagrams."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from incamera.tcc.media.errors import MediaError
from incamera.wire.media import HEADER_SIZE, MAX_FRAGMENTS, MAX_FRAME_BYTES, MediaHeader

Kind = Literal["video", "audio"]


@dataclass(frozen=True, slots=True)
class EncodedFrame:
    """One VP8 picture (RFC 6386) or one Opus packet (RFC 6716), as encoded or as received.

    `timestamp_ms` counts from the beginning of the track; `number` counts the track's frames. `key` tells that no
    earlier frame is needed to decode this one (true of all audio), `discardable` that no later frame needs this one,
    and `decodable`, in a received frame, that all it needs has arrived.
    """

    kind: Kind
    data: bytes
    key: bool
    timestamp_ms: int
    number: int
    discardable: bool = False
    decodable: bool = True


def fragment(frame: EncodedFrame, track: int, max_datagram: int) -> list[bytes]:
    """The datagrams that carry the frame, each of at most `max_datagram` bytes with its header.

    Raises `MediaError` if the frame is empty or larger than the wire allows.
    """
    room = max_datagram - HEADER_SIZE
    if room < 1:
        raise ValueError(f"a datagram of {max_datagram} bytes has no room for a payload")
    size = len(frame.data)
    fragments = -(-size // room)
    if not 0 < size <= MAX_FRAME_BYTES or fragments > MAX_FRAGMENTS:
        raise MediaError(f"A {frame.kind} frame of {size} bytes cannot be sent in datagrams of {max_datagram} bytes.")
    return [
        MediaHeader(
            track=track,
            frame=frame.number,
            fragment=index,
            fragments=fragments,
            timestamp_ms=frame.timestamp_ms,
            key=frame.key,
            discardable=frame.discardable,
        ).pack()
        + frame.data[index * room : (index + 1) * room]
        for index in range(fragments)
    ]
