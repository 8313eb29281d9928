"""The time of day, as everything above the transport reads it.

QUIC's own timers need no date: they run on ``trio.current_time``.
"""

from datetime import UTC, datetime, timedelta
from typing import Protocol

import trio

LONGEST_NAP = 60.0
"""Seconds slept at once by `SystemClock`: a correction of the machine's clock is seen within this time."""


class Clock(Protocol):
    """Tells the time in UTC and waits for it."""

    def now(self) -> datetime:
        """The present instant, timezone-aware, in UTC."""

    async def sleep_until(self, when: datetime) -> None:
        """Return once ``now() >= when``; always a trio checkpoint."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep_until(self, when: datetime) -> None:
        await trio.lowlevel.checkpoint()
        while (left := (when - self.now()).total_seconds()) > 0:  # noqa: ASYNC110 - this is the clock
            await trio.sleep(min(left, LONGEST_NAP))


class AdjustableClock:
    """The machine's clock plus what `advance` has added.

    For a server under test, so that lockouts and expiries need no waiting.
    """

    def __init__(self, base: Clock | None = None) -> None:
        self._base = base if base is not None else SystemClock()
        self._ahead = timedelta()
        self._advanced = trio.Event()

    def now(self) -> datetime:
        return self._base.now() + self._ahead

    def advance(self, delta: timedelta) -> None:
        """Move on by ``delta`` and wake every sleeper whose time has come. Time never runs backwards:
        ``ValueError``.
        """
        if delta < timedelta():
            raise ValueError("A clock advances forwards.")
        self._ahead += delta
        self._advanced.set()
        self._advanced = trio.Event()

    async def sleep_until(self, when: datetime) -> None:
        await trio.lowlevel.checkpoint()
        while self.now() < when:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._wake_when_advanced, self._advanced, nursery.cancel_scope)
                await self._base.sleep_until(when - self._ahead)
                nursery.cancel_scope.cancel()

    @staticmethod
    async def _wake_when_advanced(advanced: trio.Event, sleep: trio.CancelScope) -> None:
        await advanced.wait()
        sleep.cancel()
