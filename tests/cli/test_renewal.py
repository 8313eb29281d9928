"""A server's certificate is renewed while it runs."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

import trio
import trio.testing

from incamera.server import LEAF_DAYS, keep_certified
from incamera.transport import AdjustableClock, Authority, Identity, Server


class Renewed:
    """The part of a server that is told of a new certificate."""

    def __init__(self) -> None:
        self.identities: list[Identity] = []

    def renew(self, identity: Identity) -> None:
        self.identities.append(identity)


async def test_at_half_its_life() -> None:
    clock, renewed = AdjustableClock(), Renewed()
    authority = Authority.create("tests", clock=clock)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(keep_certified, cast(Server, renewed), authority, ("a.example",), clock)
        await trio.testing.wait_all_tasks_blocked()
        assert renewed.identities == []
        clock.advance(timedelta(days=LEAF_DAYS) / 2)
        await trio.testing.wait_all_tasks_blocked()
        (identity,) = renewed.identities
        assert timedelta(days=13) < identity.expires - clock.now() <= timedelta(days=14)
        nursery.cancel_scope.cancel()
