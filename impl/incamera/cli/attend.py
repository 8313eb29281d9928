"""Attending a meeting from a terminal: through the lobby, into the room, with media from and to files."""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import trio

from incamera.cli.client import LoggedIn, logged_in
from incamera.cli.lobby import come_in, keep_door
from incamera.cli.meeting import meeting_of
from incamera.cli.room import Screen
from incamera.cli.terminal import console
from incamera.tcc.conference import Conference, TicketKey, enter
from incamera.tcc.media import FileSource
from incamera.tcc.part import Clip, Recordings, offer, send
from incamera.wire.control import Seat


async def attend(
    url: str, name: str, data: Path, send_: Path | None, record: Path | None, admit: bool, ca: Path | None
) -> None:
    clip = None
    if send_ is not None:
        with console.status(f"reading {send_.name}"):
            source = await trio.to_thread.run_sync(FileSource, send_)
            clip = await trio.to_thread.run_sync(Clip.of, source)
    async with logged_in(url, ca, data, name) as client:
        meeting = await come_in(client, meeting_of(url))
        key = TicketKey.generate()
        ticket = await client.api.take_ticket(meeting.meeting, key.public)
        async with enter(client.connection, ticket, key) as conference:
            screen = Screen(client, conference, meeting)
            recordings = None if record is None else Recordings(_paths(record))
            try:
                await _take_part(client, conference, screen, clip, recordings, admit)
            finally:
                if recordings is not None:
                    await recordings.close()
                    for recorder in recordings.recorders.values():
                        console.print(f"recorded {recorder.path}", soft_wrap=True)
    console.print(str(conference.ended))


async def _take_part(
    client: LoggedIn,
    conference: Conference,
    screen: Screen,
    clip: Clip | None,
    recordings: Recordings | None,
    admit: bool,
) -> None:
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_until_left, lambda: anext(signals), nursery.cancel_scope)
            if recordings is not None:
                nursery.start_soon(recordings.run, conference)
            if screen.organizes:
                nursery.start_soon(keep_door, client, screen, admit)
            if clip is not None:
                nursery.start_soon(_until_left, lambda: _send(conference, clip, screen), nursery.cancel_scope)
            nursery.start_soon(screen.show_events)
            nursery.start_soon(_until_left, screen.read_lines, nursery.cancel_scope)
            await conference.wait_ended()
            nursery.cancel_scope.cancel()


async def _until_left(wish: Callable[[], Awaitable[object]], stay: trio.CancelScope) -> None:
    """Leave when the wish to leave comes true: a signal, a word, the end of what was to be sent."""
    await wish()
    stay.cancel()


async def _send(conference: Conference, clip: Clip, screen: Screen) -> None:
    tracks = await offer(conference, clip)
    screen.say(f"sending {clip.seconds:.0f} s")
    sent = await send(conference, clip, tracks)
    screen.say(f"sent, in {sent} datagrams")


def _paths(first: Path) -> Callable[[Seat], Path]:
    """Where to record each seat: the file that was named, then others beside it."""
    count = 0

    def path_for(_: Seat) -> Path:
        nonlocal count
        count += 1
        return first if count == 1 else first.with_stem(f"{first.stem}-{count}")

    return path_for
