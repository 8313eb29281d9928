"""The tables and numbers of the protocol document are the code's."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from starlette.routing import Route

from incamera.tmms.api import router
from incamera.wire import limits
from incamera.wire.control import ClientMessage, CloseCode, ServerMessage
from incamera.wire.rules import RULES

PROTOCOL = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text(encoding="utf-8")
SPAN = re.compile(r"`([^`\n]+)`")


def table(heading: str) -> list[list[str]]:
    """The cells of the table whose heading has this line, without the heading."""
    lines = PROTOCOL[PROTOCOL.index(heading) :].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_protocol_has_every_route() -> None:
    told = {row[0].strip("`") for row in table("| request | body | answer | action |")}
    coded = {
        f"{method} {route.path}"
        for route in router.routes
        if isinstance(route, Route)
        for method in route.methods or ()
    }

    assert told == coded


def test_the_protocol_has_every_rule_with_its_status() -> None:
    cells = [cell for row in table("| rule | status |") for cell in row if cell]
    told = dict(zip(cells[::2], map(int, cells[1::2]), strict=True))

    assert told == {rule.id: rule.status for rule in RULES.values()}


def test_the_protocol_has_every_close_code() -> None:
    assert {row[1]: int(row[0]) for row in table("| code | name |")} == {code.name: code.value for code in CloseCode}


def test_the_protocol_has_every_control_message_with_its_members() -> None:
    told = {(row[0], row[1].strip("`"), frozenset(SPAN.findall(row[2]))) for row in table("| from | `type` |")}
    coded = {
        (side, message.model_fields["type"].default, frozenset(message.model_fields) - {"type"})
        for side, union in (("client", ClientMessage), ("server", ServerMessage))
        for message in get_args(get_args(union)[0])
    }

    assert told == coded


def test_the_protocol_has_the_numbers_of_the_code() -> None:
    numbers = [
        f"After {limits.MAX_FAIL}† wrong",
        f"{limits.LOCK_TIME.seconds // 60} minutes†",
        f"{limits.SESSION_TIME.seconds // 3600} hours†",
        f"names {limits.NAME_CHARS}†",
        f"titles {limits.TITLE_CHARS}†",
        f"passphrases {limits.PASSPHRASE_MAX_CHARS:,}†",
        f"at least {limits.PASSPHRASE_MIN_CHARS}†",
        f"{limits.TICKET_TIME.seconds} seconds†",
        f"{limits.GRACE_TIME.seconds} seconds†",
        f"{limits.DOOR_TIME.seconds} seconds†",
        f"{limits.CONTROL_MESSAGE_BYTES:,}†",
        f"{limits.CHAT_CHARS:,}† characters",
        f"{limits.SEATS_IN_ROOM}† seats",
        f"{limits.TRACKS_OF_SEAT}† tracks",
        f"{limits.MEDIA_DATAGRAM_BYTES:,}† bytes",
    ]
    told = " ".join(PROTOCOL.split())

    assert [number for number in numbers if number not in told] == []
    assert told.count("†") - 1 == len(numbers)
