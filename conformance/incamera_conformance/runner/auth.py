"""Cases of `auth`: accounts of their own, created by the testability control."""

from __future__ import annotations

from collections.abc import Mapping

from incamera.wire import api
from incamera.wire.ids import UNKNOWN, fresh_token

from ..vectors import Step
from .answers import Answer, Judged, Verdict, answer_of, body_of
from .control import Account
from .entries import Entry
from .player import Player
from .stage import PASSPHRASE, WRONG_PASSPHRASE, own_name


class AuthPlayer(Player):
    """`names`: what the accounts are called; `tokens`: of sessions, by account and session."""

    async def prepare(self) -> None:
        self.names = {entity: own_name(entity) for entity in self.case.given["accounts"]}
        self.tokens: dict[tuple[str, str], str] = {}

    async def finish(self) -> None:
        for a, name in self.names.items():
            if (a,) not in self.ids:  # nobody observes an account without an id; but its name is still free
                answer = answer_of(await self.stage.control.create_account(name, PASSPHRASE))
                if not answer.accepted:
                    raise Judged(Verdict.FAILED, f"nobody has created {a}, and nevertheless their name is taken")

    def logged(self, step: Step) -> Entry:
        """Nobody is told apart from somebody who is unknown: by their passphrase or their token, they are `unknown`."""
        entry = super().logged(step)
        a, s = (self.params(step).get(param, "") for param in "as")
        if step.do == "log-in" and (a,) not in self.ids:
            return Entry(entry.spec, "FailLogIn", {"a": UNKNOWN}, entry.rule)
        if step.do == "log-out" and (a, s) not in self.tokens:
            return Entry(entry.spec, entry.action, {"a": UNKNOWN, "s": UNKNOWN}, entry.rule)
        return entry

    async def create_account(self, params: Mapping[str, str]) -> Answer:
        a = params["a"]
        response = await self.stage.control.create_account(self.names[a], PASSPHRASE)
        answer = answer_of(response)
        if answer.accepted:
            self.ids[a,] = body_of(response, Account).account
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
