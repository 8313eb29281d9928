"""Where one person is with regard to one meeting (Meeting.tla, `standing`)."""

from __future__ import annotations

from statemachine import State

from incamera_model.chart import ENVIRONMENT, HERE, Chart, Guards, facts_of

_INVITING: Guards = {"related": "MTG-001", "organizes": "MTG-002", "not_ended": "MTG-004", HERE: "MTG-005"}
_KNOCKING: Guards = {"related": "MTG-001", "not_ended": "MTG-004", "is_open": "MTG-003", HERE: "MTG-007"}
_DECIDING: Guards = {"related": "MTG-001", "organizes": "MTG-002", "not_ended": "MTG-004", HERE: "MTG-008"}
_LEAVING: Guards = {"related": "MTG-001", "not_ended": "MTG-004", HERE: "MTG-009"}
_TAKING: Guards = {"related": "MTG-001", "not_ended": "MTG-004", "is_open": "MTG-003", HERE: "MTG-010"}


class StandingChart(Chart):
    """outsider → invited → knocking → admitted, refused or left; or organizing from the start.

    Its facts are `incamera_model.meeting.MeetingFacts`; the actor is whoever acts, which for admitting is not the
    person whose standing changes.
    """

    outsider = State(initial=True)
    invited = State()
    knocking = State()
    admitted = State()
    refused = State(final=True)
    left = State()
    organizing = State()

    schedule_meeting = outsider.to(organizing)
    invite = outsider.to(invited, cond=facts_of(_INVITING))
    knock = invited.to(knocking, cond=facts_of(_KNOCKING)) | left.to(knocking, cond=facts_of(_KNOCKING))
    admit = knocking.to(admitted, cond=facts_of(_DECIDING))
    refuse = knocking.to(refused, cond=facts_of(_DECIDING))
    leave = knocking.to(left, cond=facts_of(_LEAVING)) | admitted.to(left, cond=facts_of(_LEAVING))
    take_ticket = organizing.to(organizing, cond=facts_of(_TAKING)) | admitted.to(admitted, cond=facts_of(_TAKING))

    guards = {
        "schedule_meeting": {HERE: ENVIRONMENT},
        "invite": _INVITING,
        "knock": _KNOCKING,
        "admit": _DECIDING,
        "refuse": _DECIDING,
        "leave": _LEAVING,
        "take_ticket": _TAKING,
    }
