"""The rules by which requests are refused, as they appear on the wire.

The specification decides which rule refuses what; the sentences are the specification's (a test compares them).  Here
stands only what HTTP adds: the status.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Rule:
    """A requirement by its id, its sentence, and the HTTP status of a refusal by it."""

    id: str
    status: int
    sentence: str


RULES: Final = {
    rule.id: rule
    for rule in (
        Rule(
            "AUTH-001",
            401,
            "A log-in is refused in one and the same way whether the account is unknown, locked or the passphrase is "
            "wrong.",
        ),
        Rule("AUTH-004", 409, "An account's name is given only once."),
        Rule("AUTH-005", 401, "Only a live session acts; one that is unknown, closed or expired is refused."),
        Rule("MTG-001", 404, "A meeting is unknown to whoever is not invited to it."),
        Rule("MTG-002", 403, "Only the organizer runs a meeting: invites, opens, admits, refuses and ends."),
        Rule("MTG-003", 409, "People come in only while the meeting is open."),
        Rule("MTG-004", 409, "An ended meeting is final."),
        Rule("MTG-005", 409, "A person is invited to a meeting only once."),
        Rule("MTG-006", 409, "A meeting is opened only once."),
        Rule("MTG-007", 409, "Who waits, was admitted or was refused does not knock again."),
        Rule("MTG-008", 409, "Only a person who waits in the lobby is admitted or refused."),
        Rule("MTG-009", 409, "Only a person who waits or was admitted can leave."),
        Rule("MTG-010", 403, "A ticket is given only to the organizer and to people who were admitted."),
        Rule("CONF-001", 409, "A ticket is granted only for a room that is open."),
        Rule("CONF-002", 403, "A ticket opens the door once, and only while it is valid."),
        Rule("CONF-003", 403, "A ticket opens only the room of the meeting that it was granted for."),
        Rule(
            "CONF-004",
            403,
            "A ticket opens only for the person that it was granted to, who proves it with their key.",
        ),
        Rule("CONF-005", 409, "Nobody enters a room that is not open."),
        Rule("CONF-006", 403, "Only a person whose connection was lost returns, and only within the grace time."),
    )
}
"""Every rule that can refuse a request, by id."""
