"""Attending a meeting from a terminal: through the lobby, into the room, with media from and to files."""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import chain, count
from pathlib import Path
from typing import Final

import trio

from incamera.cli.client import LoggedIn, logged_in
from incamera.cli.lobby import come_in, keep_door
from incamera.cli.meeting import meeting_of
from incamera.cli.room import Screen
from incamera.cli.terminal import console, plain
from incamera.tcc.conference import Conference, TicketKey, enter
from incamera.tcc.errors import ConferenceEnded
from incamera.tcc.media import FileSource
from incamera.tcc.part import Film, Recordings, offer, send
from incamera.transport import TransportError
from incamera.wire.control import CloseCode, Seat

PARTED: Final = (CloseCode.LEFT, CloseCode.MEETING_ENDED, CloseCode.DISMISSED, CloseCode.DISPLACED)
"""What the people decide; every other end of a conference is a failure."""


async def attend(
    url: str, name: str, data: Path, send_: Path | None, record: Path | None, admit: bool, ca: Path | None
) -> None:
    """Take part in the meeting at `url` until one leaves or it ends.

    Raises `Failure`, and what client, media and transport raise.
    """
    wanted = meeting_of(url)
    film = None
    if send_ is not None:
        source = await trio.to_thread.run_sync(FileSource, send_)
        film = await trio.to_thread.run_sync(Film.of, source)
    async with logged_in(url, ca, data, name) as client:
        meeting = await come_in(client, wanted)
        key = TicketKey.generate()
        ticket = await client.api.take_ticket(meeting.meeting, key.public)
        async with enter(client.connection, ticket, key) as conference:
            screen = Screen(client, conference, meeting)
            recordings = None if record is None else Recordings(_paths(record))
            try:
                await _take_part(client, conference, screen, film, recordings, admit)
            finally:
                if recordings is not None:
                    await recordings.close()
                    for recorder in recordings.recorders.values():
                        console.print(f"recorded {recorder.path}", soft_wrap=True, markup=False)
    ended = await conference.wait_ended()
    if ended.code not in PARTED:
        raise ended
    console.print(plain(str(ended)), markup=False)


async def _take_part(
    client: LoggedIn,
    conference: Conference,
    screen: Screen,
    film: Film | None,
    recordings: Recordings | None,
    admit: bool,
) -> None:
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_until_left, lambda: anext(signals), nursery.cancel_scope)
            if recordings is not None:
                nursery.start_soon(recordings.run, conference)
            if screen.organizes:
                nursery.start_soon(_keep_door, client, screen, admit)
            if film is not None:
                nursery.start_soon(_until_left, lambda: _send(conference, film, screen), nursery.cancel_scope)
            nursery.start_soon(screen.show_events)
            nursery.start_soon(_until_left, screen.read_lines, nursery.cancel_scope)
            await conference.wait_ended()
            nursery.cancel_scope.cancel()


async def _until_left(wish: Callable[[], Awaitable[object]], stay: trio.CancelScope) -> None:
    """Leave when the wish to leave comes true: a signal, a word, the end of what was to be sent."""
    await wish()
    stay.cancel()


async def _keep_door(client: LoggedIn, screen: Screen, admit: bool) -> None:
    try:
        await keep_door(client, screen, admit)
    except TransportError as error:
        # Without the door one is still in the room; if the connection is lost, the conference will tell.
        screen.say(f"the lobby is out of sight: {error}")


async def _send(conference: Conference, film: Film, screen: Screen) -> None:
    await screen.company.wait()
    with suppress(ConferenceEnded):  # how it ended is told to all tasks, and reported once
        tracks = await offer(conference, film.source)
        screen.say("sending")
        sent = await send(conference, film, tracks)
        screen.say(f"sent, in {sent} datagrams")


def _paths(first: Path) -> Callable[[Seat], Path]:
    """Where to record each seat: the file that was named, then others beside it."""
    others = (first.with_stem(f"{first.stem}-{number}") for number in count(2))
    names = chain([first], (path for path in others if not path.exists()))

    def path_for(_: Seat) -> Path:
        return next(names)

    return path_for
