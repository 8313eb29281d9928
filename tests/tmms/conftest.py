"""A meeting management server over a journal in a fresh folder, driven through its ASGI application.

The clock stands still until a test advances it; the communication server is a switchboard that notes what it is told.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import trio
from argon2 import PasswordHasher, Type

from incamera.journal import Journal
from incamera.tmms import Tmms, create_account, passphrase
from incamera.transport.clock import AdjustableClock
from incamera.wire import control
from incamera.wire.audit import Record
from incamera.wire.link import CloseRoom, Dismiss, Grant, LinkRefused, OpenRoom

PASSPHRASE: Final = "a passphrase that is long enough"  # noqa: S105 - of people who exist for a test
PATIENCE_SECONDS: Final = 20  # of real time, for an answer that never comes
KEY: Final = control.encode_bytes(bytes(32))


class StandingClock:
    """Shows one instant for ever."""

    def now(self) -> datetime:
        return datetime(2026, 11, 23, 16, 0, tzinfo=UTC)

    async def sleep_until(self, when: datetime) -> None:
        if when > self.now():
            await trio.sleep_forever()
        await trio.lowlevel.checkpoint()


@dataclass
class Switchboard:
    """The other end of the link.  `refuse`: the rule by which it refuses grants; `fail`: what it raises instead."""

    told: list[OpenRoom | CloseRoom | Grant | Dismiss] = field(default_factory=list)
    refuse: str | None = None
    fail: Exception | None = None

    async def tell(self, message: OpenRoom | CloseRoom | Grant | Dismiss) -> None:
        await trio.lowlevel.checkpoint()
        if self.fail is not None:
            raise self.fail
        if self.refuse is not None:
            raise LinkRefused(self.refuse)
        self.told.append(message)

    @property
    def types(self) -> list[str]:
        return [message.type for message in self.told]


@dataclass
class Person:
    """Somebody who is logged in."""

    house: House
    name: str
    id: str
    token: str

    async def ask(self, method: str, path: str, body: object = None, **query: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.token}"}
        with trio.fail_after(PATIENCE_SECONDS):
            return await self.house.http.request(method, f"/tmms/v1{path}", json=body, headers=headers, params=query)

    async def do(self, path: str, body: object = None) -> dict[str, Any]:
        answer = await self.ask("POST", path, body)
        assert answer.is_success, answer.text
        return dict(answer.json()) if answer.content else {}

    async def see(self, path: str, **query: Any) -> dict[str, Any]:
        answer = await self.ask("GET", path, **query)
        assert answer.is_success, answer.text
        return dict(answer.json())


@dataclass
class House:
    """The server and everything around it."""

    journal: Journal
    clock: AdjustableClock
    link: Switchboard
    tmms: Tmms
    http: httpx.AsyncClient

    async def account(self, name: str, words: str = PASSPHRASE) -> str:
        return await trio.to_thread.run_sync(create_account, self.journal, name, words)

    async def log_in(self, name: str, words: str = PASSPHRASE) -> httpx.Response:
        return await self.http.post("/tmms/v1/log-in", json={"name": name, "passphrase": words})

    async def person(self, name: str) -> Person:
        account = await self.account(name)
        answer = await self.log_in(name)
        assert answer.status_code == 201, answer.text
        return Person(self, name, account, answer.json()["token"])

    def advance(self, delta: timedelta) -> None:
        self.clock.advance(delta)

    async def state(self) -> Mapping[str, Any]:
        """Everything that a refused act must leave as it was."""
        return {spec: await self.tmms.state(spec) for spec in ("Auth", "Meeting")} | {"told": list(self.link.told)}

    def log(self, after: int = -1) -> list[Record]:
        return list(self.journal.records(after))

    def acts(self, after: int = -1) -> list[tuple[str, dict[str, Any], str | None]]:
        """The records as (action, params, rule of the refusal)."""
        return [(record.action, dict(record.params), record.rule) for record in self.log(after)]

    @property
    def last(self) -> int:
        return self.log()[-1].n


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Argon2id, with less work than in earnest; a test marked `slow` has it in earnest."""
    if "slow" not in request.keywords:
        quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1, type=Type.ID)
        monkeypatch.setattr(passphrase, "_ARGON2ID", quick)


@pytest.fixture
def clock() -> AdjustableClock:
    return AdjustableClock(StandingClock())


@pytest.fixture
def journal(tmp_path: Path, clock: AdjustableClock) -> Iterator[Journal]:
    with Journal.open(tmp_path / "journal.sqlite3", clock=clock, server="tmms-1") as journal:
        yield journal


@pytest.fixture
async def house(journal: Journal, clock: AdjustableClock) -> AsyncIterator[House]:
    """Whatever a test does, the audit log is whole afterwards."""
    link = Switchboard()
    tmms = Tmms(journal, link, clock)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(tmms.app), base_url="https://tmms.test") as http:
        yield House(journal, clock, link, tmms, http)
    journal.verify()
