"""What one client may do: the pace of its messages, and how many of its tickets are refused and recorded."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import trio

from incamera.tcs import limits
from incamera.tcs.pace import Allowance
from incamera.wire.control import CloseCode, Refused

if TYPE_CHECKING:
    from tests.tcs.conftest import World


class Hands:
    """A clock that a test sets."""

    def __init__(self, world: World) -> None:
        self.time = world.clock.now()

    def now(self) -> object:
        return self.time


async def test_a_clock_that_is_set_back_keeps_nobody_waiting(world: World) -> None:
    hands = Hands(world)
    allowance = Allowance(hands, burst=2, per_s=1)  # type: ignore[arg-type]  # no more of a clock is needed
    assert [allowance.spend().total_seconds() for _ in range(3)] == [0, 0, 1]
    hands.time -= timedelta(hours=1)
    assert allowance.spend() == timedelta(seconds=1)


async def test_refused_tickets_are_recorded_up_to_a_bound(world: World) -> None:
    meeting = await world.open_room()
    stranger = await world.grant(await world.open_room())
    before = len(await world.log())
    for number in range(limits.REFUSAL_BURST + 20):
        async with world.knock(meeting) as client:
            if number < limits.REFUSAL_BURST:
                answer = await client.show(stranger, meeting)
                assert isinstance(answer, Refused)
                assert answer.problem.rule is not None
            else:
                answer = await client.hear()
                assert isinstance(answer, Refused)
                assert answer.problem.type == "urn:incamera:problem:busy"
            assert await client.close_code() == CloseCode.REFUSED
    assert len(await world.log()) - before == limits.REFUSAL_BURST

    await trio.sleep(2 / limits.REFUSALS_PER_S)
    async with world.knock(meeting) as client:
        answer = await client.show(stranger, meeting)
        assert isinstance(answer, Refused)
        assert answer.problem.rule is not None
