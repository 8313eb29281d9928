"""The nursery behind a block: its tasks outlive the block's cancellation, and never keep it from ending."""

import pytest
import trio
from trio.testing import MockClock

from incamera.transport._nursery import background


@pytest.mark.parametrize("ticks", range(6))
async def test_a_block_that_is_cancelled_while_it_begins_ends(autojump_clock: MockClock, ticks: int) -> None:
    async def block() -> None:
        async with background():
            await trio.sleep_forever()

    with trio.fail_after(1):
        async with trio.open_nursery() as nursery:
            for _ in range(20):  # trio runs what is ready in random order: each of these meets another one
                nursery.start_soon(block)
            for _ in range(ticks):
                await trio.lowlevel.checkpoint()
            nursery.cancel_scope.cancel()


async def test_a_task_serves_the_clean_up_of_a_cancelled_block(autojump_clock: MockClock) -> None:
    served: list[str] = []
    asked = trio.Event()

    async def serve() -> None:
        await asked.wait()
        served.append("farewell")

    async def block() -> None:
        async with background() as nursery:
            nursery.start_soon(serve)
            try:
                await trio.sleep_forever()
            finally:
                asked.set()
                with trio.CancelScope(shield=True):
                    await trio.sleep(1)

    with trio.move_on_after(1):
        await block()
    assert served == ["farewell"]
