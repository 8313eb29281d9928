"""`incamera meeting`: organise meetings."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import trio
import typer
from rich.markup import escape
from rich.table import Column, Table

from incamera.cli.terminal import As, Ca, Data, Failure, ServerOption, console

if TYPE_CHECKING:
    from incamera.cli.client import LoggedIn
    from incamera.wire.api import MeetingView

app = typer.Typer(no_args_is_help=True, help="Organise meetings.")


@app.command()
def schedule(
    title: Annotated[str, typer.Argument(help="What the meeting is called.")],
    as_: As,
    data: Data,
    invite: Annotated[
        list[str] | None, typer.Option("--invite", metavar="NAME", help="Whom to invite; may be repeated.")
    ] = None,
    starts: Annotated[
        datetime | None, typer.Option("--starts", formats=["%Y-%m-%dT%H:%M"], help="Local time; default: now.")
    ] = None,
    server: ServerOption = None,
    ca: Ca = None,
) -> None:
    """Schedule a meeting and print the address at which people join it."""

    from incamera.cli.client import logged_in

    try:
        starts_at = None if starts is None else starts.astimezone()
    except (ValueError, OverflowError):
        raise Failure("--starts is no time at which anybody meets") from None

    async def run() -> None:
        async with logged_in(server, ca, data, as_) as client:
            meeting = await client.api.schedule_meeting(title, invite or [], starts_at)
            invited = escape(", ".join(invite or [])) or "nobody yet"
            console.print(f"[green]{escape(meeting.title)}[/] is scheduled; invited: {invited}")
            console.print(f"Join at [bold]{escape(join_url(client, meeting))}[/]", soft_wrap=True)

    trio.run(run)


@app.command("list")
def list_(as_: As, data: Data, server: ServerOption = None, ca: Ca = None) -> None:
    """Show the meetings that you organise or are invited to."""

    from incamera.cli.client import logged_in

    async def run() -> None:
        async with logged_in(server, ca, data, as_) as client:
            meetings = await client.api.meetings()
            table = Table("title", "phase", "starts", "you", Column("join at", overflow="fold"))
            for meeting in meetings:
                starts = meeting.starts_at.astimezone()
                table.add_row(
                    escape(meeting.title),
                    meeting.phase,
                    f"{starts:%Y-%m-%d %H:%M}",
                    meeting.you.standing,
                    escape(join_url(client, meeting)),
                )
            console.print(table if meetings else "There are no meetings for you.")

    trio.run(run)


@app.command()
def invite(
    url: Annotated[str, typer.Argument(help="The address of the meeting.")],
    name: Annotated[str, typer.Argument(help="Whom to invite.")],
    as_: As,
    data: Data,
    ca: Ca = None,
) -> None:
    """Invite somebody to a meeting that you organise."""

    from incamera.cli.client import logged_in

    wanted = meeting_of(url)

    async def run() -> None:
        async with logged_in(url, ca, data, as_) as client:
            meeting = await client.api.invite(wanted, name)
            console.print(f"{escape(name)} is invited to [green]{escape(meeting.title)}[/].")

    trio.run(run)


@app.command()
def end(
    url: Annotated[str, typer.Argument(help="The address of the meeting.")], as_: As, data: Data, ca: Ca = None
) -> None:
    """End a meeting that you organise; whoever is in it is put out."""

    from incamera.cli.client import logged_in

    wanted = meeting_of(url)

    async def run() -> None:
        async with logged_in(url, ca, data, as_) as client:
            meeting = await client.api.end_meeting(wanted)
            console.print(f"[green]{escape(meeting.title)}[/] has ended.")

    trio.run(run)


def join_url(client: LoggedIn, meeting: MeetingView) -> str:
    """Where people join the meeting, as they are told."""
    host = f"[{client.host}]" if ":" in client.host else client.host
    return f"https://{host}:{client.port}/meetings/{meeting.meeting}"


def meeting_of(url: str) -> str:
    """The meeting's id in its address; raises `Failure`."""
    meeting = url.rstrip("/").rpartition("/")[2]
    if not meeting.startswith("mtg_"):
        raise Failure(f"{url} is no address of a meeting; `incamera meeting list` shows them")
    return meeting
