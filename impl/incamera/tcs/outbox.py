"""Control messages on their way to one receiver."""

from __future__ import annotations

from collections import deque

import trio

from incamera.tcs import limits


class TooSlow(Exception):
    """The receiver lets more wait than is kept for it."""


class Outbox:
    """A queue of encoded messages, bounded in bytes; the room puts in, the receiver's own task sends."""

    def __init__(self) -> None:
        self._frames: deque[bytes] = deque()
        self._size = 0
        self._filled = trio.Event()

    def put(self, frame: bytes) -> None:
        """Never waits; raises `TooSlow`."""
        if self._size + len(frame) > limits.CONTROL_BACKLOG_BYTES:
            raise TooSlow(f"more than {limits.CONTROL_BACKLOG_BYTES} bytes wait")
        self._frames.append(frame)
        self._size += len(frame)
        self._filled.set()

    async def send(self, stream: trio.abc.SendStream) -> None:
        """Send what is put in, in its order, until cancelled; raises what the stream raises."""
        while True:
            await self._filled.wait()
            self._filled = trio.Event()
            batch = b"".join(self._frames)
            self._frames.clear()
            await stream.send_all(batch)
            self._size -= len(batch)  # only now: what the receiver has not taken still waits
