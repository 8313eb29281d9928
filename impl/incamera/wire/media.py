"""The header in front of every media datagram. Pure: bytes in, values out.

A media frame (one encoded picture, or one 20 ms packet of sound) travels as one or more QUIC DATAGRAMs (RFC 9221), each
with this header of 16 bytes, in network byte order, followed by a piece of the frame. The relay reads the header only;
the payload is opaque to it.

======  ====  ==================================================================================================
offset  bits  meaning
======  ====  ==================================================================================================
0       4     version, 1
0       4     flags: 1 = key frame; 2 = discardable (no later frame depends on it); 4 and 8 are reserved, zero
1       4     spatial layer, 0 = base
1       4     temporal layer, 0 = base
2       16    track: room-wide number that the TCS assigned
4       32    frame: counts the frames of the track, wraps
8       16    fragment: index of this piece of the frame, from 0
10      16    fragments: number of pieces, 1 to MAX_FRAGMENTS
12      32    timestamp: milliseconds since the track began, wraps
======  ====  ==================================================================================================
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

VERSION: Final = 1
HEADER_SIZE: Final = 16
MAX_FRAGMENTS: Final = 1024
MAX_FRAME_BYTES: Final = 1 << 20

_KEY: Final = 0x1
_DISCARDABLE: Final = 0x2
_LAYOUT: Final = struct.Struct("!BBHIHHI")


class MalformedMedia(ValueError):
    """A datagram that is not media of this version; the message is the one reason."""


@dataclass(frozen=True, slots=True)
class MediaHeader:
    """One datagram's place: its track, frame and fragment. Making one with no such place raises `MalformedMedia`."""

    track: int
    frame: int
    fragment: int
    fragments: int
    timestamp_ms: int
    key: bool = False
    discardable: bool = False
    spatial: int = 0
    temporal: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.fragments <= MAX_FRAGMENTS:
            raise MalformedMedia(f"the fragment count is {self.fragments}, not 1 to {MAX_FRAGMENTS}")
        if not 0 <= self.fragment < self.fragments:
            raise MalformedMedia(f"fragment {self.fragment} of {self.fragments} does not exist")
        if self.track | 0xFFFF != 0xFFFF:
            raise MalformedMedia(f"track {self.track} does not fit 16 bits")
        if self.frame | self.timestamp_ms | 0xFFFF_FFFF != 0xFFFF_FFFF:
            raise MalformedMedia("the frame number or timestamp does not fit 32 bits")
        if self.spatial | self.temporal | 0xF != 0xF:
            raise MalformedMedia("a layer does not fit 4 bits")

    def pack(self) -> bytes:
        """The 16 bytes to put in front of the fragment."""
        return _LAYOUT.pack(
            VERSION << 4 | (_KEY if self.key else 0) | (_DISCARDABLE if self.discardable else 0),
            self.spatial << 4 | self.temporal,
            self.track,
            self.frame,
            self.fragment,
            self.fragments,
            self.timestamp_ms,
        )

    @classmethod
    def parse(cls, datagram: bytes | memoryview) -> tuple[MediaHeader, memoryview]:
        """The header and a view of the payload behind it (not a copy). Raises `MalformedMedia` and nothing else."""
        if len(datagram) < HEADER_SIZE:
            raise MalformedMedia(f"{len(datagram)} bytes are shorter than the header of {HEADER_SIZE}")
        first, layers, track, frame, fragment, fragments, timestamp_ms = _LAYOUT.unpack_from(datagram)
        if first >> 4 != VERSION:
            raise MalformedMedia(f"version {first >> 4} is not {VERSION}")
        flags = first & 0xF
        if flags & ~(_KEY | _DISCARDABLE):
            raise MalformedMedia("a reserved flag is set")
        header = cls(
            track=track,
            frame=frame,
            fragment=fragment,
            fragments=fragments,
            timestamp_ms=timestamp_ms,
            key=bool(flags & _KEY),
            discardable=bool(flags & _DISCARDABLE),
            spatial=layers >> 4,
            temporal=layers & 0xF,
        )
        return header, memoryview(datagram)[HEADER_SIZE:]
