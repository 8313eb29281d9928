"""Meetings: scheduling, inviting, the lobby, and who may come in (Meeting.tla).

Each function is one action of the specification: it loads what the action is about, lets the charts decide, and stores
what they say.  All raise `Refusal` with the rule of the first guard that does not hold.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, insert, select, update

from incamera.tmms import accounts, tables
from incamera.tmms.act import Act, decide
from incamera.wire import limits
from incamera.wire.ids import UNKNOWN, AccountId, MeetingId, fresh_id
from incamera.wire.link import CloseRoom, Dismiss, OpenRoom
from incamera_model import Chart, MeetingChart, MeetingFacts, StandingChart

SPEC: Final = "Meeting"
FURTHEST_AHEAD: Final = timedelta(days=366)
"""How far in the future a meeting may start."""


class UnknownPerson(Exception):
    """Nobody has this name.  Only an organizer is told so, about people to invite."""

    def __init__(self, name: str) -> None:
        super().__init__("Nobody here has this name.")
        self.name = name


class TicketLost(Exception):
    """TakeTicket happened, but the communication server could not store the ticket; who wants one takes another."""


class BadStart(ValueError):
    """A meeting cannot start then; the text says why."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """One meeting as it stands."""

    id: MeetingId
    title: str
    phase: str
    scheduled_at: datetime
    starts_at: datetime
    expires_at: datetime
    version: int


@dataclass(frozen=True, slots=True)
class Scene:
    """A meeting with regard to one actor; a meeting that does not exist is `absent`."""

    m: str
    phase: str
    standing: str

    @property
    def facts(self) -> MeetingFacts:
        """What the charts ask about."""
        return MeetingFacts(
            related=self.standing != "outsider",
            organizes=self.standing == "organizing",
            not_ended=self.phase != "ended",
            is_open=self.phase == "open",
        )

    def decide(self, chart: type[Chart], state: str, action: str, **params: str) -> str:
        """The state to which the action takes a chart that is in `state`."""
        return decide(chart(state, self.facts), SPEC, action, m=self.m, **params)


def schedule(act: Act, host: AccountId, title: str, invite: Iterable[str], starts_at: datetime | None) -> MeetingId:
    """ScheduleMeeting, then Invite for each of the names; an own name or one said twice is nothing more to do.

    Raises `BadStart` and `UnknownPerson`; then nothing was scheduled.
    """
    tx, m = act.tx, fresh_id("mtg")
    starts = _start(starts_at, tx.now)
    scene = Scene(m, "absent", "outsider")
    phase = scene.decide(MeetingChart, "absent", "ScheduleMeeting", host=host)
    standing = scene.decide(StandingChart, "outsider", "ScheduleMeeting", host=host)
    tx.connection.execute(
        insert(tables.meeting).values(
            id=m,
            title=title,
            phase=phase,
            scheduled_at=tx.now,
            starts_at=starts,
            expires_at=starts + limits.MEETING_TIME,
            version=0,
        )
    )
    _place(act, m, host, "outsider", standing)
    tx.accept(SPEC, "ScheduleMeeting", m=m, host=host)
    act.deadline = True
    invited = {host}
    for name in invite:
        person = accounts.find(tx.connection, name)
        if person is None:
            raise UnknownPerson(name)
        if person.id not in invited:
            _invite(act, look(act, m, host), host, person.id)
            invited.add(person.id)
    return m


def invite(act: Act, host: AccountId, m: str, name: str) -> None:
    """Invite; raises `UnknownPerson` if only that stands against it."""
    person = accounts.find(act.tx.connection, name)
    scene = look(act, m, host)
    if person is None:
        scene.decide(StandingChart, "outsider", "Invite", host=host, p=UNKNOWN)
        raise UnknownPerson(name)
    _invite(act, scene, host, person.id)


def open_meeting(act: Act, host: AccountId, m: str) -> None:
    """OpenMeeting."""
    _run(act, host, m, "OpenMeeting")
    act.post(OpenRoom(meeting=m))


def end_meeting(act: Act, host: AccountId, m: str) -> None:
    """EndMeeting."""
    _run(act, host, m, "EndMeeting")
    act.post(CloseRoom(meeting=m))


def knock(act: Act, p: AccountId, m: str) -> None:
    """Knock."""
    _go(act, p, m, "Knock")


def leave(act: Act, p: AccountId, m: str) -> None:
    """Leave."""
    _go(act, p, m, "Leave")
    act.post(Dismiss(meeting=m, person=p))


def take_ticket(act: Act, p: AccountId, m: str) -> None:
    """TakeTicket: decides that `p` may have one; the ticket itself is the communication server's business."""
    scene = look(act, m, p)
    scene.decide(StandingChart, scene.standing, "TakeTicket", p=p)
    act.tx.accept(SPEC, "TakeTicket", m=m, p=p)


