"""What cases are played on: a connection to the server under test, and people who are logged in.

People of a stage play in one case after the other, because a case of `meeting` or `conference` has meetings of its own
and a log-in is dear by design.  Cases of `auth` make accounts of their own.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from pydantic import BaseModel

from incamera.transport import Connection, Response
from incamera.wire import api

from .answers import Answer, answer_of, body_of, judge_accepted
from .control import Control
from .target import Target

Body = TypeVar("Body", bound=BaseModel)

TMMS: Final = "/tmms/v1"
PASSPHRASE: Final = "a passphrase that everybody may know"  # noqa: S105 - of accounts that live as long as a run
WRONG_PASSPHRASE: Final = "a passphrase that is not the right one"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account and a session."""

    account: str
    name: str
    token: str


@dataclass(frozen=True, slots=True)
class Told:
    """An answer, with the message in it if it was a yes that has one."""

    answer: Answer
    body: Any


class Stage:
    """One connection and its people; `broken` once something was lost, so that the next case gets a new one."""

    def __init__(self, target: Target, connection: Connection) -> None:
        self.target = target
        self.control = Control(connection)
        self.broken = False
        self._connection = connection
        self._people: dict[str, Person] = {}

    async def person(self, name: str) -> Person:
        """The person of this stage with that name in the cases. Raises `Judged` if they cannot log in."""
        if name not in self._people:
            own = own_name(name)
            judge_accepted(answer_of(await self.control.create_account(own, PASSPHRASE)))
            told = await self.post("log-in", {"name": own, "passphrase": PASSPHRASE}, yes=201, form=api.SessionIssued)
            judge_accepted(told.answer)
            self._people[name] = Person(told.body.account, own, told.body.token)
        return self._people[name]

    async def post(
        self,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        token: str | None = None,
        yes: int = 200,
        form: type[BaseModel] | None = None,
    ) -> Told:
        """`POST /tmms/v1/PATH`; a yes has the status `yes` and a message of `form`.

        Raises `Judged` if a yes has another message.
        """
        headers = {"authorization": f"Bearer {token}"} if token else {}
        data = b""
        if body is not None:
            headers["content-type"] = "application/json"
            data = json.dumps(body).encode()
        response = await self._connection.request("POST", f"{TMMS}/{path}", headers=headers, body=data)
        return _told(response, yes, form)


@asynccontextmanager
async def open_stage(target: Target) -> AsyncIterator[Stage]:
    """A stage while the context lasts. Raises `incamera.transport.TransportError`."""
    async with target.connection() as connection:
        yield Stage(target, connection)


def own_name(entity: str) -> str:
    """A name for an account that nobody else on this server has."""
    return f"{entity}-{secrets.token_hex(6)}"


def _told(response: Response, yes: int, form: type[BaseModel] | None) -> Told:
    answer = answer_of(response)
    if not answer.accepted:
        return Told(answer, None)
    if response.status != yes:
        answer = Answer(response.status, deviations=(f"the status is {response.status}, not {yes}",))
    return Told(answer, None if form is None else body_of(response, form))
