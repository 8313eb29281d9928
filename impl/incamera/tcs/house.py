"""All rooms of this server, and the one place where store and rooms are changed together.

Every act takes its turn: first it is committed to the journal, then the rooms are told, before the next act begins.
So what visitors see never runs ahead of the store, and acts are seen in the order in which they are recorded.  An act
that has begun is finished even if its task is cancelled; it waits for nothing but its turn and the disk.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import chain
from typing import Final, TypeVar

import structlog
import trio

from incamera.journal import Journal, JournalError, Refusal, Transaction
from incamera.tcs import door, limits
from incamera.tcs.pace import Refusals
from incamera.tcs.relay import MediaCounts
from incamera.tcs.room import Place, Room, Visitor
from incamera.transport import Clock
from incamera.wire.control import CloseCode, EnterRoom, ReturnToRoom
from incamera.wire.ids import AccountId, MeetingId, TicketId
from incamera.wire.limits import DOOR_TIME
from incamera.wire.link import Grant

T = TypeVar("T")

log = structlog.get_logger("incamera.tcs")


class DoorBusy(Exception):
    """Too many wait at the doors, or it took too long."""


class House:
    """The rooms in which there is anybody, by meeting."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self.counts: Final = MediaCounts()
        self.rooms: Final[dict[MeetingId, Room]] = {}
        self._journal = journal
        self._clock = clock
        self._lock = trio.Lock()
        self._at_doors = 0
        self._refusals = Refusals(clock)
        self._held: dict[Visitor, tuple[Room, Place]] = {}
        self._lost: list[Visitor] = []
        self._deadline: datetime | None = None
        self._nap = trio.CancelScope()

    # --- the link's messages

    async def open_room(self, meeting: MeetingId) -> None:
        """The meeting is open."""
        async with self._turn():
            await self._act(lambda tx: door.open_room(tx, meeting))

    async def close_room(self, meeting: MeetingId) -> None:
        """The meeting has ended; everybody is put out."""
        async with self._turn():
            await self._act(lambda tx: door.close_room(tx, meeting))
            room = self.rooms.pop(meeting, None)
            for place in list(room.places.values()) if room is not None else ():
                self._vacate(place, CloseCode.MEETING_ENDED)

    async def grant(self, message: Grant) -> None:
        """A person has taken a ticket; raises `Refusal`."""
        async with self._turn():
            await self._act(lambda tx: door.grant(tx, message))

    async def dismiss(self, meeting: MeetingId, person: AccountId) -> None:
        """A person has left the meeting; their seats and tickets are taken back."""
        async with self._turn():
            tickets = await self._act(lambda tx: door.dismiss(tx, meeting, person))
            self._give_up(meeting, tickets, CloseCode.DISMISSED)

    # --- visitors

    async def admit(
        self, visitor: Visitor, meeting: MeetingId, shown: EnterRoom | ReturnToRoom, nonce: str, *, peer: str
    ) -> tuple[Room, Place]:
        """The visitor takes the seat of the ticket that they show.

        `peer` is where they come from, as ``addr:port``.  Raises `Refusal`, `door.RoomFull` or `DoorBusy`.
        """
        if self._at_doors >= limits.DOOR_QUEUE:
            raise DoorBusy(f"{limits.DOOR_QUEUE} wait at the doors.")
        self._at_doors += 1
        try:
            return await self._admit(visitor, meeting, shown, nonce, peer)
        except Refusal:
            self._refusals.count(peer)
            raise
        finally:
            self._at_doors -= 1

    def turns_away(self, peer: str) -> bool:
        """Whether so many tickets from there were refused that no more are looked at for now."""
        return self._refusals.too_many(peer)

    async def _admit(
        self, visitor: Visitor, meeting: MeetingId, shown: EnterRoom | ReturnToRoom, nonce: str, peer: str
    ) -> tuple[Room, Place]:
        async with self._turn(patience_s=DOOR_TIME.total_seconds()):
            if self.turns_away(peer):  # many may have come to the doors before the first of them was refused
                raise DoorBusy("Too many tickets were refused.")
            stub = await self._act(lambda tx: door.admit(tx, meeting, shown, nonce))
            room = self._room(meeting)
            place = room.places.get(stub.ticket) or Place(stub.ticket, stub.person, stub.name)
            if place.visitor is not None:
                self._vacate(place, CloseCode.DISPLACED)
                room.lose(place)
            self._held[visitor] = room, place
            room.admit(place, visitor, "entered" if isinstance(shown, EnterRoom) else "returned")
            return room, place

    async def leave(self, visitor: Visitor) -> None:
        """The visitor goes and gives up the seat."""
        async with self._turn():
            if visitor in self._held:
                room, place = self._held[visitor]
                await self._act(lambda tx: door.leave_room(tx, place.ticket))
                self._give_up(room.meeting, [place.ticket], CloseCode.LEFT)

    async def lose(self, visitor: Visitor) -> None:
        """The visitor's session is over; a seat that it still has is kept for the grace time.

        Those who are lost while they wait for their turn share one transaction, so that a shutdown is quick.
        """
        self._lost.append(visitor)
        async with self._turn():
            await self._record_losses()

    async def _record_losses(self) -> None:
        """Drop for all of them; what the journal does not take now, the timekeeper tries again."""
        over, self._lost = self._lost, []
        batches = [over]
        while batches:
            batch = batches.pop(0)
            try:
                await self._drop(batch)
            except JournalError:
                self._lost = [*batch, *chain.from_iterable(batches), *self._lost]
                self._nap.cancel()
                raise
            except Exception as error:
                # Whatever it is about one of them, the others are lost all the same.
                if len(batch) > 1:
                    batches = [[one] for one in batch]
                else:
                    # Without a trace: the error's text might quote what somebody sent.
                    log.error("a lost connection cannot be recorded", error=type(error).__name__)  # noqa: TRY400

    async def _drop(self, over: Iterable[Visitor]) -> None:
        lost = [self._held[one] for one in over if one in self._held]
        if lost:
            await self._act(lambda tx: door.drop(tx, [place.ticket for _, place in lost]))
        for room, place in lost:
            self._vacate(place, CloseCode.LEFT)
            room.lose(place)

    # --- time

    async def recover(self) -> None:
        """Begin where the store says the last server ended, whose connections are all lost."""
        async with self._turn():
            for stub in await self._act(door.recover):
                self._room(stub.meeting).keep(Place(stub.ticket, stub.person, stub.name))

    async def keep_time(self) -> None:
        """Settle deadlines as they pass, until cancelled."""
        while True:
            await self._until_due()
            try:
                async with self._turn():
                    await self._record_losses()
                    await self._act(lambda tx: None)
            except JournalError as error:
                log.warning("deadlines could not be settled", error=str(error))
                await trio.sleep(limits.JOURNAL_RETRY_S)

    async def due(self, action: str, params: dict[str, str]) -> bool:
        """Have one deadline pass now; False if there is no such deadline."""

        def act(tx: Transaction) -> tuple[bool, list[door.Stub]]:
            return door.make_due(tx, action, params), door.settle(tx)

        async with self._turn():
            happened, lapsed = await self._act(act)
            self._forget(lapsed)
        return happened

    async def observe(self) -> dict[str, object]:
        """The specification's variables, as stored."""
        return await self._journal.transact(door.observe)

    async def _until_due(self) -> None:
        while not self._lost and (self._deadline is None or self._clock.now() < self._deadline):
            with trio.CancelScope() as self._nap:
                if self._deadline is None:
                    await trio.sleep_forever()
                else:
                    await self._clock.sleep_until(self._deadline)

    def _set_deadline(self, deadline: datetime | None) -> None:
        if deadline != self._deadline:
            self._deadline = deadline
            self._nap.cancel()

    # --- what these share

    @asynccontextmanager
    async def _turn(self, *, patience_s: float = math.inf) -> AsyncIterator[None]:
        """Raises `DoorBusy` when one's turn does not come within that time."""
        with trio.CancelScope(shield=True):
            with trio.move_on_after(patience_s) as waiting:
                await self._lock.acquire()
            if waiting.cancelled_caught:
                raise DoorBusy("One's turn did not come.")
            try:
                yield
            finally:
                self._lock.release()

    async def _act(self, act: Callable[[Transaction], T]) -> T:
        """One transaction: what is due is settled first, and stays so even if the act is refused."""
        lapsed: list[door.Stub] = []

        def whole(tx: Transaction) -> tuple[T, datetime | None]:
            lapsed.extend(door.settle(tx))
            return act(tx), door.next_deadline(tx)

        try:
            result, deadline = await self._journal.transact(whole)
        except Refusal:
            self._forget(lapsed)
            raise
        self._forget(lapsed)
        self._set_deadline(deadline)
        return result

    def _forget(self, lapsed: Iterable[door.Stub]) -> None:
        for stub in lapsed:
            self._give_up(stub.meeting, [stub.ticket], CloseCode.LEFT)

    def _room(self, meeting: MeetingId) -> Room:
        room = self.rooms.get(meeting)
        if room is None:
            room = self.rooms[meeting] = Room(meeting, self.counts)
        return room

    def _give_up(self, meeting: MeetingId, tickets: Iterable[TicketId], code: CloseCode) -> None:
        room = self.rooms.get(meeting)
        if room is None:
            return
        for ticket in tickets:
            place = room.places.get(ticket)
            if place is not None:
                self._vacate(place, code)
                room.give_up(place)
        if not room.places:
            del self.rooms[meeting]

    def _vacate(self, place: Place, code: CloseCode) -> None:
        """The place's visitor, if any, has it no more."""
        visitor, place.visitor = place.visitor, None
        if visitor is not None:
            del self._held[visitor]
            visitor.put_out(code)
