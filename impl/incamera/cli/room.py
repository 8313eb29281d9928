"""The room on a terminal: what happens above, who is there below, and a line to write on.

On a real terminal prompt-toolkit keeps the line and the roster in place while news appear above them.  Otherwise lines
are read from standard input and news are printed, so that a script can take part as well.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import trio
from prompt_toolkit import PromptSession
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.patch_stdout import patch_stdout

from incamera.cli.client import LoggedIn
from incamera.cli.terminal import plain
from incamera.tcc.api import ClientError
from incamera.tcc.conference import Conference
from incamera.wire.api import MeetingView
from incamera.wire.control import RosterChanged, Said, TrackOffered

HELP: Final = "Write a line to everybody.  /who  /leave" + "  "
HELP_ORGANIZER: Final = HELP + "/admit NAME  /refuse NAME  /end"
RESTORE_S: Final = 1.0
"""At most, for the prompt to give the terminal back."""
ROSTER_WORDS: Final = {
    "entered": "is here",
    "dropped": "lost the connection",
    "returned": "is back",
    "left": "has left",
}


class Screen:
    """What one person sees of a conference, and what they type."""

    def __init__(self, client: LoggedIn, conference: Conference, meeting: MeetingView) -> None:
        self.meeting = meeting
        self.organizes: Final = meeting.you.standing == "organizing"
        self._api = client.api
        self._conference = conference
        # What one says comes back as an event, so the line it was written on need not stay.
        self._prompt: PromptSession[str] | None = PromptSession(erase_when_done=True) if sys.stdin.isatty() else None
        self.company: Final = trio.Event()
        """Somebody else is there, or was since one came."""
        self.say(HELP_ORGANIZER if self.organizes else HELP)
        self._who()
        self._look_round()

    def say(self, text: str) -> None:
        """Show a line of news; `print`, because prompt-toolkit puts its own standard output in place."""
        print(f"· {plain(text)}", flush=True)

    async def show_events(self) -> None:
        """Show what happens in the room until it ends."""
        async for event in self._conference.events:
            match event:
                case Said():
                    mine = event.seat == self._conference.seat
                    print(f"{'you' if mine else plain(event.name)}: {plain(event.text)}", flush=True)
                case RosterChanged():
                    self.say(f"{event.seat.name} {ROSTER_WORDS[event.event]}")
                    self._look_round()
                case TrackOffered():
                    seat = self._conference.roster.get(event.track.seat)
                    if seat is not None and seat.seat != self._conference.seat:
                        self.say(f"{seat.name} sends {event.track.kind}")

    async def read_lines(self) -> None:
        """Read lines and act on them; returns when one wants to leave."""
        with patch_stdout():
            while (line := await self._line()) is not None:
                if line in ("/leave", "/quit"):
                    return
                try:
                    await self._obey(line)
                except ClientError as error:
                    self.say(str(error))
        if self._prompt is None:
            await trio.sleep_forever()  # a script that has said everything still takes part

    async def _obey(self, line: str) -> None:
        command, _, name = line.partition(" ")
        acts: dict[str, Callable[[], Awaitable[object]]] = {
            "/end": lambda: self._api.end_meeting(self.meeting.meeting),
            "/admit": lambda: self._decide(self._api.admit, name),
            "/refuse": lambda: self._decide(self._api.refuse, name),
        }
        if command == "/who":
            self._who()
        elif command in acts:
            await acts[command]()
        elif command.startswith("/"):
            self.say(HELP_ORGANIZER if self.organizes else HELP)
        elif line.strip():
            await self._conference.say(line)

    async def _decide(self, act: Callable[[str, str], Awaitable[object]], name: str) -> None:
        wanted = name.strip().casefold()
        for person in self.meeting.people:
            if person.name.casefold() == wanted:
                await act(self.meeting.meeting, person.person)
                return
        self.say(f"nobody called {name.strip() or '…'} is invited")

    def _who(self) -> None:
        self.say("here: " + ", ".join(self._names()))

    def _look_round(self) -> None:
        if any(seat.seat != self._conference.seat and not seat.dropped for seat in self._conference.roster.values()):
            self.company.set()

    def _names(self) -> list[str]:
        return sorted(
            plain(seat.name)
            + (" (you)" if seat.seat == self._conference.seat else " (connection lost)" if seat.dropped else "")
            for seat in self._conference.roster.values()
        )

    def _toolbar(self) -> FormattedText:
        return FormattedText([("bold", f" {plain(self.meeting.title)} "), ("", " " + "  ·  ".join(self._names()))])

    async def _line(self) -> str | None:
        """The next line, or None at the end of input."""
        if self._prompt is None:
            line = await trio.to_thread.run_sync(sys.stdin.readline, abandon_on_cancel=True)
            return line.rstrip("\r\n") if line else None
        asked = threading.Event()
        try:
            return await trio.to_thread.run_sync(self._ask, self._prompt, asked, abandon_on_cancel=True)
        except (EOFError, KeyboardInterrupt):
            return "/leave"
        except trio.Cancelled:
            with trio.CancelScope(deadline=trio.current_time() + RESTORE_S, shield=True):
                await _take_back(self._prompt, asked)
            raise

    def _ask(self, prompt: PromptSession[str], asked: threading.Event) -> str:
        try:
            return prompt.prompt("> ", bottom_toolbar=self._toolbar, refresh_interval=0.5, handle_sigint=False)
        finally:
            asked.set()


async def _take_back(prompt: PromptSession[str], asked: threading.Event) -> None:
    """Have the prompt in another thread give up, and wait until the terminal is as it was before."""

    def give_up() -> None:
        if prompt.app.is_running and not prompt.app.is_done:
            prompt.app.exit(exception=EOFError())

    while not asked.is_set():
        if (loop := prompt.app.loop) is not None:
            with suppress(RuntimeError):  # the loop has just been closed
                loop.call_soon_threadsafe(give_up)
        await trio.sleep(0.01)
