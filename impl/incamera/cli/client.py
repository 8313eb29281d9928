"""A logged-in client for the length of a command."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import trio

from incamera import layout
from incamera.cli.terminal import Failure, ask_passphrase, find_server
from incamera.tcc.api import Api, ClientError, Refused
from incamera.transport import Connection, IdentityUnusable, TransportError, Trust, connect
from incamera.wire.api import SessionIssued

FAREWELL_S: Final = 1.0
"""For logging out of a server that may be gone."""
UNIFORM: Final = "AUTH-001"
"""The rule by which every log-in is refused in the same way; people are told what that can mean."""


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """The connection, what may be asked over it, and as whom."""

    connection: Connection
    api: Api
    session: SessionIssued
    host: str
    port: int


@asynccontextmanager
async def logged_in(server: str | None, ca: Path | None, data: Path, name: str) -> AsyncIterator[LoggedIn]:
    """Connect, ask for the passphrase, log in; log out at the end."""
    host, port = find_server(server, data)
    trust = find_trust(ca, data)
    async with connect(host, port, trust=trust):
        pass  # asked is only when somebody answers who is trusted, but no connection waits for as long as people may
    # In this thread, so that Ctrl-C ends the question.
    passphrase = ask_passphrase(f"Passphrase of {name}: ")
    async with connect(host, port, trust=trust) as connection:
        api = Api(connection)
        session = await _log_in(api, name, passphrase)
        try:
            yield LoggedIn(connection, api, session, host, port)
        finally:
            with trio.CancelScope(deadline=trio.current_time() + FAREWELL_S, shield=True):
                # The server may be gone, or have ended the session, which ends by itself in any case.
                with suppress(ClientError, TransportError):
                    await api.log_out()


async def _log_in(api: Api, name: str, passphrase: str) -> SessionIssued:
    try:
        return await api.log_in(name, passphrase)
    except Refused as refused:
        if refused.problem.rule == UNIFORM:
            raise Failure(f"name or passphrase is wrong, or the account is locked [{UNIFORM}]") from None
        raise


def find_trust(ca: Path | None, data: Path) -> Trust:
    """The CA in `ca`, else the deployment's own if it is on this machine, else those the system trusts."""
    own = layout.ca(data)
    chosen = ca or (own if own.exists() else None)
    try:
        return Trust.system() if chosen is None else Trust.authority(chosen)
    except IdentityUnusable:
        raise Failure(f"there is no CA certificate in {chosen} that can be read") from None
