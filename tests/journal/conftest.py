"""A journal in a fresh folder, under a clock that stands still."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trio

from incamera.journal import Journal


class StandingClock:
    """Shows what it is set to."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def set_back(self, delta: timedelta) -> None:
        self.time -= delta

    async def sleep_until(self, when: datetime) -> None:
        if when > self.time:
            await trio.sleep_forever()
        await trio.lowlevel.checkpoint()


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite3"


@pytest.fixture
def journal(path: Path, clock: StandingClock) -> Iterator[Journal]:
    with Journal.open(path, clock=clock, server="tmms-1") as journal:
        yield journal
