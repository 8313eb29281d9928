"""The way into a meeting, and the organizer's eye on the lobby."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

import trio
from rich.markup import escape

from incamera.cli.client import FAREWELL_S, LoggedIn
from incamera.cli.room import Screen
from incamera.cli.terminal import Failure, console
from incamera.tcc.api import ClientError, Refused
from incamera.transport import TransportError
from incamera.wire.api import MeetingView

POLL_S: Final = 25.0
"""For which the server holds back its answer while nothing changes."""


async def come_in(client: LoggedIn, meeting_id: str) -> MeetingView:
    """Open the meeting as its organizer, or knock and wait; returns when one may take a ticket.  Raises `Failure`."""
    meeting = await client.api.meeting(meeting_id)
    if meeting.you.standing == "organizing":
        if meeting.phase == "scheduled":
            meeting = await client.api.open_meeting(meeting_id)
            console.print(f"[green]{escape(meeting.title)}[/] is open.")
        return _not_over(meeting)
    try:
        with console.status("waiting") as status:
            while (standing := _not_over(meeting).you.standing) != "admitted":
                if standing == "refused":
                    raise Failure(f"you were not admitted to {meeting.title}")
                if meeting.phase == "open" and standing != "knocking":
                    meeting = await client.api.knock(meeting_id)
                    continue
                status.update(
                    f"waiting in the lobby of [green]{escape(meeting.title)}[/]"
                    if standing == "knocking"
                    else f"waiting until [green]{escape(meeting.title)}[/] is opened"
                )
                meeting = await client.api.meeting(meeting_id, after=meeting.version, wait_s=POLL_S)
    except (KeyboardInterrupt, trio.Cancelled):
        if meeting.you.standing == "knocking":
            await _give_up(client, meeting_id)
        raise
    console.print(f"You are admitted to [green]{escape(meeting.title)}[/].")
    return meeting


async def _give_up(client: LoggedIn, meeting_id: str) -> None:
    """Tell the organizer that nobody waits any more."""
    with trio.CancelScope(deadline=trio.current_time() + FAREWELL_S, shield=True):
        with suppress(ClientError, TransportError):
            await client.api.leave(meeting_id)


async def keep_door(client: LoggedIn, screen: Screen, admit: bool) -> None:
    """Tell the organizer who knocks, or admit everybody who does; for as long as the meeting is open."""
    meeting = screen.meeting
    told: set[str] = set()
    while meeting.phase == "open":
        screen.meeting = meeting
        knocking = {person.person: person.name for person in meeting.people if person.standing == "knocking"}
        for person, name in knocking.items():
            if admit:
                with suppress(Refused):  # who gave up waiting meanwhile
                    await client.api.admit(meeting.meeting, person)
                    screen.say(f"{name} is admitted")
            elif person not in told:
                screen.say(f"{name} knocks: /admit {name} or /refuse {name}")
        for somebody in meeting.people:
            if somebody.person in told and somebody.standing == "left":
                screen.say(f"{somebody.name} waits no more")
        told = set(knocking)
        meeting = await client.api.meeting(meeting.meeting, after=meeting.version, wait_s=POLL_S)


def _not_over(meeting: MeetingView) -> MeetingView:
    if meeting.phase == "ended":
        raise Failure(f"{meeting.title} is over")
    return meeting
