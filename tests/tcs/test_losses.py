"""Connections that end badly: a journal that fails for a moment, and a server that says no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import trio

from incamera.journal import JournalError

if TYPE_CHECKING:
    from tests.tcs.conftest import World


@pytest.mark.parametrize("error", [JournalError("the disk is full"), KeyError("a defect")])
async def test_a_loss_that_was_not_recorded_harms_no_later_one(
    world: World, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    meeting = await world.open_room()
    olga, paul = [await world.grant(meeting) for _ in range(2)]

    async def fails(_: Any) -> None:
        raise error

    async with world.enter(paul) as his:
        async with world.enter(olga) as hers:
            with monkeypatch.context() as patch:
                patch.setattr(world.journal, "transact", fails)
                hers.abandon()
                await hers.wait_ended()
                await trio.testing.wait_all_tasks_blocked()
        if isinstance(error, JournalError):
            await trio.sleep(2)
            assert await world.state(olga) == "dropped", "the timekeeper tried again"
        his.abandon()
        await his.wait_ended()
    assert await world.state(paul) == "dropped"


async def test_a_server_that_ends_only_the_control_stream(world: World) -> None:
    olga = await world.grant(await world.open_room())
    async with world.enter(olga) as hers:
        near, _ = world.sessions[-1]
        near._pipes[1].end()
        assert (await hers.wait_ended()).lost
        assert near.closed is not None
