"""The way of media datagrams through a room.

The relay reads the header and nothing behind it.  A receiver that takes less than it is sent loses its oldest
datagrams and holds up nobody.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Protocol

import trio

from incamera.tcs import limits
from incamera.transport import DatagramTooLarge, SessionClosed
from incamera.wire.ids import TicketId


@dataclass(slots=True)
class MediaCounts:
    """What became of media datagrams, each counted once a receiver, or once when it has none."""

    forwarded: int = 0
    overflowed: int = 0
    """Given up because newer ones came before the receiver took them."""
    oversize: int = 0
    """Larger than the receiver's connection carries, or than the protocol allows."""
    malformed: int = 0
    foreign: int = 0
    """Of a track that is not its sender's."""


class DatagramSender(Protocol):
    """The part of a transport session that a receiver needs."""

    def send_datagram(self, data: bytes) -> bool: ...

    async def wait_datagram_room(self) -> None: ...


class Receiver:
    """One receiver's datagrams: handed on at once if its connection takes them, else kept in a short queue."""

    def __init__(self, session: DatagramSender, counts: MediaCounts) -> None:
        self._session = session
        self._counts = counts
        self._waiting: deque[bytes] = deque()
        self._filled = trio.Event()

    def put(self, datagram: bytes) -> None:
        """Send, queue or give up; never waits."""
        if not self._waiting and self._send(datagram):
            return
        if len(self._waiting) == limits.DATAGRAM_BACKLOG:
            self._waiting.popleft()
            self._counts.overflowed += 1
        self._waiting.append(datagram)
        self._filled.set()

    async def run(self) -> None:
        """Hand on what waits, until cancelled."""
        while True:
            await self._filled.wait()
            while self._waiting:
                if self._send(self._waiting[0]):
                    self._waiting.popleft()
                else:
                    await self._session.wait_datagram_room()
            self._filled = trio.Event()

    def _send(self, datagram: bytes) -> bool:
        try:
            taken = self._session.send_datagram(datagram)
        except DatagramTooLarge:
            self._counts.oversize += 1
            return True
        except SessionClosed:  # its own tasks see to that; nothing need be kept for it
            return True
        self._counts.forwarded += taken
        return taken


class Relay(Protocol):
    """Takes media of one room from senders to receivers.  None of its methods waits."""

    def join(self, seat: TicketId, receiver: Receiver) -> None:
        """The seat gets what others send from now on."""

    def part(self, seat: TicketId) -> None:
        """The seat gets nothing more."""

    def forward(self, sender: TicketId, datagram: bytes) -> None:
        """Take a valid datagram of one of the sender's tracks to whoever is to have it."""


class PlainRelay:
    """Forwards every datagram unchanged to everybody else in the room."""

    def __init__(self) -> None:
        self._receivers: dict[TicketId, Receiver] = {}

    def join(self, seat: TicketId, receiver: Receiver) -> None:
        self._receivers[seat] = receiver

    def part(self, seat: TicketId) -> None:
        self._receivers.pop(seat, None)

    def forward(self, sender: TicketId, datagram: bytes) -> None:
        for seat, receiver in self._receivers.items():
            if seat != sender:
                receiver.put(datagram)
