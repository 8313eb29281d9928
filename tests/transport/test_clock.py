"""The time of day, and the clock that tests move."""

from datetime import UTC, datetime, timedelta

import pytest
import trio
import trio.testing

from incamera.transport import AdjustableClock, SystemClock


async def test_system_clock_is_utc_and_wakes_in_time() -> None:
    clock = SystemClock()
    assert clock.now().tzinfo is UTC
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=1)
    when = clock.now() + timedelta(milliseconds=20)
    with trio.fail_after(30):
        await clock.sleep_until(when)
    assert clock.now() >= when


async def test_the_past_is_a_checkpoint() -> None:
    for clock in (SystemClock(), AdjustableClock()):
        with trio.testing.assert_checkpoints():
            await clock.sleep_until(clock.now() - timedelta(hours=1))


async def test_advancing_wakes_exactly_the_sleepers_whose_time_has_come() -> None:
    clock = AdjustableClock()
    begin = clock.now()
    woken: list[int] = []

    async def sleeper(hours: int) -> None:
        await clock.sleep_until(begin + timedelta(hours=hours))
        woken.append(hours)

    async with trio.open_nursery() as nursery:
        for hours in (1, 2, 3):
            nursery.start_soon(sleeper, hours)
        await trio.testing.wait_all_tasks_blocked()
        clock.advance(timedelta(hours=2))
        await trio.testing.wait_all_tasks_blocked()
        assert sorted(woken) == [1, 2]
        assert clock.now() - begin >= timedelta(hours=2)
        nursery.cancel_scope.cancel()


async def test_an_adjustable_clock_still_runs() -> None:
    clock = AdjustableClock()
    clock.advance(timedelta(days=1))
    with trio.fail_after(30):
        await clock.sleep_until(clock.now() + timedelta(milliseconds=10))


def test_time_runs_forwards() -> None:
    with pytest.raises(ValueError, match="forwards"):
        AdjustableClock().advance(timedelta(seconds=-1))
