"""From the datagrams of one track back to its frames.

The network may lose, repeat and reorder. Frames leave here in the order of their numbers, each once. A frame that is
not whole holds back the newer ones for a moment (`patience`), in case the rest of it was only overtaken; then it is
given up. For video, what follows a loss needs a picture that is not there, so it is marked undecodable until the next
key frame.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from incamera.tcc.media.frames import EncodedFrame, Kind
from incamera.wire.media import MAX_FRAME_BYTES, MediaHeader

MAX_PENDING_FRAMES: Final = 64
MAX_PENDING_BYTES: Final = 2 * MAX_FRAME_BYTES
_REMEMBERED: Final = 64  # delivered numbers kept to tell a repeated datagram from a late one
_WRAP: Final = 1 << 32
_HORIZON: Final = _WRAP // 4  # no true frame is this far ahead; nearer ones keep their order while numbers wrap


def _ahead(number: int, of: int) -> int:
    """How far `number` is ahead of `of` in serial number arithmetic (RFC 1982); negative if it is behind."""
    return (number - of + _WRAP // 2) % _WRAP - _WRAP // 2


@dataclass(slots=True)
class Counts:
    """What became of a track: frames delivered and lost; datagrams that came too late or twice, and those that
    were empty or contradicted the first one of their frame."""

    delivered: int = 0
    lost: int = 0
    late: int = 0
    duplicate: int = 0
    contradictory: int = 0


@dataclass(slots=True)
class _Partial:
    header: MediaHeader
    pieces: dict[int, bytes] = field(default_factory=dict)
    size: int = 0

    @property
    def whole(self) -> bool:
        return len(self.pieces) == self.header.fragments

    def agrees(self, other: MediaHeader) -> bool:
        mine = self.header
        return (mine.fragments, mine.timestamp_ms, mine.key, mine.discardable) == (
            other.fragments,
            other.timestamp_ms,
            other.key,
            other.discardable,
        )


class Reassembler:
    """Collects the datagrams of one track.

    `patience` is the number of newer whole frames that an incomplete frame may hold back. What waits is bounded by
    MAX_PENDING_FRAMES and MAX_PENDING_BYTES, whatever arrives.
    """

    def __init__(self, kind: Kind, *, patience: int = 3) -> None:
        self.kind: Final = kind
        self.counts = Counts()
        self._patience = patience
        self._pending: dict[int, _Partial] = {}
        self._bytes = 0
        self._next = 0  # the number to deliver next
        self._started = False  # before it is, the smallest number seen is the next
        self._broken = kind == "video"  # a video track begins at a key frame
        self._delivered: deque[int] = deque(maxlen=_REMEMBERED)

    @property
    def needs_key_frame(self) -> bool:
        """True while frames leave undecodable."""
        return self._broken

    def push(self, header: MediaHeader, payload: bytes | memoryview) -> list[EncodedFrame]:
        """Takes in one datagram of this track; returns the frames that can now be delivered, oldest first."""
        number = header.frame
        if not self._started and (not self._pending or -MAX_PENDING_FRAMES <= _ahead(number, self._next) < 0):
            self._next = number
        if not 0 <= _ahead(number, self._next) < _HORIZON:
            if number in self._delivered:
                self.counts.duplicate += 1
            else:
                self.counts.late += 1
            return []
        partial = self._pending.setdefault(number, _Partial(header))
        if not payload or not partial.agrees(header) or partial.size + len(payload) > MAX_FRAME_BYTES:
            self.counts.contradictory += 1
        elif header.fragment in partial.pieces:
            self.counts.duplicate += 1
        else:
            partial.pieces[header.fragment] = bytes(payload)
            partial.size += len(payload)
            self._bytes += len(payload)
        return self._drain(self._patience)

    def flush(self) -> list[EncodedFrame]:
        """The track is over: delivers what is whole and gives up the rest."""
        return self._drain(-1)

    def _drain(self, patience: int) -> list[EncodedFrame]:
        delivered: list[EncodedFrame] = []
        while self._pending:
            partial = self._pending.get(self._next)
            whole = partial if partial is not None and partial.whole else None
            # A track begins with a key frame: what comes before one may have overtaken it.
            due = whole is not None and (self._started or whole.header.key)
            if not due and self._may_wait(patience):
                break
            if whole is not None:
                delivered.append(self._deliver(whole))
            else:
                self._give_up()
        return delivered

    def _may_wait(self, patience: int) -> bool:
        newer = sum(partial.whole for partial in self._pending.values())
        crowded = len(self._pending) > MAX_PENDING_FRAMES or self._bytes > MAX_PENDING_BYTES
        return newer <= patience and not crowded

    def _deliver(self, partial: _Partial) -> EncodedFrame:
        header = partial.header
        self._advance(header.frame, 1)
        self._delivered.append(header.frame)
        self.counts.delivered += 1
        if header.key:
            self._broken = False
        return EncodedFrame(
            kind=self.kind,
            data=b"".join(partial.pieces[index] for index in range(header.fragments)),
            key=header.key,
            timestamp_ms=header.timestamp_ms,
            number=header.frame,
            discardable=header.discardable,
            decodable=not self._broken,
        )

    def _give_up(self) -> None:
        """Gives up the frame that is due, or, if nothing of it came, all up to the oldest that is here."""
        due = self._next
        partial = self._pending.get(due)
        missing = 1 if partial is not None else min(_ahead(number, due) for number in self._pending)
        self._advance(due, missing)
        self.counts.lost += missing
        if self.kind == "video" and not (partial is not None and partial.header.discardable):
            self._broken = True

    def _advance(self, due: int, by: int) -> None:
        gone = self._pending.pop(due, None)
        if gone is not None:
            self._bytes -= gone.size
        self._next = (due + by) % _WRAP
        self._started = True
