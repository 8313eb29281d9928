"""A real server on a loopback port, whose answers and whose store a test can make wrong."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from incamera.journal import Journal
from incamera.tcs import Tcs
from incamera.testability import Testability
from incamera.tmms import Tmms
from incamera.transport import AdjustableClock, Authority, Session, Trust, serve
from incamera_conformance import resources
from incamera_conformance.runner import Report, Target, run
from incamera_conformance.vectors import Case, load_cases, load_manifest


@dataclass
class Answered:
    """A response on its way out, which a fault may change; `journal` is the server's own."""

    path: str
    status: int
    headers: dict[bytes, bytes]
    body: bytes
    journal: Journal

    @property
    def problem(self) -> dict[str, Any]:
        """The body, if it tells a refusal by a rule."""
        value = json.loads(self.body) if self.headers.get(b"content-type") == b"application/problem+json" else {}
        return value if "rule" in value else {}

    def say(self, body: dict[str, Any], status: int | None = None) -> None:
        """Answer this instead."""
        self.body = json.dumps(body).encode()
        self.headers[b"content-length"] = str(len(self.body)).encode()
        self.status = status or self.status


Fault = Callable[[Answered], None]


class FaultyApp:
    """The real application, whose answers go through `fault`."""

    def __init__(self, app: ASGIApp, journal: Journal) -> None:
        self.fault: Fault | None = None
        self._app = app
        self._journal = journal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self.fault is None:
            await self._app(scope, receive, send)
            return
        said: list[Message] = []

        async def keep(message: Message) -> None:
            said.append(message)

        await self._app(scope, receive, keep)
        answered = Answered(
            scope["path"],
            said[0]["status"],
            dict(said[0]["headers"]),
            b"".join(message.get("body", b"") for message in said[1:]),
            self._journal,
        )
        fault = self.fault
        await trio.to_thread.run_sync(lambda: fault(answered))
        headers = list(answered.headers.items())
        await send({"type": "http.response.start", "status": answered.status, "headers": headers})
        await send({"type": "http.response.body", "body": answered.body})


@dataclass
class Stand:
    """The server under test.  `fault` changes answers of its routes; `door` replaces who serves sessions at the TCS."""

    target: Target
    app: FaultyApp
    sessions: Callable[[Session], Awaitable[None]]
    door: Callable[[Session], Awaitable[None]] | None = None

    async def attend(self, session: Session) -> None:
        await (self.door or self.sessions)(session)

    async def play(self, *ids: str, fault: Fault | None = None) -> Report:
        """Play the cases with these ids while the server has a fault."""
        self.app.fault = fault
        manifest = load_manifest(resources.vectors())
        return await run(self.target, manifest, [case_of(name) for name in ids], stages=2)


def case_of(name: str) -> Case:
    """The case with that id."""
    return next(case for case in load_cases(resources.vectors(), name.partition("/")[0]) if case.id == name)


def accepted(area: str, *dos: str, never: str = "") -> str:
    """The id of the shortest case of what must be accepted that does all these and never that."""
    cases = [case for case in load_cases(resources.vectors(), area) if "/accept/" in case.id]
    fitting = [case for case in cases if {*dos} <= (done := {step.do for step in case.steps}) and never not in done]
    return min(fitting, key=lambda case: len(case.steps)).id


@pytest.fixture
async def stand(tmp_path: Path) -> AsyncIterator[Stand]:
    clock = AdjustableClock()
    authority = Authority.create("test", clock=clock)
    store = tmp_path / "store.sqlite3"
    with (
        Journal.open(store, clock=clock, server="tmms") as journal,
        Journal.open(store, clock=clock, server="tcs") as tcs_journal,
    ):
        tcs = Tcs(tcs_journal, clock)
        tmms = Tmms(journal, tcs.link, clock)
        app = FaultyApp(Testability(tmms, tcs, journal, clock), journal)
        made = Stand(Target("127.0.0.1", 0, Trust.authority(authority.certificate_pem)), app, tcs.session)
        async with trio.open_nursery() as nursery:
            await nursery.start(tcs.run)
            nursery.start_soon(tmms.run)
            async with serve(app, made.attend, identity=authority.issue(), host="127.0.0.1", port=0) as server:
                made.target = Target("127.0.0.1", server.port, made.target.trust)
                yield made
            nursery.cancel_scope.cancel()
