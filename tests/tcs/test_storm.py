"""Many people doing anything at any time: store, memory and log agree, and the charts allow what the log says."""

from __future__ import annotations

from collections import defaultdict
from random import Random
from typing import TYPE_CHECKING

import pytest
import trio
import trio.testing

from incamera.tcc.errors import ClientError, ConferenceEnded
from incamera.tcs import door
from incamera.transport import SessionClosed
from incamera.wire.audit import Record
from incamera.wire.link import LinkRefused
from incamera_model import Refused, RoomChart, TicketChart, TicketFacts

if TYPE_CHECKING:
    from tests.tcs.conftest import Bearer, World

EVENTS = {
    "OpenRoom": "open_room",
    "CloseRoom": "close_room",
    "EnterRoom": "enter_room",
    "ReturnToRoom": "return_to_room",
    "LeaveRoom": "leave_room",
    "ExpireTicket": "expire_ticket",
}


class Replay:
    """The specification's variables after each record, by the charts."""

    def __init__(self) -> None:
        self.room: dict[str, str] = defaultdict(lambda: "shut")
        self.ticket: dict[tuple[str, str, str], str] = defaultdict(lambda: "none")

    def step(self, record: Record) -> None:
        """Raises AssertionError if the charts say something else than the record."""
        assert self._rule(record) == record.rule, record

    def _rule(self, record: Record) -> str | None:
        event = EVENTS.get(record.action, record.action.lower())
        params = {name: str(value) for name, value in record.params.items()}
        door_of, granted_for = params["m"], params.get("n", params["m"])
        try:
            if set(params) == {"m"}:
                self.room[door_of] = RoomChart(self.room[door_of]).take(event)
            else:
                key = granted_for, params.get("q", params["p"]), params["t"]
                facts = TicketFacts(
                    room_open=self.room[door_of] == "open",
                    room_closed=self.room[door_of] == "closed",
                    same_room=granted_for == door_of,
                    same_person=key[1] == params["p"],
                )
                self.ticket[key] = TicketChart(self.ticket[key], facts).take(event)
        except Refused as refused:
            return refused.rule
        return None


async def live(world: World, random: Random, bearer: Bearer, elsewhere: str) -> None:
    """What one person does with a ticket: all that is allowed, and some that is not."""
    returning = False
    for _ in range(random.randint(1, 6)):
        await trio.sleep(random.expovariate(1 / 8))
        if random.random() < 0.3:
            async with world.knock(elsewhere) as client:
                await client.show(bearer, elsewhere, returning=random.random() < 0.5)
        try:
            async with world.enter(bearer, returning=returning) as conference:
                with trio.move_on_after(random.expovariate(1 / 10)):
                    await conference.say("here I am")
                    await conference.wait_ended()
                if random.random() < 0.6:
                    conference.abandon()
        except (ClientError, ConferenceEnded, SessionClosed):
            pass
        returning = random.random() < 0.8


async def rule(world: World, random: Random, meeting: str, people: list[Bearer]) -> None:
    """What the TMMS tells meanwhile."""
    for _ in range(3):
        await trio.sleep(random.expovariate(1 / 12))
        await world.dismiss(meeting, random.choice(people))
        try:
            await world.grant(meeting, person=random.choice(people).person)
        except LinkRefused:
            pytest.fail("the room is open")
    if random.random() < 0.5:
        await world.close_room(meeting)


@pytest.mark.parametrize("seed", range(6))
async def test_store_memory_and_log_agree(world: World, seed: int) -> None:
    random = Random(seed)  # noqa: S311 - to be repeated, not to be secret
    meetings = [await world.open_room() for _ in range(3)]
    async with trio.open_nursery() as nursery:
        for meeting in meetings:
            people = [await world.grant(meeting) for _ in range(4)]
            nursery.start_soon(rule, world, random, meeting, people)
            for bearer in people:
                nursery.start_soon(live, world, random, bearer, random.choice(meetings))
        nursery.start_soon(watch, world, nursery.cancel_scope)
    world.shut_down()
    await agreed(world)
    replay = Replay()
    for record in world.journal.records(0):
        replay.step(record)
    stored = await world.tcs.state("Conference")
    told = {
        (meeting, person, ticket): state
        for meeting, persons in stored["ticket"].items()  # type: ignore[attr-defined]
        for person, tickets in persons.items()
        for ticket, state in tickets.items()
    }
    assert told == {key: state for key, state in replay.ticket.items() if state != "none"}
    assert stored["room"] == dict(replay.room)
    log = await world.log()
    assert world.journal.verify() == len(log) + 1
    assert "EnterRoom" in log


async def watch(world: World, scope: trio.CancelScope) -> None:
    """Look at the house every second, for two minutes."""
    for _ in range(120):
        await trio.sleep(1)
        await agreed(world)
    scope.cancel()


async def agreed(world: World) -> None:
    """At any moment between two acts, the rooms have exactly the seats that the store says are taken."""
    await trio.testing.wait_all_tasks_blocked()
    house = world.tcs._house
    async with house._turn():
        state = await house.observe()
        in_memory = {
            place.ticket: "dropped" if place.visitor is None else "present"
            for room in house.rooms.values()
            for place in room.places.values()
        }
    stored = {
        ticket: state
        for persons in state["ticket"].values()  # type: ignore[attr-defined]
        for tickets in persons.values()
        for ticket, state in tickets.items()
        if state in door.SEATED
    }
    assert in_memory == stored
