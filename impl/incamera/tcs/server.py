"""The communication server as its surroundings know it."""

from __future__ import annotations

from typing import Final

import trio
from pydantic import TypeAdapter, ValidationError

from incamera.journal import Journal, Refusal
from incamera.tcs import door
from incamera.tcs.house import House
from incamera.tcs.relay import MediaCounts
from incamera.tcs.visit import Visit
from incamera.transport import Clock, Session
from incamera.wire.control import CloseCode
from incamera.wire.ids import MeetingId
from incamera.wire.link import CloseRoom, Dismiss, Grant, Link, LinkRefused, OpenRoom

PATH: Final = "/tcs/v1/meetings/"
_MEETING: Final[TypeAdapter[MeetingId]] = TypeAdapter(MeetingId)


class Tcs:
    """A communication server: rooms that people enter by ticket, and what they say and send there.

    `run` must be running; the link and sessions wait until it has recovered what the store holds.
    """

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._house = House(journal, clock)
        self._clock = clock
        self._ready = trio.Event()
        self.link: Final[Link] = _LinkEnd(self._house, self._ready)

    @property
    def media(self) -> MediaCounts:
        """What became of media datagrams since the start."""
        return self._house.counts

    @property
    def rooms(self) -> int:
        """Rooms that are kept in memory: those with a seat taken."""
        return len(self._house.rooms)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Record as lost whoever was present when the last server ended, then keep the deadlines, until cancelled."""
        await self._house.recover()
        self._ready.set()
        task_status.started()
        await self._house.keep_time()

    async def session(self, session: Session) -> None:
        """Attend to a session at `/tcs/v1/meetings/{m}` until it is closed, which it is at return.

        Cancelled, it records the seat as lost and closes the session with SHUTTING_DOWN.
        """
        await self._ready.wait()
        path = session.path.partition("?")[0]
        try:
            meeting = _MEETING.validate_python(path.removeprefix(PATH) if path.startswith(PATH) else "")
        except ValidationError:
            await session.close(CloseCode.PROTOCOL_ERROR, f"there are sessions only at {PATH}" + "{meeting}")
            return
        await Visit(self._house, session, meeting, self._clock).run()

    async def state(self, spec: str) -> dict[str, object]:
        """The specification's variables `room` and `ticket` as the store has them; empty for other specifications."""
        return await self._house.observe() if spec == door.SPEC else {}

    async def due(self, action: str, params: dict[str, str]) -> bool:
        """Have the deadline behind the clock action `ExpireTicket` or `Lapse` pass now; False if there is none."""
        return await self._house.due(action, params)


class _LinkEnd:
    """The in-process end of the link."""

    def __init__(self, house: House, ready: trio.Event) -> None:
        self._house = house
        self._ready = ready

    async def tell(self, message: OpenRoom | CloseRoom | Grant | Dismiss) -> None:
        await self._ready.wait()
        try:
            match message:
                case OpenRoom():
                    await self._house.open_room(message.meeting)
                case CloseRoom():
                    await self._house.close_room(message.meeting)
                case Grant():
                    await self._house.grant(message)
                case Dismiss():
                    await self._house.dismiss(message.meeting, message.person)
        except Refusal as refused:
            raise LinkRefused(refused.rule) from None
