"""How a case speaks: names of steps, titles and ids, all from the specification's own words."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .classes import Situation
from .slots import pairs

REASONS: Mapping[str, str] = {
    "AUTH-001": "the account is unknown, locked or the passphrase is wrong",
    "AUTH-004": "the name is given already",
    "AUTH-005": "the session is not live",
    "MTG-001": "whoever asks is not invited to the meeting",
    "MTG-002": "whoever asks is not the organizer",
    "MTG-003": "the meeting is not open",
    "MTG-004": "the meeting has ended",
    "MTG-005": "the person was invited before",
    "MTG-006": "the meeting was opened before",
    "MTG-007": "the person waits, was admitted or was refused",
    "MTG-008": "the person does not wait in the lobby",
    "MTG-009": "the person neither waits nor was admitted",
    "MTG-010": "the person was not admitted",
    "CONF-002": "the ticket is not valid",
    "CONF-003": "the ticket was granted for another room",
    "CONF-004": "the ticket was granted to another person",
    "CONF-005": "the room is not open",
    "CONF-006": "the ticket's seat is not one whose connection was lost",
}
"""For every rule that refuses a request, the other side of its sentence: when it refuses."""


def kebab(name: str) -> str:
    """`LogIn` as a step says it: `log-in`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()


def kind(name: str) -> str:
    """A constant set of entities as `given` names it: `Meetings` → `meetings`."""
    return kebab(name)


def circumstances(situation: Situation, params: Mapping[str, str]) -> list[str]:
    """A situation in words, one for each slot and each unusual pattern: `meeting open`, `host invited`.

    `params` maps the action's parameters to their sets.
    """
    said = [
        f"{slot.variable if isinstance(value, int) else _noun(slot.params[-1], params)} {value}"
        for slot, value in zip(situation.slots, situation.values, strict=True)
    ]
    for (one, two), same in zip(pairs(params), situation.equal, strict=True):
        if len(one) > 1 or len(two) > 1:
            said += [f"{_noun(two, params)} is {_noun(one, params)}"] if same else []
        elif not same:
            said.append(f"other {_singular(params[two])}")
    return said


def _noun(param: str, params: Mapping[str, str]) -> str:
    return param if len(param) > 1 else _singular(params[param])


def _singular(name: str) -> str:
    return {"people": "person"}.get(kind(name), kind(name).removesuffix("s"))
