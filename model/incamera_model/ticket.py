"""A ticket's life, and with it its seat's (Conference.tla, `ticket`)."""

from __future__ import annotations

from dataclasses import dataclass

from statemachine import State

from incamera_model.chart import ENVIRONMENT, HERE, Chart, Guards, facts_of


@dataclass(frozen=True, slots=True)
class TicketFacts:
    """What the door knows when a ticket is shown.

    `same_room`: it was granted for this room; `same_person`: the bearer holds the key to which it is bound; `room_open`
    and `room_closed` are about the room at whose door it is shown.
    """

    room_open: bool
    room_closed: bool
    same_room: bool = True
    same_person: bool = True


_GRANTING: Guards = {"room_open": "CONF-001", HERE: ENVIRONMENT}
_ENTERING: Guards = {HERE: "CONF-002", "same_room": "CONF-003", "same_person": "CONF-004", "room_open": "CONF-005"}
_RETURNING: Guards = {HERE: "CONF-006", "same_room": "CONF-003", "same_person": "CONF-004", "room_open": "CONF-005"}
_CLEARING: Guards = {"room_closed": ENVIRONMENT, HERE: ENVIRONMENT}


class TicketChart(Chart):
    """none → granted → present ⇄ dropped → left; a ticket that is not used expires."""

    none = State(initial=True)
    granted = State()
    expired = State(final=True)
    present = State()
    dropped = State()
    left = State(final=True)

    grant = none.to(granted, cond=facts_of(_GRANTING))
    expire_ticket = granted.to(expired)
    enter_room = granted.to(present, cond=facts_of(_ENTERING))
    drop = present.to(dropped)
    return_to_room = dropped.to(present, cond=facts_of(_RETURNING))
    leave_room = present.to(left)
    lapse = dropped.to(left)
    clear = present.to(left, cond=facts_of(_CLEARING)) | dropped.to(left, cond=facts_of(_CLEARING))
    dismiss = granted.to(left) | present.to(left) | dropped.to(left)

    guards = {
        "grant": _GRANTING,
        "expire_ticket": {HERE: ENVIRONMENT},
        "enter_room": _ENTERING,
        "drop": {HERE: ENVIRONMENT},
        "return_to_room": _RETURNING,
        "leave_room": {HERE: ENVIRONMENT},
        "lapse": {HERE: ENVIRONMENT},
        "clear": _CLEARING,
        "dismiss": {HERE: ENVIRONMENT},
    }
