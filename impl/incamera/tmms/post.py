"""The post to the communication server: letters are written in the act that they tell of, and delivered in order.

So what a committed act has to say is said even if this server crashes in between; the messages of the link are
idempotent, because a letter that was delivered just before a crash is delivered again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import structlog
import trio
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import delete, select

from incamera.journal import Journal, Transaction
from incamera.tmms import tables
from incamera.wire.link import CloseRoom, Dismiss, Grant, Link, LinkMessage, LinkRefused, OpenRoom

_LETTER: Final[TypeAdapter[OpenRoom | CloseRoom | Grant | Dismiss]] = TypeAdapter(LinkMessage)
_BAG: Final = 100

_log = structlog.get_logger(__name__)


class Courier:
    """Brings letters to the communication server, one after the other."""

    def __init__(self, journal: Journal, link: Link) -> None:
        self._journal = journal
        self._link = link
        self._road = trio.Lock()

    async def deliver(self) -> None:
        """Return when every letter that was written before the call has arrived."""
        async with self._road:
            await self._deliver()

    @asynccontextmanager
    async def road(self) -> AsyncIterator[Link]:
        """The link to oneself, with all letters delivered before the first message.

        For a message that must not be overtaken by the letter of a later act: whoever takes a ticket and then leaves
        must be granted first and dismissed second.
        """
        async with self._road:
            await self._deliver()
            yield self._link

    async def _deliver(self) -> None:
        while letters := await self._journal.transact(_oldest):
            for n, body in letters:
                try:
                    message = _LETTER.validate_python(body)
                except ValidationError:
                    # Of another version: nobody here can read it, and it must not keep the others waiting.
                    _log.error("letter cannot be read", letter=n)
                    continue
                try:
                    await self._link.tell(message)
                except LinkRefused as refused:
                    # Said again it would be refused again, and it must not keep the others waiting.
                    _log.warning("letter refused", letter=n, message=message.type, rule=refused.rule)
            last = letters[-1][0]
            await self._journal.transact(lambda tx, last=last: _forget(tx, last))  # type: ignore[misc]


def _oldest(tx: Transaction) -> list[tuple[int, object]]:
    t = tables.letter
    rows = tx.connection.execute(select(t.c.n, t.c.body).order_by(t.c.n).limit(_BAG))
    return [(row.n, row.body) for row in rows]


def _forget(tx: Transaction, last: int) -> None:
    tx.connection.execute(delete(tables.letter).where(tables.letter.c.n <= last))
