"""What a chart promises whatever its states are; that they are the right ones is shown by the agreement check."""

from __future__ import annotations

from dataclasses import fields

import pytest

from incamera_model import (
    ENVIRONMENT,
    AccountChart,
    AccountFacts,
    Chart,
    MeetingChart,
    MeetingFacts,
    Refused,
    RoomChart,
    SessionChart,
    StandingChart,
    TicketChart,
    TicketFacts,
)

ALL_HOLD = {
    AccountChart: AccountFacts(last_try=True),
    MeetingChart: MeetingFacts(related=True, organizes=True, not_ended=True, is_open=True),
    RoomChart: None,
    SessionChart: None,
    StandingChart: MeetingFacts(related=True, organizes=True, not_ended=True, is_open=True),
    TicketChart: TicketFacts(room_open=True, room_closed=True),
}
CHARTS = list(ALL_HOLD)


@pytest.mark.parametrize("chart", CHARTS)
def test_every_event_has_its_guards(chart: type[Chart]) -> None:
    events = {
        str(event.id) for state in chart.states for transition in state.transitions for event in transition.events
    }
    assert events == set(chart.guards)


@pytest.mark.parametrize("chart", CHARTS)
def test_a_disabled_event_is_refused_and_changes_nothing(chart: type[Chart]) -> None:
    refused = 0
    for state in chart.states:
        for event in chart.guards:
            machine = chart(str(state.id), ALL_HOLD[chart])
            try:
                machine.take(event)
            except Refused as refusal:
                refused += 1
                assert machine.state == state.id
                assert refusal.rule in chart.guards[event].values()  # noqa: PT017
    assert refused > 0


def test_the_first_guard_that_fails_tells_the_rule() -> None:
    def rule(state: str, **facts: bool) -> str:
        told = {field.name: True for field in fields(MeetingFacts)} | facts
        with pytest.raises(Refused) as refusal:
            StandingChart(state, MeetingFacts(**told)).take("admit")
        return refusal.value.rule

    assert rule("invited", related=False, organizes=False, not_ended=False) == "MTG-001"
    assert rule("invited", organizes=False, not_ended=False) == "MTG-002"
    assert rule("invited", not_ended=False) == "MTG-004"
    assert rule("invited") == "MTG-008"


def test_what_nobody_asked_for_is_refused_by_the_environment() -> None:
    with pytest.raises(Refused) as refusal:
        SessionChart("closed").take("expire_session")
    assert refusal.value.rule == ENVIRONMENT


def test_an_account_locks_at_the_last_try() -> None:
    assert AccountChart("active", AccountFacts(last_try=False)).take("fail_log_in") == "active"
    assert AccountChart("active", AccountFacts(last_try=True)).take("fail_log_in") == "locked"


def test_a_chart_is_not_put_into_a_state_that_it_does_not_have() -> None:
    with pytest.raises(Exception, match="nonsense"):
        TicketChart("nonsense", TicketFacts(room_open=True, room_closed=False))
