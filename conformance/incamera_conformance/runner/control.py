"""The testability control of the server under test, as `vectors/FORMAT.md` describes it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import urlencode

from pydantic import BaseModel, TypeAdapter, ValidationError

from incamera.transport import Connection, Response

from .answers import Judged, Verdict
from .target import TargetError

_STATE: Final = TypeAdapter(dict[str, dict[str, Any]])
PREFIX: Final = "/testability/v1"
JSON: Final = {"content-type": "application/json"}


class Account(BaseModel):
    """The answer of `POST accounts`."""

    account: str


class Control:
    """The control, over an HTTP/3 connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def create_account(self, name: str, passphrase: str) -> Response:
        """`POST accounts`"""
        return await self._post("accounts", {"name": name, "passphrase": passphrase})

    async def due(self, spec: str, action: str, params: dict[str, str]) -> None:
        """`POST due`. Raises `Judged` if the server knows no such deadline."""
        response = await self._post("due", {"spec": spec, "action": action, "params": params})
        if not 200 <= response.status < 300:
            raise Judged(Verdict.FAILED, f"no deadline {action}{tuple(params.values())} (status {response.status})")

    async def state(self, spec: str, of: Iterable[str]) -> dict[str, Any]:
        """`GET state`: the variables of a specification, of these entities only."""
        query = urlencode([("spec", spec), *(("of", entity) for entity in of)])
        response = await self._connection.request("GET", f"{PREFIX}/state?{query}")
        if response.status != 200:
            raise TargetError(f"the target has no testability control (status {response.status} for the state)")
        try:
            return _STATE.validate_json(response.body)
        except ValidationError as error:
            raise TargetError(f"the target shows no state of {spec}: {error.errors()[0]['msg']}") from None

    async def log(self) -> list[bytes]:
        """`GET log`: every line of the audit log."""
        lines: list[bytes] = []
        while True:
            response = await self._connection.request("GET", f"{PREFIX}/log?after={len(lines) - 1}")
            if response.status != 200:
                raise TargetError(f"the target does not show its log (status {response.status})")
            more = response.body.splitlines()
            if not more:
                return lines
            lines += more

    async def _post(self, path: str, body: dict[str, Any]) -> Response:
        return await self._connection.request("POST", f"{PREFIX}/{path}", headers=JSON, body=json.dumps(body).encode())
