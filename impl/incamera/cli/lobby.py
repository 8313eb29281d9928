"""The way into a meeting, and the organizer's eye on the lobby."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from incamera.cli.terminal import Failure, console
from incamera.wire.api import MeetingView

if TYPE_CHECKING:
    from incamera.cli.client import LoggedIn
    from incamera.cli.room import Screen

POLL_S: Final = 25.0
"""For which the server holds back its answer while nothing changes."""


async def come_in(client: LoggedIn, meeting_id: str) -> MeetingView:
    """Open the meeting as its organizer, or knock and wait; returns when one may take a ticket.  Raises `Failure`."""
    meeting = await client.api.meeting(meeting_id)
    if meeting.you.standing == "organizing":
        if meeting.phase == "scheduled":
            meeting = await client.api.open_meeting(meeting_id)
            console.print(f"[green]{meeting.title}[/] is open.")
        return _not_over(meeting)
    with console.status("") as status:
        while (standing := _not_over(meeting).you.standing) != "admitted":
            if standing == "refused":
                raise Failure(f"you were not admitted to {meeting.title}")
            if meeting.phase == "open" and standing != "knocking":
                meeting = await client.api.knock(meeting_id)
                continue
            status.update(
                f"waiting in the lobby of [green]{meeting.title}[/]"
                if standing == "knocking"
                else f"waiting until [green]{meeting.title}[/] is opened"
            )
            meeting = await client.api.meeting(meeting_id, after=meeting.version, wait_s=POLL_S)
    console.print(f"You are admitted to [green]{meeting.title}[/].")
    return meeting


async def keep_door(client: LoggedIn, screen: Screen, admit: bool) -> None:
    """Tell the organizer who knocks, or admit everybody who does; for as long as the meeting is open."""
    meeting = screen.meeting
    told: set[str] = set()
    while meeting.phase == "open":
        screen.meeting = meeting
        knocking = {person.person: person.name for person in meeting.people if person.standing == "knocking"}
        for person, name in knocking.items():
            if admit:
                await client.api.admit(meeting.meeting, person)
                screen.say(f"{name} is admitted")
            elif person not in told:
                screen.say(f"{name} knocks: /admit {name} or /refuse {name}")
        told = set(knocking)
        meeting = await client.api.meeting(meeting.meeting, after=meeting.version, wait_s=POLL_S)


def _not_over(meeting: MeetingView) -> MeetingView:
    if meeting.phase == "ended":
        raise Failure(f"{meeting.title} is over")
    return meeting
