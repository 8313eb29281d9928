"""What happens to rooms and tickets, as acts on the journal (Conference.tla).

Each function is the part of one transaction that concerns the conference.  The charts decide; here rows are loaded,
facts gathered, and what the charts say is stored and recorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import ColumnElement, Row, and_, func, insert, or_, select, update

from incamera.journal import Refusal, Transaction
from incamera.tcs import tables
from incamera.wire.api import Name
from incamera.wire.control import EnterRoom, ReturnToRoom, decode_bytes, proof_text
from incamera.wire.ids import UNKNOWN, AccountId, MeetingId, TicketId, digest
from incamera.wire.limits import GRACE_TIME, SEATS_IN_ROOM
from incamera.wire.link import Grant
from incamera_model import Refused, RoomChart, TicketChart, TicketFacts

SPEC: Final = "Conference"
DEADLINES: Final = {"ExpireTicket": ("granted", "expires_at"), "Lapse": ("dropped", "lapses_at")}
"""The clock's actions: in which state a ticket awaits which deadline."""

_ticket = tables.ticket.c
SEATED: Final = ("present", "dropped")


class RoomFull(Exception):
    """The room has no free seat; the ticket has not been used."""


@dataclass(frozen=True, slots=True)
class Stub:
    """What a ticket says of its bearer."""

    ticket: TicketId
    meeting: MeetingId
    person: AccountId
    name: Name


# --- rooms


def open_room(tx: Transaction, meeting: MeetingId) -> None:
    """OpenRoom; said again, or when the room has closed since, it changes nothing."""
    if _room(tx, meeting) == "shut":
        _move_room(tx, meeting, "open_room", "OpenRoom")


def close_room(tx: Transaction, meeting: MeetingId) -> None:
    """CloseRoom, and Clear for every seat that is taken; said again, it changes nothing."""
    if _room(tx, meeting) == "closed":
        return
    _move_room(tx, meeting, "close_room", "CloseRoom")
    for row in _tickets(tx, _ticket.meeting == meeting, _ticket.state.in_(SEATED)):
        _move(tx, row, "clear", "Clear")


def _room(tx: Transaction, meeting: str) -> str:
    query = select(tables.room.c.state).where(tables.room.c.meeting == meeting)
    return tx.connection.execute(query).scalar() or "shut"


def _move_room(tx: Transaction, meeting: str, event: str, action: str) -> None:
    before = _room(tx, meeting)
    state = RoomChart(before).take(event)
    if before == "shut":
        tx.connection.execute(insert(tables.room).values(meeting=meeting, state=state))
    else:
        tx.connection.execute(update(tables.room).where(tables.room.c.meeting == meeting).values(state=state))
    tx.accept(SPEC, action, m=meeting)


# --- tickets


def grant(tx: Transaction, message: Grant) -> None:
    """Grant; said again, it changes nothing.  Raises `Refusal`."""
    if _find(tx, _ticket.id == message.ticket) is not None:
        return
    params = {"m": message.meeting, "p": message.person, "t": message.ticket}
    try:
        state = TicketChart("none", _facts(tx, message.meeting)).take("grant")
    except Refused as refused:
        raise Refusal(refused.rule, SPEC, "Grant", **params) from None
    tx.connection.execute(
        insert(tables.ticket).values(
            id=message.ticket,
            meeting=message.meeting,
            person=message.person,
            name=message.name,
            digest=message.digest,
            key=message.key,
            state=state,
            expires_at=message.expires_at,
        )
    )
    tx.accept(SPEC, "Grant", **params)


def admit(tx: Transaction, meeting: MeetingId, shown: EnterRoom | ReturnToRoom, nonce: str) -> Stub:
    """EnterRoom or ReturnToRoom at the door of `meeting`; raises `Refusal` or `RoomFull`.

    A bearer who returns to a seat that still counts as present has lost a connection without our noticing: first that
    is recorded, as a Drop.
    """
    entering = isinstance(shown, EnterRoom)
    event, action = ("enter_room", "EnterRoom") if entering else ("return_to_room", "ReturnToRoom")
    row = _find(tx, _ticket.digest == digest(shown.token))
    proved = row is not None and _proved(row.key, shown, meeting, nonce)
    facts = _facts(tx, meeting, same_room=row is None or row.meeting == meeting, same_person=proved)
    if row is not None and not entering and row.state == "present" and facts.same_room and proved:
        drop(tx, [row.id])
        row = _find(tx, _ticket.id == row.id)
    params = {
        "m": meeting,
        "p": row.person if row is not None and proved else UNKNOWN,
        "n": row.meeting if row is not None else meeting,
        "q": row.person if row is not None else UNKNOWN,
        "t": row.id if row is not None else UNKNOWN,
    }
    try:
        state = TicketChart(row.state if row is not None else "none", facts).take(event)
    except Refused as refused:
        raise Refusal(refused.rule, SPEC, action, **params) from None
    assert row is not None  # noqa: S101 - no chart admits from "none"
    if entering and _seats_taken(tx, meeting) >= SEATS_IN_ROOM:
        raise RoomFull(f"A room has {SEATS_IN_ROOM} seats.")
    _store(tx, row.id, state=state, lapses_at=None)
    tx.accept(SPEC, action, **params)
    return _stub(row)


