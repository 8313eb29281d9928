"""The meeting management server as one thing: its routes and its timekeeper over a journal and a link."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import Table, select

from incamera.journal import Journal
from incamera.tmms import deadlines, tables
from incamera.tmms.act import Act
from incamera.tmms.api import build
from incamera.tmms.service import Service
from incamera.wire.link import Link

if TYPE_CHECKING:
    from fastapi import FastAPI

    from incamera.transport.clock import Clock


class Tmms:
    """`app` is the ASGI application of the routes below /tmms/v1; `run` has to run beside it."""

    app: FastAPI

    def __init__(self, journal: Journal, link: Link, clock: Clock) -> None:
        self._service = Service(journal, link, clock)
        self.app = build(self._service)

    async def run(self) -> None:
        """Tell the communication server what it missed, then keep time; never returns."""
        await self._service.keep_time()

    async def state(self, spec: str) -> dict[str, Any]:
        """The variables of `Auth` or `Meeting` as the store has them; raises `KeyError` for another specification."""
        return await self._service.act({"Auth": _auth, "Meeting": _meeting}[spec])

    async def due(self, action: str, params: Mapping[str, str]) -> None:
        """Make exactly this deadline due now and let it happen; raises `incamera.tmms.deadlines.NoSuchDeadline`."""
        await self._service.act(lambda act: deadlines.bring_forward(act, action, params))


def _auth(act: Act) -> dict[str, Any]:
    session = tables.session.c
    rows = act.tx.connection.execute(select(tables.account.c.id, tables.account.c.state, tables.account.c.fails)).all()
    return {
        "account": {row.id: row.state for row in rows},
        "fails": {row.id: row.fails for row in rows},
        "session": _nested(act, tables.session, session.account, session.id, [row.id for row in rows]),
    }


def _meeting(act: Act) -> dict[str, Any]:
    standing = tables.standing.c
    rows = act.tx.connection.execute(select(tables.meeting.c.id, tables.meeting.c.phase)).all()
    return {
        "phase": {row.id: row.phase for row in rows},
        "standing": _nested(act, tables.standing, standing.meeting, standing.person, [row.id for row in rows]),
    }


def _nested(act: Act, table: Table, outer: Any, inner: Any, outers: list[str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {o: {} for o in outers}
    for o, i, state in act.tx.connection.execute(select(outer, inner, table.c.state)):
        found[o][i] = state
    return found
