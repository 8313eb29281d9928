"""A request and its response, whichever version of HTTP carries them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any, Protocol

Headers = list[tuple[bytes, bytes]]
"""Lower-case names, in the order of the message."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a server knows of a request before its body."""

    http_version: str
    """"3" or "1.1", as ASGI writes them."""
    method: str
    target: bytes
    """The path with its query, still percent-encoded."""
    headers: Headers
    client: tuple[str, int]
    server: tuple[str, int]

    def header(self, name: bytes) -> bytes | None:
        """The first value of a field."""
        return next((value for known, value in self.headers if known == name), None)

    @property
    def content_length(self) -> int | None:
        """As the client declares it; ``ValueError`` if that is no number."""
        value = self.header(b"content-length")
        if value is None:
            return None
        if not value.isdigit():
            raise ValueError("content-length")
        return int(value)


class Exchange(Protocol):
    """One request being answered."""

    @property
    def request(self) -> Request: ...

    async def receive(self) -> bytes:
        """The next piece of the body, ``b""`` at its end. Raises a `TransportError` if the client has gone."""

    async def wait_gone(self) -> None:
        """Return when the client has given up."""

    async def start(self, status: int, headers: Headers, *, end: bool) -> None:
        """Send the status and the header section; ``end`` if there is no body.

        Raises a `TransportError` if the client has gone.
        """

    async def send(self, data: bytes, *, end: bool) -> None:
        """Send a piece of the body, with back-pressure. Raises a `TransportError` if the client has gone."""

    def abort(self) -> None:
        """Make plain to the client that the response is not whole."""


@dataclass(frozen=True, slots=True)
class Response:
    """What a client got.

    Names of headers are in lower case; repeated ones are joined with ``", "`` (RFC 9110 section 5.3).
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    def json(self) -> Any:
        """The body as JSON; ``ValueError`` if it is none."""
        return json.loads(self.body)


def header_bytes(headers: Headers) -> int:
    """A header section's size as RFC 9114 section 4.2.2 counts it."""
    return sum(len(name) + len(value) + 32 for name, value in headers)


def dated(headers: Headers) -> Headers:
    """The headers of a response, with the date that a server with a clock has to give (RFC 9110 section 6.6.1)."""
    if any(name == b"date" for name, _ in headers):
        return headers
    return [*headers, (b"date", formatdate(usegmt=True).encode())]


def joined(headers: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers as text, repeated ones joined, pseudo-headers left out."""
    result: dict[str, str] = {}
    for raw_name, raw_value in headers:
        if raw_name.startswith(b":"):
            continue
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        result[name] = f"{result[name]}, {value}" if name in result else value
    return result
