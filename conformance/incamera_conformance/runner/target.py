"""The server under test: where it answers, and whom to trust for that."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from incamera.transport import Connection, IdentityUnusable, Trust, connect

from ..errors import ConformanceError

HTTPS: Final = 443


class TargetError(ConformanceError):
    """What was named as target is no server that can be tested."""


@dataclass(frozen=True, slots=True)
class Target:
    """A server by its host and port."""

    host: str
    port: int
    trust: Trust

    def __str__(self) -> str:
        return f"https://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A new HTTP/3 connection. Raises `incamera.transport.TransportError`."""
        async with connect(self.host, self.port, trust=self.trust) as connection:
            yield connection


def parse_target(url: str, ca: Path | None) -> Target:
    """The target at an https URL; `ca` is the PEM file to trust instead of the system's. Raises `TargetError`."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
        parts = urlsplit("")
    if parts.scheme != "https" or not host:
        raise TargetError(f"--target: {url} is neither `embedded` nor an https URL")
    try:
        trust = Trust.authority(ca) if ca else Trust.system()
    except IdentityUnusable as error:
        raise TargetError(f"--ca {ca}: {error}") from error
    return Target(host, port or HTTPS, trust)
