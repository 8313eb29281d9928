"""The bodies of the TMMS HTTP API.  One class a message; unknown members are refused."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from incamera.wire import limits
from incamera.wire.ids import AccountId, MeetingId, PublicKey, TicketId, Token

_PRINTABLE = r"^[^\x00-\x1f\x7f]+$"
_UNSEEN: Final = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn"})
# The code points that are default-ignorable (DerivedCoreProperties.txt) without being of such a category.
_IGNORABLE: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
)


def _visible(text: str) -> str:
    """Refuse what is not seen: it would make different names look the same, or a terminal do what it says."""
    if _IGNORABLE.search(text) or any(unicodedata.category(character) in _UNSEEN for character in text):
        raise ValueError("it has characters that are not seen")
    return text


def _whole(secret: SecretStr) -> SecretStr:
    """Refuse half a character (a lone surrogate), which JSON can say and UTF-8 cannot."""
    try:
        secret.get_secret_value().encode()
    except UnicodeEncodeError:
        raise ValueError("it has half a character") from None
    return secret


Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=limits.NAME_CHARS, pattern=_PRINTABLE),
    AfterValidator(_visible),
]
Title = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=limits.TITLE_CHARS, pattern=_PRINTABLE),
    AfterValidator(_visible),
]
Passphrase = Annotated[SecretStr, Field(min_length=1, max_length=limits.PASSPHRASE_MAX_CHARS), AfterValidator(_whole)]
Phase = Literal["scheduled", "open", "ended"]
Standing = Literal["outsider", "invited", "knocking", "admitted", "refused", "left", "organizing"]


class Message(BaseModel):
    """Frozen, and exactly the members that are declared."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class LogIn(Message):
    """`POST /tmms/v1/log-in`"""

    name: Name
    passphrase: Passphrase


class SessionIssued(Message):
    """The answer to a log-in; `token` is told only here and goes into `Authorization: Bearer`."""

    token: Token
    account: AccountId
    name: Name
    expires_at: datetime


class SessionView(Message):
    """`GET /tmms/v1/session`"""

    account: AccountId
    name: Name
    expires_at: datetime


class ScheduleMeeting(Message):
    """`POST /tmms/v1/meetings`; `invite` has names of accounts; without `starts_at` it starts now."""

    title: Title
    invite: Annotated[tuple[Name, ...], Field(max_length=limits.INVITED_AT_ONCE)] = ()
    starts_at: AwareDatetime | None = None


class Invite(Message):
    """`POST /tmms/v1/meetings/{m}/invite`"""

    name: Name


class PersonView(Message):
    """A person with regard to a meeting."""

    person: AccountId
    name: Name
    standing: Standing


class MeetingView(Message):
    """A meeting as one person may see it; `people` is everybody for the organizer, else only organizer and reader."""

    meeting: MeetingId
    title: Title
    phase: Phase
    starts_at: datetime
    expires_at: datetime
    you: PersonView
    people: tuple[PersonView, ...]
    version: int
    """Grows with every change of the meeting; `GET …?after=VERSION` waits for the next one."""


class MeetingList(Message):
    """`GET /tmms/v1/meetings`: the meetings in which one organizes or is invited, newest first."""

    meetings: tuple[MeetingView, ...]


class TakeTicket(Message):
    """`POST /tmms/v1/meetings/{m}/take-ticket`: the public key to which the ticket is bound."""

    key: PublicKey


class TicketIssued(Message):
    """The answer: `token` is shown once at `path` of the TCS, before `expires_at`."""

    ticket: TicketId
    token: Token
    path: str
    expires_at: datetime
