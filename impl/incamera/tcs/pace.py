"""How much of something one client may do."""

from __future__ import annotations

from collections import OrderedDict
from datetime import timedelta

import trio

from incamera.tcs import limits
from incamera.transport import Clock, network


class Allowance:
    """A burst at once and then a steady rate (GCRA: one instant is the whole state)."""

    def __init__(self, clock: Clock, *, burst: float, per_s: float) -> None:
        self._clock = clock
        self._interval = timedelta(seconds=1) / per_s
        self._burst = self._interval * burst
        self._paid_until = clock.now()

    def spend(self) -> timedelta:
        """Use one up; returns how long to wait until it is there, zero within the burst."""
        now = self._clock.now()
        # The clock may have been set back: nobody owes more than what can be owed.
        self._paid_until = max(min(self._paid_until, now + self._burst), now) + self._interval
        return max(self._paid_until - now - self._burst, timedelta())

    @property
    def spent(self) -> bool:
        """Whether there is none left at the moment."""
        return self._paid_until - self._clock.now() > self._burst - self._interval


class Pace:
    """How fast one client is listened to.

    Waiting here stops the reading, so flow control holds a flood back at its sender.
    """

    def __init__(self, clock: Clock) -> None:
        self._allowance = Allowance(clock, burst=limits.MESSAGE_BURST, per_s=limits.MESSAGES_PER_S)

    async def wait(self) -> None:
        """Return when the next message may be handled."""
        if delay := self._allowance.spend():
            await trio.sleep(delay.total_seconds())


class Refusals:
    """How often each network was refused at a door."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._networks: OrderedDict[str, Allowance] = OrderedDict()

    def too_many(self, peer: str) -> bool:
        """Whether whoever comes from there (``addr:port``) is to be turned away unheard."""
        allowance = self._networks.get(_network(peer))
        return allowance is not None and allowance.spent

    def count(self, peer: str) -> None:
        """One more."""
        allowance = self._networks.pop(_network(peer), None)
        if allowance is None:
            allowance = Allowance(self._clock, burst=limits.REFUSAL_BURST, per_s=limits.REFUSALS_PER_S)
        allowance.spend()
        self._networks[_network(peer)] = allowance
        if len(self._networks) > limits.NETWORKS:
            self._networks.popitem(last=False)


def _network(peer: str) -> str:
    return network(peer.rpartition(":")[0].strip("[]"))
