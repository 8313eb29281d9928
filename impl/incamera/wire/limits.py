"""Every number of the protocol that somebody may want to know or argue about, with its unit."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

MAX_FAIL: Final = 5
"""Wrong passphrases in a row after which an account locks (`MaxFail` in Auth.tla)."""
LOCK_TIME: Final = timedelta(minutes=15)
SESSION_TIME: Final = timedelta(hours=8)

MEETING_TIME: Final = timedelta(hours=24)
"""From its scheduled start; then a meeting that nobody ended is over."""
TICKET_TIME: Final = timedelta(seconds=60)
"""From the grant of a ticket to its use."""
GRACE_TIME: Final = timedelta(seconds=30)
"""For which a seat is kept after its connection was lost."""
DOOR_TIME: Final = timedelta(seconds=10)
"""From the start of a session at the TCS to the client's answer to the challenge."""

NAME_CHARS: Final = 64
TITLE_CHARS: Final = 200
CHAT_CHARS: Final = 4_000
PASSPHRASE_MIN_CHARS: Final = 21
PASSPHRASE_MAX_CHARS: Final = 1_024
INVITED_AT_ONCE: Final = 200

CONTROL_MESSAGE_BYTES: Final = 65_536
"""One message on a control stream, without its length."""
SEATS_IN_ROOM: Final = 200
TRACKS_OF_SEAT: Final = 8
MEDIA_DATAGRAM_BYTES: Final = 1_152
"""With its header.  Every QUIC path that takes packets of 1,200 bytes carries it, whoever the receiver is."""