def drop(tx: Transaction, tickets: Iterable[TicketId]) -> None:
    """Drop: the connections of these seats are lost; the seats are kept for the grace time."""
    for row in _tickets(tx, _ticket.id.in_(tickets)):
        _move(tx, row, "drop", "Drop", lapses_at=tx.now + GRACE_TIME)


def leave_room(tx: Transaction, ticket: TicketId) -> None:
    """LeaveRoom."""
    for row in _tickets(tx, _ticket.id == ticket):
        _move(tx, row, "leave_room", "LeaveRoom")


def dismiss(tx: Transaction, meeting: MeetingId, person: AccountId) -> list[TicketId]:
    """Dismiss for each of the person's tickets that still is good for something; returns which."""
    rows = _tickets(tx, _ticket.meeting == meeting, _ticket.person == person, _ticket.state.in_(("granted", *SEATED)))
    for row in rows:
        _move(tx, row, "dismiss", "Dismiss")
    return [row.id for row in rows]


# --- the clock, and beginnings


def settle(tx: Transaction) -> list[Stub]:
    """ExpireTicket or Lapse for every ticket whose deadline has passed.  It stays done even if the act is refused.

    Returns the seats that lapsed.
    """
    due = _tickets(
        tx,
        or_(
            *(
                and_(_ticket.state == state, tables.ticket.c[deadline] <= tx.now)
                for state, deadline in DEADLINES.values()
            )
        ),
    )
    for row in due:
        if row.state == "granted":
            _move(tx, row, "expire_ticket", "ExpireTicket")
        else:
            _move(tx, row, "lapse", "Lapse")
    if due:
        tx.keep()
    return [_stub(row) for row in due if row.state == "dropped"]


def next_deadline(tx: Transaction) -> datetime | None:
    """When there will be something to settle."""
    times: Iterator[datetime | None] = (
        tx.connection.execute(
            select(func.min(tables.ticket.c[deadline], type_=tables.ticket.c[deadline].type)).where(
                _ticket.state == state
            )
        ).scalar()
        for state, deadline in DEADLINES.values()
    )
    return min((time for time in times if time is not None), default=None)


def make_due(tx: Transaction, action: str, params: dict[str, str]) -> bool:
    """Move the deadline of the ticket that the action's params name to now; False if it has no such deadline."""
    if action not in DEADLINES:
        return False
    state, deadline = DEADLINES[action]
    row = _find(
        tx,
        _ticket.id == params.get("t"),
        _ticket.person == params.get("p"),
        _ticket.meeting == params.get("m"),
        _ticket.state == state,
    )
    if row is not None:
        _store(tx, row.id, **{deadline: tx.now})
    return row is not None


def recover(tx: Transaction) -> list[Stub]:
    """Drop for every seat that was present when the server ended; returns all seats that are kept."""
    drop(tx, [row.id for row in _tickets(tx, _ticket.state == "present")])
    return [_stub(row) for row in _tickets(tx, _ticket.state == "dropped")]


def observe(tx: Transaction) -> dict[str, object]:
    """The variables `room` and `ticket` of the specification."""
    tickets: dict[str, dict[str, dict[str, str]]] = {}
    for row in _tickets(tx):
        tickets.setdefault(row.meeting, {}).setdefault(row.person, {})[row.id] = row.state
    rooms = {row.meeting: row.state for row in tx.connection.execute(select(tables.room))}
    return {"room": rooms, "ticket": tickets}


# --- what these share


def _tickets(tx: Transaction, *where: ColumnElement[bool]) -> Sequence[Row[Any]]:
    return tx.connection.execute(select(tables.ticket).where(*where).order_by(_ticket.id)).all()


def _find(tx: Transaction, *where: ColumnElement[bool]) -> Row[Any] | None:
    return tx.connection.execute(select(tables.ticket).where(*where)).one_or_none()


def _seats_taken(tx: Transaction, meeting: MeetingId) -> int:
    query = select(func.count()).where(_ticket.meeting == meeting, _ticket.state.in_(SEATED))
    return tx.connection.execute(query).scalar_one()


def _facts(tx: Transaction, meeting: str, *, same_room: bool = True, same_person: bool = True) -> TicketFacts:
    state = _room(tx, meeting)
    return TicketFacts(
        room_open=state == "open", room_closed=state == "closed", same_room=same_room, same_person=same_person
    )


def _move(tx: Transaction, row: Row[Any], event: str, action: str, lapses_at: datetime | None = None) -> None:
    state = TicketChart(row.state, _facts(tx, row.meeting)).take(event)
    _store(tx, row.id, state=state, lapses_at=lapses_at)
    tx.accept(SPEC, action, m=row.meeting, p=row.person, t=row.id)


def _store(tx: Transaction, ticket: TicketId, **values: object) -> None:
    tx.connection.execute(update(tables.ticket).where(_ticket.id == ticket).values(**values))


def _proved(key: str, shown: EnterRoom | ReturnToRoom, meeting: MeetingId, nonce: str) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(decode_bytes(key)).verify(
            decode_bytes(shown.proof), proof_text(meeting, shown.token, nonce)
        )
    except InvalidSignature:
        return False
    return True


def _stub(row: Row[Any]) -> Stub:
    return Stub(ticket=row.id, meeting=row.meeting, person=row.person, name=row.name)
