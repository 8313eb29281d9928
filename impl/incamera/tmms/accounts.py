"""Accounts: who may log in at all (Auth.tla, `account` and `fails`)."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection, insert, select, update

from incamera.journal import Journal, Transaction
from incamera.tmms import tables
from incamera.tmms.act import decide
from incamera.tmms.passphrase import hash_any, hash_new
from incamera.wire import limits
from incamera.wire.api import Name
from incamera.wire.ids import UNKNOWN, AccountId, fresh_id
from incamera_model import AccountChart, AccountFacts

SPEC: Final = "Auth"
_NAME: Final[TypeAdapter[str]] = TypeAdapter(Name)


class BadName(ValueError):
    """No account can have this name; the text says why."""


@dataclass(frozen=True, slots=True)
class Account:
    """One account as it stands; `locked_until` only while it is locked."""

    id: AccountId
    name: str
    passphrase_hash: str = field(repr=False)
    state: str
    fails: int
    locked_until: datetime | None

    @property
    def chart(self) -> AccountChart:
        """The account's chart in its state."""
        return _chart(self.state, self.fails)


def create_account(
    journal: Journal,
    name: str,
    passphrase: str,
    *,
    tell: Callable[[AccountId], None] | None = None,
    policy: bool = True,
) -> AccountId:
    """Make the account `name` and return its id; without `policy` its passphrase may be as short as it likes.

    `tell` is called with the id just before the account becomes durable; if it fails there is no account, so that none
    comes to be whose passphrase nobody could be shown.

    For programs of the operator; computes and waits for the disk in the calling thread.  Raises `BadName`,
    `incamera.tmms.passphrase.WeakPassphrase`, `incamera.journal.Refusal` (AUTH-004: the name is taken) and
    `incamera.journal.JournalError`.
    """
    try:
        name = _NAME.validate_python(name)
    except ValidationError:
        raise BadName(f"A name has 1 to {limits.NAME_CHARS} printable characters.") from None
    passphrase_hash = hash_new(passphrase) if policy else hash_any(passphrase)

    def act(tx: Transaction) -> AccountId:
        namesake = find(tx.connection, name)
        a = fresh_id("acc") if namesake is None else namesake.id
        chart = _chart("absent", 0) if namesake is None else namesake.chart
        state = decide(chart, SPEC, "CreateAccount", a=a)
        tx.connection.execute(
            insert(tables.account).values(
                id=a, name=name, key=key(name), passphrase_hash=passphrase_hash, state=state, fails=0, locked_until=None
            )
        )
        tx.accept(SPEC, "CreateAccount", a=a)
        if tell is not None:
            tell(a)
        return a

    return journal.transact_sync(act)


def list_accounts(journal: Journal) -> tuple[Account, ...]:
    """Every account, by name; in the calling thread."""
    return journal.transact_sync(
        lambda tx: tuple(
            Account(**row) for row in tx.connection.execute(_ACCOUNTS.order_by(tables.account.c.key)).mappings()
        )
    )


def key(name: str) -> str:
    """What names are compared by: names that differ only in case or in how their letters are encoded are the same.

    Letters of different scripts that look alike, such as Latin and Cyrillic a, are different letters.
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def find(connection: Connection, name: str) -> Account | None:
    """The account that has this name."""
    row = connection.execute(_ACCOUNTS.where(tables.account.c.key == key(name))).mappings().one_or_none()
    return None if row is None else Account(**row)


def load(tx: Transaction, a: str) -> Account:
    """The existing account `a` as of now: a lock whose time is over has ended."""
    account = Account(**tx.connection.execute(_ACCOUNTS.where(tables.account.c.id == a)).mappings().one())
    if account.locked_until is not None and account.locked_until <= tx.now:
        unlock(tx, account)
        tx.keep()
        return load(tx, a)
    return account


def unlock(tx: Transaction, account: Account) -> None:
    """AUTH-003; raises `incamera_model.Refused` for an account that is not locked."""
    store(tx, account.id, state=decide(account.chart, SPEC, "Unlock", a=account.id), fails=0, locked_until=None)
    tx.accept(SPEC, "Unlock", a=account.id)


def store(tx: Transaction, a: str, *, state: str, fails: int, locked_until: datetime | None) -> None:
    """Write what has become of account `a`."""
    tx.connection.execute(
        update(tables.account)
        .where(tables.account.c.id == a)
        .values(state=state, fails=fails, locked_until=locked_until)
    )


def rehearse_failure(tx: Transaction) -> None:
    """What a wrong passphrase has done to an account, done to nobody's."""
    tx.connection.execute(_ACCOUNTS.where(tables.account.c.id == UNKNOWN)).mappings().one_or_none()
    state = decide(_chart("active", 0), SPEC, "FailLogIn", a=UNKNOWN)
    store(tx, UNKNOWN, state=state, fails=1, locked_until=None)


def _chart(state: str, fails: int) -> AccountChart:
    return AccountChart(state, AccountFacts(last_try=fails + 1 >= limits.MAX_FAIL))


_ACCOUNTS: Final = select(*(column for column in tables.account.c if column is not tables.account.c.key))
