"""What one room, seat or session may make the TCS keep or do.  What clients must know stands in `wire.limits`."""

from __future__ import annotations

from typing import Final

CONTROL_BACKLOG_BYTES: Final = 1 << 20
"""Control messages that wait for one receiver; one that lets more wait is closed with TOO_SLOW."""
DATAGRAM_BACKLOG: Final = 96
"""Media datagrams that wait for one receiver when its connection takes no more; then the oldest goes.

A key frame of 100 kB fits; at 1 Mbit/s the last of them waits less than a second.
"""

ROSTER_AT_ONCE: Final = 100
"""Seats in `entered`; those beyond follow one by one, or the message would outgrow its limit."""
TRACKS_AT_ONCE: Final = 150
"""Tracks in `entered`; likewise."""

MESSAGE_BURST: Final = 40
"""Control messages that a client may send at once."""
MESSAGES_PER_S: Final = 20
"""Control messages of one client that are read in the long run: a flood waits at its sender, not at the receivers."""

DOOR_QUEUE: Final = 256
"""Who may wait at the doors at the same time for their ticket to be looked at."""
REFUSAL_BURST: Final = 200
"""Refused tickets of one network (an IPv4 address, an IPv6 /64) at once; each is recorded for ever."""
REFUSALS_PER_S: Final = 0.1
"""The same in the long run; further ones are turned away before they show a ticket."""
NETWORKS: Final = 4_096
"""For which refusals are counted; the one that was refused longest ago is forgotten first."""

JOURNAL_RETRY_S: Final = 1.0
"""After the journal failed the timekeeper."""

REASON_CHARS: Final = 200
"""Of a close reason, which may quote what the client sent."""
