"""Logging in and out, and the sessions between (Auth.tla, `session`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, insert, select, update

from incamera.journal import Refusal, Transaction
from incamera.journal.tables import record
from incamera.tmms import accounts, tables
from incamera.tmms.accounts import SPEC
from incamera.tmms.act import Act, NotAllowed, decide
from incamera.wire import limits
from incamera.wire.ids import UNKNOWN, AccountId, SessionId, digest, fresh_id, fresh_token
from incamera_model import SessionChart


@dataclass(frozen=True, slots=True)
class Session:
    """One session; `name` is its account's."""

    id: SessionId
    account: AccountId
    name: str
    state: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Issued:
    """A new session with its token, which nothing else knows."""

    session: Session
    token: str = field(repr=False)


def log_in(act: Act, a: str | None, right: bool) -> Issued | None:
    """An attempt to log in to account `a` (None: there is none) with the right passphrase or a wrong one.

    A wrong passphrase is an action too, which counts it; then there is no session: None.  Raises `Refusal` (AUTH-001).
    """
    tx = act.tx
    if a is None:
        # As much work as for somebody who exists: how long an answer takes must not tell who does.
        accounts.rehearse_failure(tx)
        raise Refusal("AUTH-001", SPEC, "FailLogIn", a=UNKNOWN)
    account = accounts.load(tx, a)
    if not right:
        state = decide(account.chart, SPEC, "FailLogIn", a=a)
        locked_until = tx.now + limits.LOCK_TIME if state == "locked" else None
        accounts.store(tx, a, state=state, fails=account.fails + 1, locked_until=locked_until)
        tx.accept(SPEC, "FailLogIn", a=a)
        act.deadline = locked_until is not None  # or else the timekeeper's waking would tell that there is an account
        return None
    s = fresh_id("ses")
    accounts.store(tx, a, state=decide(account.chart, SPEC, "LogIn", a=a, s=s), fails=0, locked_until=None)
    session = Session(
        s, a, account.name, decide(SessionChart("none"), SPEC, "LogIn", a=a, s=s), tx.now + limits.SESSION_TIME
    )
    token = fresh_token()
    tx.connection.execute(
        insert(tables.session).values(
            id=s, account=a, digest=digest(token), state=session.state, expires_at=session.expires_at
        )
    )
    tx.accept(SPEC, "LogIn", a=a, s=s)
    act.deadline = True
    return Issued(session, token)


def log_out(act: Act, token: str | None) -> None:
    """Close the session of `token`; raises the `Refusal` AUTH-005, or `NotAllowed` when that was only just recorded."""
    session = None if token is None else _by_token(act.tx.connection, token)
    if session is None:
        # Who is nobody is refused by the same chart, in the state of a session that was never issued.
        state, a, s = "none", UNKNOWN, UNKNOWN
        # Nobody can be told from nobody, and to be refused costs them nothing: said over and over it fills no disk.
        if _nobody_was_last(act.tx.connection):
            raise NotAllowed("AUTH-005")
    else:
        session = settle(act.tx, session)
        state, a, s = session.state, session.account, session.id
    _move(act.tx, s, decide(SessionChart(state), SPEC, "LogOut", a=a, s=s))
    act.tx.accept(SPEC, "LogOut", a=a, s=s)


def authenticate(act: Act, token: str | None) -> Session:
    """The live session of `token`; raises `NotAllowed` (AUTH-005)."""
    session = None if token is None else _by_token(act.tx.connection, token)
    if session is None or settle(act.tx, session).state != "live":
        raise NotAllowed("AUTH-005")
    return session


def settle(tx: Transaction, session: Session) -> Session:
    """The session as of now: one whose time is over has expired."""
    if session.state != "live" or session.expires_at > tx.now:
        return session
    expire(tx, session)
    tx.keep()
    return load(tx.connection, session.id)


def expire(tx: Transaction, session: Session) -> None:
    """AUTH-007; raises `incamera_model.Refused` for a session that is not live."""
    a, s = session.account, session.id
    _move(tx, s, decide(SessionChart(session.state), SPEC, "ExpireSession", a=a, s=s))
    tx.accept(SPEC, "ExpireSession", a=a, s=s)


def load(connection: Connection, s: str) -> Session:
    """The existing session `s` as it stands."""
    return Session(**connection.execute(_SESSIONS.where(tables.session.c.id == s)).mappings().one())


def _by_token(connection: Connection, token: str) -> Session | None:
    row = connection.execute(_SESSIONS.where(tables.session.c.digest == digest(token))).mappings().one_or_none()
    return None if row is None else Session(**row)


def _nobody_was_last(connection: Connection) -> bool:
    t = record.c
    last = connection.execute(select(t.action, t.params, t.outcome).order_by(t.n.desc()).limit(1)).one()
    return tuple(last) == ("LogOut", {"a": UNKNOWN, "s": UNKNOWN}, "refused")


def _move(tx: Transaction, s: str, state: str) -> None:
    tx.connection.execute(update(tables.session).where(tables.session.c.id == s).values(state=state))


_SESSIONS: Final = select(
    tables.session.c.id,
    tables.session.c.account,
    tables.account.c.name,
    tables.session.c.state,
    tables.session.c.expires_at,
).join_from(tables.session, tables.account)