def admit(act: Act, host: AccountId, m: str, p: str) -> None:
    """Admit."""
    _judge(act, host, m, p, "Admit")


def refuse(act: Act, host: AccountId, m: str, p: str) -> None:
    """Refuse."""
    _judge(act, host, m, p, "Refuse")


def expire(act: Act, meeting: Meeting) -> None:
    """ExpireMeeting; raises `incamera_model.Refused` for a meeting that is over already."""
    m = meeting.id
    scene = Scene(m, meeting.phase, "outsider")
    _turn(act, m, scene.decide(MeetingChart, meeting.phase, "ExpireMeeting"))
    act.tx.accept(SPEC, "ExpireMeeting", m=m)
    act.post(CloseRoom(meeting=m))


def load(act: Act, m: str) -> Meeting | None:
    """The meeting as of now: one whose time is over has ended."""
    t = tables.meeting
    row = act.tx.connection.execute(select(t).where(t.c.id == m)).mappings().one_or_none()
    if row is None:
        return None
    meeting = Meeting(**row)
    if meeting.phase != "ended" and meeting.expires_at <= act.tx.now:
        expire(act, meeting)
        act.tx.keep()
        return load(act, m)
    return meeting


def look(act: Act, m: str, actor: str) -> Scene:
    """The meeting as of now with regard to `actor`."""
    meeting = load(act, m)
    phase = "absent" if meeting is None else meeting.phase
    return Scene(m, phase, standing_of(act.tx.connection, m, actor))


def standing_of(connection: Connection, m: str, person: str) -> str:
    """Where a person is with regard to a meeting; who has nothing to do with it is an outsider."""
    t = tables.standing
    found = connection.scalar(select(t.c.state).where(t.c.meeting == m, t.c.person == person))
    return "outsider" if found is None else str(found)


def _invite(act: Act, scene: Scene, host: str, p: str) -> None:
    before = standing_of(act.tx.connection, scene.m, p)
    _place(act, scene.m, p, before, scene.decide(StandingChart, before, "Invite", host=host, p=p))
    act.tx.accept(SPEC, "Invite", m=scene.m, host=host, p=p)


def _run(act: Act, host: str, m: str, action: str) -> None:
    scene = look(act, m, host)
    _turn(act, m, scene.decide(MeetingChart, scene.phase, action, host=host))
    act.tx.accept(SPEC, action, m=m, host=host)


def _go(act: Act, p: str, m: str, action: str) -> None:
    scene = look(act, m, p)
    _place(act, m, p, scene.standing, scene.decide(StandingChart, scene.standing, action, p=p))
    act.tx.accept(SPEC, action, m=m, p=p)


def _judge(act: Act, host: str, m: str, p: str, action: str) -> None:
    scene = look(act, m, host)
    exists = act.tx.connection.scalar(select(tables.account.c.id).where(tables.account.c.id == p)) is not None
    params = {"host": host, "p": p if exists else UNKNOWN}
    before = standing_of(act.tx.connection, m, p)
    _place(act, m, p, before, scene.decide(StandingChart, before, action, **params))
    act.tx.accept(SPEC, action, m=m, **params)


def _turn(act: Act, m: str, phase: str) -> None:
    act.tx.connection.execute(update(tables.meeting).where(tables.meeting.c.id == m).values(phase=phase))
    _changed(act, m)


def _place(act: Act, m: str, person: str, before: str, state: str) -> None:
    t = tables.standing
    if before == "outsider":
        act.tx.connection.execute(insert(t).values(meeting=m, person=person, state=state))
    else:
        act.tx.connection.execute(update(t).where(t.c.meeting == m, t.c.person == person).values(state=state))
    _changed(act, m)


def _changed(act: Act, m: str) -> None:
    t = tables.meeting
    act.tx.connection.execute(update(t).where(t.c.id == m).values(version=t.c.version + 1))
    act.meetings.add(m)


def _start(asked: datetime | None, now: datetime) -> datetime:
    if asked is None:
        return now
    try:
        start = asked.astimezone(UTC)
    except OverflowError:  # an offset that leads out of the calendar
        raise BadStart("No meeting starts then.") from None
    if start > now + FURTHEST_AHEAD:
        raise BadStart(f"A meeting starts within {FURTHEST_AHEAD.days} days.")
    if start <= now - limits.MEETING_TIME:
        raise BadStart("A meeting that started then is over.")
    return start
