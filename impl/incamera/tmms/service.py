"""The server's inside: how acts are carried out, followed by whoever waits for them, and caused by the clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeVar
from weakref import WeakValueDictionary

import structlog
import trio
from sqlalchemy.exc import DBAPIError

from incamera.journal import Journal, JournalError, Refusal, Transaction
from incamera.tmms import accounts, deadlines, meetings, sessions, views
from incamera.tmms.act import Act, NotAllowed
from incamera.tmms.passphrase import Verifier
from incamera.tmms.post import Courier
from incamera.wire import limits
from incamera.wire.api import MeetingView, TicketIssued
from incamera.wire.ids import digest, fresh_id, fresh_token
from incamera.wire.link import Grant, Link

if TYPE_CHECKING:
    from incamera.transport.clock import Clock

T = TypeVar("T")

RETRY: Final = timedelta(seconds=5)
"""After which the timekeeper tries again what the journal did not let it do."""

_log = structlog.get_logger(__name__)


class Service:
    """Everything the routes need; one for each server."""

    def __init__(self, journal: Journal, link: Link, clock: Clock) -> None:
        self.journal = journal
        self._clock = clock
        self._courier = Courier(journal, link)
        self._verifier = Verifier()
        self._changes: WeakValueDictionary[str, trio.Event] = WeakValueDictionary()
        self._alarm = trio.Event()

    async def act(self, do: Callable[[Act], T]) -> T:
        """Carry out one act durably, let everybody know, and see its letters delivered."""
        acts: list[Act] = []
        try:
            result = await self._transact(do, acts)
        except (Refusal, NotAllowed):
            await self._deliver(acts)  # of what was due before
            raise
        await self._deliver(acts)
        return result

    async def log_in(self, name: str, passphrase: str) -> sessions.Issued | None:
        """A session, or None for a wrong passphrase; a `Refusal` else.

        Raises `incamera.tmms.passphrase.TooManyWaiting`.
        """
        account = await self.journal.transact(lambda tx: accounts.find(tx.connection, name))
        a, stored = (None, None) if account is None else (account.id, account.passphrase_hash)
        right = await self._verifier.verify(stored, passphrase)
        return await self.act(lambda act: sessions.log_in(act, a, right))

    async def watch(self, token: str | None, m: str, after: int, wait: timedelta) -> MeetingView:
        """The meeting as soon as its version is beyond `after`, or as it stands when `wait` is over."""
        until = self._clock.now() + wait

        def look(act: Act) -> MeetingView:
            return views.view(act, sessions.authenticate(act, token).account, m)

        view = await self.act(look)
        while view.version <= after and self._clock.now() < until:
            change = self._changes.setdefault(m, trio.Event())
            view = await self.act(look)  # what changed before there was an event to set
            if view.version <= after:
                await self._until(until, change)
                view = await self.act(look)
        return view

    async def take_ticket(self, token: str | None, m: str, key: str) -> TicketIssued:
        """Grant whoever bears `token` a ticket that is bound to `key`.

        Raises `Refusal`, `NotAllowed`, `LinkRefused`, and `meetings.TicketLost` if it was taken in vain.
        """
        secret = fresh_token()

        def take(act: Act) -> Grant:
            session = sessions.authenticate(act, token)
            meetings.take_ticket(act, session.account, m)
            return Grant(
                meeting=m,
                person=session.account,
                name=session.name,
                ticket=fresh_id("tkt"),
                digest=digest(secret),
                key=key,
                expires_at=act.tx.now + limits.TICKET_TIME,
            )

        async with self._courier.road() as link:
            grant = await self._transact(take, [])
            try:
                await link.tell(grant)
            except JournalError as error:
                _log.error("ticket lost", error=str(error))
                raise meetings.TicketLost from error
        return TicketIssued(
            ticket=grant.ticket, token=secret, path=f"/tcs/v1/meetings/{m}", expires_at=grant.expires_at
        )

    async def keep_time(self) -> None:
        """Make what is due happen when it is due, and deliver the letters that are left over; never returns."""
        while True:
            self._alarm = trio.Event()
            try:
                await self._courier.deliver()
                soonest = await self.act(deadlines.settle)
            except (JournalError, DBAPIError) as error:
                _log.error("timekeeper", error=str(error))
                soonest = self._clock.now() + RETRY
            if soonest is None:
                await self._alarm.wait()
            else:
                await self._until(soonest, self._alarm)

    async def _transact(self, do: Callable[[Act], T], acts: list[Act]) -> T:
        """One transaction; whatever becomes of it, who waits for what it may have changed looks again."""

        def transact(tx: Transaction) -> T:
            acts.append(Act(tx))
            return do(acts[-1])

        try:
            return await self.journal.transact(transact)
        finally:
            for act in acts:
                for m in act.meetings:
                    if (change := self._changes.pop(m, None)) is not None:
                        change.set()
                if act.deadline or act.posted:
                    self._alarm.set()

    async def _deliver(self, acts: list[Act]) -> None:
        if any(act.posted for act in acts):
            try:
                await self._courier.deliver()
            except (JournalError, DBAPIError) as error:
                # The act has happened.  The letter stays where it is; the timekeeper delivers it.
                _log.error("letters wait", error=str(error))

    async def _until(self, when: datetime, event: trio.Event) -> None:
        """Return at `when`, or once `event` is set."""
        async with trio.open_nursery() as nursery:

            async def ring() -> None:
                await event.wait()
                nursery.cancel_scope.cancel()

            nursery.start_soon(ring)
            await self._clock.sleep_until(when)
            nursery.cancel_scope.cancel()
