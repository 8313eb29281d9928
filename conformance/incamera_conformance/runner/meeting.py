"""Cases of `meeting`: people of the stage, with meetings of the case's own."""

from __future__ import annotations

from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from incamera.wire import api
from incamera.wire.control import encode_bytes
from incamera.wire.ids import fresh_id

from .answers import Answer
from .player import Player
from .stage import Person


class MeetingPlayer(Player):
    """A meeting that nobody has scheduled has an id nevertheless, one that the server does not know."""

    async def prepare(self) -> None:
        self.people: dict[str, Person] = {}
        for entity in self.case.given["people"]:
            self.people[entity] = await self.stage.person(entity)
            self.ids[entity,] = self.people[entity].account
        for entity in self.case.given["meetings"]:
            self.ids[entity,] = fresh_id("mtg")

    async def schedule_meeting(self, params: Mapping[str, str]) -> Answer:
        token = self.people[params["host"]].token
        told = await self.stage.post("meetings", {"title": self.case.id}, token=token, yes=201, form=api.MeetingView)
        if told.answer.accepted:
            self.ids[params["m"],] = told.body.meeting
        return told.answer

    async def invite(self, params: Mapping[str, str]) -> Answer:
        return await self._ask(params["host"], params["m"], "invite", {"name": self.people[params["p"]].name})

    async def open_meeting(self, params: Mapping[str, str]) -> Answer:
        return await self._ask(params["host"], params["m"], "open")

    async def end_meeting(self, params: Mapping[str, str]) -> Answer:
        return await self._ask(params["host"], params["m"], "end")

    async def knock(self, params: Mapping[str, str]) -> Answer:
        return await self._ask(params["p"], params["m"], "knock")

    async def leave(self, params: Mapping[str, str]) -> Answer:
        return await self._ask(params["p"], params["m"], "leave")

    async def admit(self, params: Mapping[str, str]) -> Answer:
        return await self._ask(params["host"], params["m"], f"lobby/{self.ids[params['p'],]}/admit")

    async def refuse(self, params: Mapping[str, str]) -> Answer:
        return await self._ask(params["host"], params["m"], f"lobby/{self.ids[params['p'],]}/refuse")

    async def take_ticket(self, params: Mapping[str, str]) -> Answer:
        key = encode_bytes(Ed25519PrivateKey.generate().public_key().public_bytes_raw())
        told = await self.stage.post(
            f"meetings/{self.ids[params['m'],]}/take-ticket",
            {"key": key},
            token=self.people[params["p"]].token,
            yes=201,
            form=api.TicketIssued,
        )
        return told.answer

    async def _ask(self, who: str, m: str, what: str, body: Mapping[str, str] | None = None) -> Answer:
        told = await self.stage.post(
            f"meetings/{self.ids[m,]}/{what}", body, token=self.people[who].token, form=api.MeetingView
        )
        if not told.answer.accepted:
            return told.answer
        view: api.MeetingView = told.body
        return Answer(
            told.answer.status,
            deviations=told.answer.deviations,
            told={"phase": {m: view.phase}, "standing": {m: {who: view.you.standing}}},
        )
