"""A logged-in client for the length of a command."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import trio

from incamera import layout
from incamera.cli.terminal import ask_passphrase, find_server
from incamera.tcc.api import Api, ClientError
from incamera.transport import Connection, TransportError, Trust, connect
from incamera.wire.api import SessionIssued

FAREWELL_S = 1.0
"""For logging out of a server that may be gone."""


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
    async with connect(host, port, trust=trust) as connection:
        # Asked only when somebody answers; and without a worker thread, so that Ctrl-C ends the question.
        passphrase = ask_passphrase(f"Passphrase of {name}: ")
        api = Api(connection)
        session = await api.log_in(name, passphrase)
        try:
            yield LoggedIn(connection, api, session, host, port)
        finally:
            with trio.CancelScope(deadline=trio.current_time() + FAREWELL_S, shield=True):
                # The server may be gone, or have ended the session, which ends by itself in any case.
                with suppress(ClientError, TransportError):
                    await api.log_out()


def find_trust(ca: Path | None, data: Path) -> Trust:
    """The CA in `ca`, else the deployment's own if it is on this machine, else those the system trusts."""
    if ca is not None:
        return Trust.authority(ca)
    own = layout.ca(data)
    return Trust.authority(own) if own.exists() else Trust.system()
