"""How fast one client is listened to."""

from __future__ import annotations

from datetime import timedelta

from incamera.tcs import limits
from incamera.transport import Clock

_INTERVAL = timedelta(seconds=1) / limits.MESSAGES_PER_S
_BURST = _INTERVAL * limits.MESSAGE_BURST


class Pace:
    """Lets a burst of messages through and then a steady rate (GCRA: one instant is the whole state).

    Waiting here stops the reading, so flow control holds a flood back at its sender.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._paid_until = clock.now()

    async def wait(self) -> None:
        """Return when the next message may be handled."""
        now = self._clock.now()
        self._paid_until = max(self._paid_until, now) + _INTERVAL
        if self._paid_until - now > _BURST:
            await self._clock.sleep_until(self._paid_until - _BURST)
