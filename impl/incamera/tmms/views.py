"""What people are shown of meetings."""

from __future__ import annotations

from typing import Final

from sqlalchemy import or_, select

from incamera.tmms import meetings, tables
from incamera.tmms.act import Act, NotAllowed
from incamera.wire.api import MeetingList, MeetingView, PersonView
from incamera.wire.ids import AccountId

LISTED: Final = 200
"""How many meetings a list shows at most: the newest."""


def view(act: Act, reader: AccountId, m: str) -> MeetingView:
    """The meeting as of now for `reader`; raises `NotAllowed` (MTG-001) for one who has nothing to do with it."""
    if meetings.standing_of(act.tx.connection, m, reader) == "outsider":
        raise NotAllowed("MTG-001")
    meeting = meetings.load(act, m)
    assert meeting is not None, "a standing refers to a meeting"  # noqa: S101 - a foreign key guarantees it
    people = _people(act, reader, m)
    return MeetingView.model_validate(
        {
            "meeting": meeting.id,
            "title": meeting.title,
            "phase": meeting.phase,
            "starts_at": meeting.starts_at,
            "expires_at": meeting.expires_at,
            "you": next(person for person in people if person.person == reader),
            "people": people,
            "version": meeting.version,
        }
    )


def list_meetings(act: Act, reader: AccountId) -> MeetingList:
    """The newest of the meetings with which `reader` has to do."""
    mine = (
        select(tables.meeting.c.id)
        .join_from(tables.meeting, tables.standing)
        .where(tables.standing.c.person == reader)
        .order_by(tables.meeting.c.scheduled_at.desc(), tables.meeting.c.id)
        .limit(LISTED)
    )
    return MeetingList(meetings=tuple(view(act, reader, m) for m in act.tx.connection.scalars(mine).all()))


def _people(act: Act, reader: AccountId, m: str) -> tuple[PersonView, ...]:
    """Everybody if the reader organizes, else only organizer and reader; by name."""
    own, other = tables.standing.alias(), tables.standing.alias()
    rows = act.tx.connection.execute(
        select(other.c.person, tables.account.c.name, other.c.state.label("standing"))
        .join_from(own, other, own.c.meeting == other.c.meeting)
        .join(tables.account, tables.account.c.id == other.c.person)
        .where(own.c.meeting == m, own.c.person == reader)
        .where(or_(own.c.state == "organizing", other.c.state == "organizing", other.c.person == reader))
        .order_by(tables.account.c.key)
    ).mappings()
    return tuple(PersonView.model_validate(dict(row)) for row in rows)
