"""A meeting's life (Meeting.tla, `phase`)."""

from __future__ import annotations

from dataclasses import dataclass

from statemachine import State

from incamera_model.chart import ENVIRONMENT, HERE, Chart, Guards, facts_of


@dataclass(frozen=True, slots=True)
class MeetingFacts:
    """What one act's actor and meeting are, for the charts of the meeting and of the standing.

    `related`: the actor is not an outsider; `organizes`: the actor is this meeting's organizer; `not_ended` and
    `is_open` are about the meeting's phase.
    """

    related: bool
    organizes: bool
    not_ended: bool
    is_open: bool


_OPENING: Guards = {"related": "MTG-001", "organizes": "MTG-002", "not_ended": "MTG-004", HERE: "MTG-006"}
_ENDING: Guards = {"related": "MTG-001", "organizes": "MTG-002", HERE: "MTG-004"}


class MeetingChart(Chart):
    """absent → scheduled → open → ended."""

    absent = State(initial=True)
    scheduled = State()
    open = State()
    ended = State(final=True)

    schedule_meeting = absent.to(scheduled)
    open_meeting = scheduled.to(open, cond=facts_of(_OPENING))
    end_meeting = scheduled.to(ended, cond=facts_of(_ENDING)) | open.to(ended, cond=facts_of(_ENDING))
    expire_meeting = scheduled.to(ended) | open.to(ended)

    guards = {
        "schedule_meeting": {HERE: ENVIRONMENT},
        "open_meeting": _OPENING,
        "end_meeting": _ENDING,
        "expire_meeting": {HERE: ENVIRONMENT},
    }
