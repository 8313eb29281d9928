"""Capsules: messages on the stream of a WebTransport session (RFC 9297 section 3.2).

Browsers send them as the plain content of the CONNECT request, some of unknown types first to keep us honest; those
are skipped without being kept, whatever their length.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from . import limits
from ._aioquic import Buffer, BufferReadError, encode_uint_var

CLOSE_WEBTRANSPORT_SESSION = 0x2843
DRAIN_WEBTRANSPORT_SESSION = 0x78AE


class CapsuleError(Exception):
    """A capsule we understand is malformed, or the stream ended within one."""


@dataclass(frozen=True, slots=True)
class Close:
    """CLOSE_WEBTRANSPORT_SESSION: a 32-bit code and up to 1,024 bytes of UTF-8 (draft-ietf-webtrans-http3, 6)."""

    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class Drain:
    """DRAIN_WEBTRANSPORT_SESSION: the peer would like the session to end soon."""


def encode_close(code: int, reason: str) -> bytes:
    """A close capsule. A longer reason is cut at a character; a code beyond 32 bits is ``ValueError``."""
    if not 0 <= code < 1 << 32:
        raise ValueError("A session's close code has 32 bits.")
    text = reason.encode()[: limits.CLOSE_REASON_CAPSULE].decode(errors="ignore").encode()
    value = code.to_bytes(4, "big") + text
    return encode_uint_var(CLOSE_WEBTRANSPORT_SESSION) + encode_uint_var(len(value)) + value


class CapsuleParser:
    """Feed it what arrives, in any pieces; it yields the capsules that concern a session."""

    def __init__(self) -> None:
        self._rest = b""
        self._skip = 0

    def feed(self, data: bytes) -> Iterator[Close | Drain]:
        """Raises `CapsuleError`."""
        # One buffer for all of it: a peer may send capsules of two bytes, as many as it likes.
        data = self._rest + data
        buffer = Buffer(data=data)
        done = 0
        try:
            while done < len(data):
                buffer.seek(done)
                if self._skip:
                    skipped = min(self._skip, len(data) - done)
                    done += skipped
                    self._skip -= skipped
                    continue
                try:
                    kind, length = buffer.pull_uint_var(), buffer.pull_uint_var()
                except BufferReadError:
                    return
                if kind not in (CLOSE_WEBTRANSPORT_SESSION, DRAIN_WEBTRANSPORT_SESSION):
                    done, self._skip = buffer.tell(), length
                    continue
                if length > 4 + limits.CLOSE_REASON_CAPSULE:
                    raise CapsuleError("The capsule is too long.")
                start = buffer.tell()
                if len(data) < start + length:
                    return
                done = start + length
                yield _decode(kind, data[start:done])
        finally:
            self._rest = data[done:]

    def finish(self) -> None:
        """The stream has ended. Raises `CapsuleError` if it did within a capsule."""
        if self._rest or self._skip:
            raise CapsuleError("The stream ended within a capsule.")


def _decode(kind: int, value: bytes) -> Close | Drain:
    if kind == DRAIN_WEBTRANSPORT_SESSION:
        if value:
            raise CapsuleError("A drain capsule has no content.")
        return Drain()
    if len(value) < 4:
        raise CapsuleError("A close capsule has a code of four bytes.")
    try:
        return Close(int.from_bytes(value[:4], "big"), value[4:].decode())
    except UnicodeDecodeError as error:
        raise CapsuleError("The reason of a close capsule is UTF-8.") from error
