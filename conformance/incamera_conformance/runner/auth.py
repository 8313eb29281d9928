"""Cases of `auth`: accounts of their own, created by the testability control."""

from __future__ import annotations

from collections.abc import Mapping

from incamera.wire import api
from incamera.wire.ids import fresh_token

from .answers import Answer, Judged, Verdict, answer_of
from .player import Player
from .stage import PASSPHRASE, WRONG_PASSPHRASE, own_name


class AuthPlayer(Player):
    """`names`: what the accounts are called; `tokens`: of sessions, by account and session."""

    async def prepare(self) -> None:
        self.names = {entity: own_name(entity) for entity in self.case.given["accounts"]}
        self.tokens: dict[tuple[str, str], str] = {}

    async def create_account(self, params: Mapping[str, str]) -> Answer:
        a = params["a"]
        response = await self.stage.control.create_account(self.names[a], PASSPHRASE)
        answer = answer_of(response)
        if answer.accepted:
            self.ids[a,] = str(response.json()["account"])
        return answer

    async def log_in(self, params: Mapping[str, str]) -> Answer:
        a, s = params["a"], params["s"]
        before = await self._sessions(a)
        body = {"name": self.names[a], "passphrase": PASSPHRASE}
        told = await self.stage.post("log-in", body, yes=201, form=api.SessionIssued)
        if told.answer.accepted:
            new = await self._sessions(a) - before
            if told.body.account != self.ids.get((a,)) or len(new) != 1:
                raise Judged(Verdict.FAILED, f"the log-in began {len(new)} sessions of {a}, and told one of somebody")
            self.ids[a, s] = new.pop()
            self.tokens[a, s] = told.body.token
        return told.answer

    async def fail_log_in(self, params: Mapping[str, str]) -> Answer:
        body = {"name": self.names[params["a"]], "passphrase": WRONG_PASSPHRASE}
        return (await self.stage.post("log-in", body)).answer

    async def log_out(self, params: Mapping[str, str]) -> Answer:
        token = self.tokens.get((params["a"], params["s"])) or fresh_token()
        return (await self.stage.post("log-out", token=token, yes=204)).answer

    async def _sessions(self, a: str) -> set[str]:
        observed = await self.observe()
        return set(observed["session"].get(self.ids.get((a,), ""), {}))
