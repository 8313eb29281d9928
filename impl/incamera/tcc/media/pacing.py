"""Playing frames in real time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

import trio

from incamera.tcc.media.frames import EncodedFrame, Kind, fragment
from incamera.wire.limits import MEDIA_DATAGRAM_BYTES

# A large frame does not leave in one burst: queues on the way are short, and what they cannot hold is lost.
SPACING_S: Final = 0.001


async def play(
    frames: Iterable[EncodedFrame],
    send: Callable[[bytes], object],
    *,
    tracks: Mapping[Kind, int],
    max_datagram: int = MEDIA_DATAGRAM_BYTES,
    began: float | None = None,
) -> int:
    """Sends frames, given in the order of their timestamps, each at its time counted from `began` (of trio's clock;
    now, unless told); returns the number of datagrams. Kinds without a track are left out. `send` must not block; what
    it returns is ignored."""
    began = trio.current_time() if began is None else began
    sent = 0
    for frame in frames:
        track = tracks.get(frame.kind)
        if track is None:
            continue
        await trio.sleep_until(began + frame.timestamp_ms / 1000)
        for index, datagram in enumerate(fragment(frame, track, max_datagram)):
            if index:
                await trio.sleep(SPACING_S)
            send(datagram)
            sent += 1
    return sent
