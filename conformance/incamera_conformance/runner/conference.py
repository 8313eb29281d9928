"""Cases of `conference`: what the TMMS tells the TCS is brought about by ordinary acts of an extra person.

That person, the organizer, schedules the meetings of a case, invites everybody, opens, admits and ends, and is in no
room themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import trio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import BaseModel

from incamera.transport import SessionRefused
from incamera.wire import api
from incamera.wire.control import CloseCode, encode_bytes
from incamera.wire.ids import UNKNOWN, fresh_token

from ..vectors import Step
from .answers import NO_SUCH_ROUTE, Answer, Judged, Verdict, judge_accepted
from .entries import Entry
from .player import DONE, Player
from .seat import Door, Seat
from .stage import Person

ORGANIZER: Final = "stage"
"""The name of the extra person; no entity of a case is called so."""
PATIENCE_S: Final = 5.0
"""For which the runner waits until the server closes a session."""

Ticket = tuple[str, str, str]
"""A ticket's entities: meeting, person, ticket."""


class ConferencePlayer(Player):
    """`keys` of people, `tokens` of tickets, `seats` of those who are in a room."""

    async def prepare(self) -> None:
        self.organizer = await self.stage.person(ORGANIZER)
        self.people: dict[str, Person] = {}
        self.keys = {entity: Ed25519PrivateKey.generate() for entity in self.case.given["people"]}
        self.tokens: dict[Ticket, str] = {}
        self.seats: dict[Ticket, Seat] = {}
        self.admitted: set[tuple[str, str]] = set()
        for entity in self.case.given["people"]:
            self.people[entity] = await self.stage.person(entity)
            self.ids[entity,] = self.people[entity].account
        names = [person.name for person in self.people.values()]
        for entity in self.case.given["meetings"]:
            body = {"title": self.case.id, "invite": names}
            view: api.MeetingView = await self._bring_about("meetings", self.organizer, body, 201, api.MeetingView)
            self.ids[entity,] = view.meeting

    def logged(self, step: Step) -> Entry:
        """At the door nobody is known by more than the token that they show and the key that they prove to have."""
        entry, params = super().logged(step), self.params(step)
        if "q" not in params:
            return entry
        m, shown = self.ids[params["m"],], (params["n"], params["q"], params["t"])
        ids = {"m": m, "p": UNKNOWN, "n": m, "q": UNKNOWN, "t": UNKNOWN}
        if shown in self.tokens:
            owner = self.ids[params["q"],]
            ids |= {"n": self.ids[params["n"],], "q": owner, "t": self.ids[shown]}
            ids |= {"p": owner} if params["p"] == params["q"] else {}
        return Entry(entry.spec, entry.action, ids, entry.rule)

    # --- what the TMMS tells the TCS

    async def open_room(self, params: Mapping[str, str]) -> Answer:
        await self._bring_about(f"meetings/{self.ids[params['m'],]}/open", self.organizer)
        return DONE

    async def close_room(self, params: Mapping[str, str]) -> Answer:
        await self._bring_about(f"meetings/{self.ids[params['m'],]}/end", self.organizer)
        return DONE

    async def grant(self, params: Mapping[str, str]) -> Answer:
        m, p = params["m"], params["p"]
        path, person = f"meetings/{self.ids[m,]}", self.people[p]
        if (m, p) not in self.admitted:
            await self._bring_about(f"{path}/knock", person)
            await self._bring_about(f"{path}/lobby/{person.account}/admit", self.organizer)
            self.admitted.add((m, p))
        body = {"key": encode_bytes(self.keys[p].public_key().public_bytes_raw())}
        issued = await self._bring_about(f"{path}/take-ticket", person, body, 201, api.TicketIssued)
        self.ids[m, p, params["t"]] = issued.ticket
        self.tokens[m, p, params["t"]] = issued.token
        return DONE

    async def dismiss(self, params: Mapping[str, str]) -> Answer:
        m, p = params["m"], params["p"]
        await self._bring_about(f"meetings/{self.ids[m,]}/leave", self.people[p])
        self.admitted.discard((m, p))
        return await self._put_out((m, p, params["t"]), CloseCode.DISMISSED)

    # --- what people do at the door and in the room

    async def enter_room(self, params: Mapping[str, str]) -> Answer:
        return await self._knock_at_door("enter-room", params)

    async def return_to_room(self, params: Mapping[str, str]) -> Answer:
        return await self._knock_at_door("return-to-room", params)

    async def leave_room(self, params: Mapping[str, str]) -> Answer:
        ticket = (params["m"], params["p"], params["t"])
        await self.seats[ticket].leave()
        return await self._put_out(ticket, CloseCode.LEFT)

    async def drop(self, params: Mapping[str, str]) -> Answer:
        self.seats.pop((params["m"], params["p"], params["t"])).abort()
        return DONE

    async def clear(self, params: Mapping[str, str]) -> Answer:
        return await self._put_out((params["m"], params["p"], params["t"]), CloseCode.MEETING_ENDED)

    async def _knock_at_door(self, say: str, params: Mapping[str, str]) -> Answer:
        m, p, ticket = params["m"], params["p"], (params["n"], params["q"], params["t"])
        token = self.tokens.get(ticket) or fresh_token()
        door = Door(self.ids[m,], token, self.keys[p])
        try:
            connection = await self.stack.enter_async_context(self.stage.target.connection())
            entered = await door.ask(connection, say)
        except SessionRefused as refused:
            verdict = Verdict.UNIMPLEMENTED if refused.status in NO_SUCH_ROUTE else Verdict.FAILED
            raise Judged(verdict, f"the room has no session (status {refused.status})") from None
        if isinstance(entered, Answer):
            return entered
        self.seats[ticket] = entered
        if entered.told.seat != self.ids.get(ticket) or entered.told.meeting != self.ids[m,]:
            raise Judged(Verdict.FAILED, "the server says that this is another seat than the ticket's")
        if entered.told.seat not in {seat.seat for seat in entered.told.roster if not seat.dropped}:
            raise Judged(Verdict.FAILED, "who enters is not in the roster that they get")
        return DONE

    async def _put_out(self, ticket: Ticket, code: CloseCode) -> Answer:
        """The answer that the server has closed the session of a seat, if there is one."""
        seat = self.seats.pop(ticket, None)
        if seat is None:
            return DONE
        with trio.move_on_after(PATIENCE_S):
            closed = await seat.wait_closed()
            if closed == code:
                return DONE
            return Answer(200, deviations=(f"the session was closed with code {closed}, not {code} ({code.name})",))
        raise Judged(Verdict.FAILED, f"the session is still open {PATIENCE_S:g} s after its end")

    async def _bring_about(
        self,
        path: str,
        who: Person,
        body: Mapping[str, Any] | None = None,
        yes: int = 200,
        form: type[BaseModel] = api.MeetingView,
    ) -> Any:
        told = await self.stage.post(path, body, token=who.token, yes=yes, form=form)
        try:
            judge_accepted(told.answer)
        except Judged as judged:
            raise Judged(judged.verdict, f"{path.rpartition('/')[2]} at the TMMS: {judged.why}") from None
        return told.body
