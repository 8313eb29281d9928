"""What TMMS and TCS say to each other.  They know each other only through these messages.

Every message is idempotent: said twice, the second answer is the first.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Protocol

from pydantic import Field

from incamera.wire.api import Message, Name
from incamera.wire.ids import AccountId, Digest, MeetingId, PublicKey, TicketId


class OpenRoom(Message):
    """The meeting is open."""

    type: Literal["open-room"] = "open-room"
    meeting: MeetingId


class CloseRoom(Message):
    """The meeting has ended; whoever is in its room is put out."""

    type: Literal["close-room"] = "close-room"
    meeting: MeetingId


class Grant(Message):
    """A person took a ticket.  `digest` is that of the token they will show; `key` is what they will prove to hold."""

    type: Literal["grant"] = "grant"
    meeting: MeetingId
    person: AccountId
    name: Name
    ticket: TicketId
    digest: Digest
    key: PublicKey
    expires_at: datetime


class Dismiss(Message):
    """A person left the meeting; their seats and unused tickets are taken back."""

    type: Literal["dismiss"] = "dismiss"
    meeting: MeetingId
    person: AccountId


LinkMessage = Annotated[OpenRoom | CloseRoom | Grant | Dismiss, Field(discriminator="type")]


class LinkRefused(Exception):
    """The other side refuses the message by the rule `rule`."""

    def __init__(self, rule: str) -> None:
        super().__init__(f"refused by {rule}")
        self.rule = rule


class Link(Protocol):
    """The TMMS's way to the TCS."""

    async def tell(self, message: OpenRoom | CloseRoom | Grant | Dismiss) -> None:
        """Return when the TCS has made it durable; raises `LinkRefused`."""
        ...
