"""Names of entities and secrets: what they look like, and how new ones are made."""

from __future__ import annotations

import secrets
from hashlib import sha256
from typing import Annotated, Final, Literal

from pydantic import StringConstraints

UNKNOWN: Final = "unknown"
"""Stands in the audit log for an account or ticket that does not exist; what was typed may be a secret."""

Prefix = Literal["acc", "ses", "mtg", "tkt"]

_BODY: Final = "[A-Za-z0-9_-]{22}"
AccountId = Annotated[str, StringConstraints(pattern=f"^acc_{_BODY}$")]
SessionId = Annotated[str, StringConstraints(pattern=f"^ses_{_BODY}$")]
MeetingId = Annotated[str, StringConstraints(pattern=f"^mtg_{_BODY}$")]
TicketId = Annotated[str, StringConstraints(pattern=f"^tkt_{_BODY}$")]
Token = Annotated[str, StringConstraints(pattern="^[A-Za-z0-9_-]{43}$")]
"""256 random bits, base64url without padding."""
Digest = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
"""SHA-256, hexadecimal."""
PublicKey = Annotated[str, StringConstraints(pattern="^[A-Za-z0-9_-]{43}$")]
"""An Ed25519 public key (RFC 8032), 32 bytes, base64url without padding."""


def fresh_id(prefix: Prefix) -> str:
    """A name that nobody has had: 128 random bits behind the kind of entity."""
    return f"{prefix}_{secrets.token_urlsafe(16)}"


def fresh_token() -> str:
    """A secret for its bearer: 256 random bits, base64url."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """What a server keeps of a token.  A token has 256 random bits, so a plain hash is enough."""
    return sha256(token.encode()).hexdigest()
