"""What one room, seat or session may make the TCS keep or do.  What clients must know stands in `wire.limits`."""

from __future__ import annotations

from typing import Final

CONTROL_BACKLOG_BYTES: Final = 1 << 20
"""Control messages that wait for one receiver; one that lets more wait is closed with TOO_SLOW."""
DATAGRAM_BACKLOG: Final = 256
"""Media datagrams that wait for one receiver when its connection takes no more; then the oldest goes."""
DATAGRAM_RETRY_S: Final = 0.005
"""Between two attempts to hand a waiting datagram to a connection that takes no more."""

ROSTER_AT_ONCE: Final = 100
"""Seats in `entered`; those beyond follow one by one, or the message would outgrow its limit."""
TRACKS_AT_ONCE: Final = 150
"""Tracks in `entered`; likewise."""

MESSAGE_BURST: Final = 40
"""Control messages that a client may send at once."""
MESSAGES_PER_S: Final = 20
"""Control messages of one client that are read in the long run: a flood waits at its sender, not at the receivers."""

JOURNAL_RETRY_S: Final = 1.0
"""After the journal failed the timekeeper."""

REASON_CHARS: Final = 200
"""Of a close reason, which may quote what the client sent."""
