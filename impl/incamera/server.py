"""The composition root of the servers: a data folder, a TMMS and a TCS, and the transport that carries both.

Here, and nowhere below, it is decided that TMMS and TCS live in one process: they share a port and a store, and the
link between them is a call.  Each still knows the other only by the link's messages.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import trio

from incamera import layout
from incamera.journal import Journal, hold
from incamera.tcs import Tcs
from incamera.testability import Testability
from incamera.tmms import Tmms
from incamera.transport import (
    AdjustableClock,
    Authority,
    Clock,
    Server,
    SystemClock,
    serve,
)

LEAF_DAYS: Final = 14
"""A new server certificate is issued at every start and at half its life; browsers trust none for longer by hash."""
LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


class ConfigurationRefused(Exception):
    """The deployment cannot be started as asked; the message says why."""


@dataclass(frozen=True, slots=True)
class Running:
    """A deployment that answers: its port for UDP and TCP, the CA certificate that clients trust, and its journal."""

    port: int
    ca: Path
    journal: Journal
    transport: Server


@asynccontextmanager
async def run(
    folder: Path,
    *,
    host: str = "::",
    port: int = 443,
    names: tuple[str, ...] = (),
    testability: bool = False,
) -> AsyncIterator[Running]:
    """Serve the deployment in `folder` (created if missing) while the context lasts.

    `names` are the host names and addresses that the server certificate is for, beside those of this machine.  With
    `testability` whoever reaches the server may create accounts and move its clock; so it binds to loopback only.
    Raises `ConfigurationRefused`, `incamera.journal.JournalError` or `incamera.transport.TransportError`.
    """
    if testability and host not in LOOPBACK:
        raise ConfigurationRefused(f"The testability control is only for a loopback address, not for {host}.")
    clock = AdjustableClock() if testability else SystemClock()
    with hold(folder):
        authority = open_authority(folder, clock)
        identity = authority.issue(names, days=LEAF_DAYS)
        with (
            Journal.open(layout.store(folder), clock=clock, server="tmms-1") as journal,
            Journal.open(layout.store(folder), clock=clock, server="tcs-1") as tcs_journal,
        ):
            tcs = Tcs(tcs_journal, clock)
            tmms = Tmms(journal, tcs.link, clock)
            app = Testability(tmms, tcs, journal, clock) if isinstance(clock, AdjustableClock) else tmms.app
            failure: BaseException | None = None
            async with (
                serve(app, tcs.session, identity=identity, host=host, port=port) as transport,
                trio.open_nursery() as nursery,
            ):
                await nursery.start(tcs.run)
                nursery.start_soon(tmms.run)
                nursery.start_soon(keep_certified, transport, authority, names, clock)
                try:
                    yield Running(transport.port, layout.ca(folder), journal, transport)
                except (Exception, KeyboardInterrupt) as error:
                    failure = error  # raised below, so that it comes out as it is and not in a group
                finally:
                    nursery.cancel_scope.cancel()
            if failure is not None:
                raise failure


async def keep_certified(transport: Server, authority: Authority, names: tuple[str, ...], clock: Clock) -> None:
    """Present a new certificate whenever half the life of the last one has passed, until cancelled."""
    while True:
        await clock.sleep_until(clock.now() + timedelta(days=LEAF_DAYS) / 2)
        transport.renew(authority.issue(names, days=LEAF_DAYS))


def open_authority(folder: Path, clock: Clock) -> Authority:
    """The deployment's own CA; made at its first start."""
    pki = folder / layout.PKI_FOLDER
    if layout.ca(folder).exists():
        return Authority.load(pki, clock=clock)
    authority = Authority.create("In Camera private authority", clock=clock)
    authority.save(pki)
    return authority
