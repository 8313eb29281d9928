"""What happens by itself when its time has come: Unlock, ExpireSession, ExpireMeeting."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import func, select, update

from incamera.tmms import accounts, meetings, sessions, tables
from incamera.tmms.act import Act

AT_ONCE: Final = 100
"""Deadlines of one kind that one act settles, so that a long absence does not keep everybody waiting afterwards."""

_LOCKED: Final = tables.account.c.locked_until.is_not(None)
_LIVE: Final = tables.session.c.state == "live"
_COMING: Final = tables.meeting.c.phase.in_(("scheduled", "open"))


class NoSuchDeadline(Exception):
    """Nothing of this kind is going to happen to what was named."""


def settle(act: Act) -> datetime | None:
    """Let happen what is due; return when the next deadline is, which lies in the past if some are left over."""
    connection, now = act.tx.connection, act.tx.now
    account, session, meeting = tables.account.c, tables.session.c, tables.meeting.c
    for a in connection.scalars(select(account.id).where(account.locked_until <= now).limit(AT_ONCE)).all():
        accounts.load(act.tx, a)
    for s in connection.scalars(select(session.id).where(_LIVE, session.expires_at <= now).limit(AT_ONCE)).all():
        sessions.settle(act.tx, sessions.load(connection, s))
    for m in connection.scalars(select(meeting.id).where(_COMING, meeting.expires_at <= now).limit(AT_ONCE)).all():
        meetings.load(act, m)
    soonest = (
        connection.scalar(select(func.min(account.locked_until)).where(_LOCKED)),
        connection.scalar(select(func.min(session.expires_at)).where(_LIVE)),
        connection.scalar(select(func.min(meeting.expires_at)).where(_COMING)),
    )
    return min((when for when in soonest if when is not None), default=None)


def bring_forward(act: Act, action: str, params: Mapping[str, str]) -> None:
    """Make exactly this deadline due now and let it happen; raises `NoSuchDeadline`."""
    names, hasten = _HASTEN.get(action, (set(), None))
    if hasten is None or params.keys() != names or not hasten(act, **params):
        raise NoSuchDeadline(f"{action} is not going to happen to {', '.join(params.values()) or 'nothing'}.")


def _unlock(act: Act, a: str) -> bool:
    t = tables.account
    due = act.tx.connection.execute(update(t).where(t.c.id == a, _LOCKED).values(locked_until=act.tx.now))
    return bool(due.rowcount) and accounts.load(act.tx, a).locked_until is None


def _expire_session(act: Act, a: str, s: str) -> bool:
    t = tables.session
    due = act.tx.connection.execute(update(t).where(t.c.id == s, t.c.account == a, _LIVE).values(expires_at=act.tx.now))
    return bool(due.rowcount) and sessions.settle(act.tx, sessions.load(act.tx.connection, s)).state == "expired"


def _expire_meeting(act: Act, m: str) -> bool:
    t = tables.meeting
    due = act.tx.connection.execute(update(t).where(t.c.id == m, _COMING).values(expires_at=act.tx.now))
    return bool(due.rowcount) and meetings.load(act, m) is not None


_HASTEN: Final[Mapping[str, tuple[set[str], Callable[..., bool]]]] = {
    "Unlock": ({"a"}, _unlock),
    "ExpireSession": ({"a", "s"}, _expire_session),
    "ExpireMeeting": ({"m"}, _expire_meeting),
}
