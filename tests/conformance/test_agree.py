"""Charts and specs agree; and a chart that is altered anywhere does not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import pytest
from statemachine import State
from typer.testing import CliRunner

from incamera_conformance.agree import Runs, agree, agree_all, differences, event_of, transitions
from incamera_conformance.bindings import BINDINGS
from incamera_conformance.cli import app
from incamera_conformance.graph import Graph
from incamera_conformance.scenes import Scenes, UnboundError, scenes_of
from incamera_conformance.situations import Local
from incamera_model import Chart
from incamera_model.chart import ENVIRONMENT

CHARTS = [(spec, variable) for spec, binding in BINDINGS.items() for variable in binding.charts]


@dataclass(frozen=True)
class Transition:
    event: str
    source: str
    target: str
    conditions: tuple[str, ...]


@dataclass(frozen=True)
class Blueprint:
    """A chart as data, so that an altered one can be built."""

    name: str
    initial: str
    states: tuple[str, ...]
    transitions: tuple[Transition, ...]
    guards: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]

    def build(self) -> type[Chart]:
        states = {name: State(initial=name == self.initial) for name in self.states}
        events: dict[str, Any] = {}
        for each in self.transitions:
            transition = states[each.source].to(states[each.target], cond=list(each.conditions) or None)
            events[each.event] = events[each.event] | transition if each.event in events else transition
        # An altered chart may have states that lead nowhere, or that nothing leads to.
        loose = {"validate_trap_states": False, "validate_disconnected_states": False}
        guards = {event: dict(listed) for event, listed in self.guards}
        made: type[Chart] = type(self.name, (Chart,), states | events | loose | {"guards": guards})
        return made


def blueprint(chart: type[Chart]) -> Blueprint:
    return Blueprint(
        name=chart.__name__,
        initial=chart.initial_state.id,
        states=tuple(state.id for state in chart.states),
        transitions=tuple(
            Transition(str(event), state.id, transition.target.id, tuple(str(spec.func) for spec in transition.cond))
            for state in chart.states
            for transition in state.transitions
            for event in transition.events
        ),
        guards=tuple((event, tuple(guards.items())) for event, guards in chart.guards.items()),
    )


def wrong_target(chart: Blueprint) -> Iterator[Blueprint]:
    for made in chart.transitions:
        for state in chart.states:
            if state != made.target:
                yield _with(chart, made, replace(made, target=state))


def missing_transition(chart: Blueprint) -> Iterator[Blueprint]:
    for made in chart.transitions:
        yield _with(chart, made)


def extra_transition(chart: Blueprint) -> Iterator[Blueprint]:
    """Between any two states, with the conditions that the event has elsewhere."""
    there = {(made.event, made.source, made.target) for made in chart.transitions}
    for event, guards in chart.guards:
        conditions = tuple(guard for guard, _ in guards if guard != "here")
        for source in chart.states:
            for target in chart.states:
                if (event, source, target) not in there:
                    extra = Transition(event, source, target, conditions)
                    yield replace(chart, transitions=(*chart.transitions, extra))


def dropped_condition(chart: Blueprint) -> Iterator[Blueprint]:
    for made in chart.transitions:
        for dropped in made.conditions:
            yield _with(chart, made, replace(made, conditions=tuple(c for c in made.conditions if c != dropped)))


def dropped_guard(chart: Blueprint) -> Iterator[Blueprint]:
    """From the list of guards and from the conditions alike."""
    for event, guards in chart.guards:
        for dropped, _ in guards:
            fewer = _guarded(chart, event, tuple(listed for listed in guards if listed[0] != dropped))
            yield replace(
                fewer,
                transitions=tuple(
                    replace(made, conditions=tuple(c for c in made.conditions if c != dropped))
                    if made.event == event
                    else made
                    for made in chart.transitions
                ),
            )


def swapped_guards(chart: Blueprint) -> Iterator[Blueprint]:
    for event, guards in chart.guards:
        for at, (one, two) in enumerate(pairwise(guards)):
            if one[1] != two[1]:  # guards of one rule may stand in any order
                yield _guarded(chart, event, (*guards[:at], two, one, *guards[at + 2 :]))


def wrong_rule(chart: Blueprint) -> Iterator[Blueprint]:
    for event, guards in chart.guards:
        for at, (guard, rule) in enumerate(guards):
            for other in {"AUTH-009", ENVIRONMENT, *(other for _, other in guards)} - {rule}:
                yield _guarded(chart, event, (*guards[:at], (guard, other), *guards[at + 1 :]))


def wrong_vocabulary(chart: Blueprint) -> Iterator[Blueprint]:
    for event, guards in chart.guards:
        yield replace(chart, guards=tuple(listed for listed in chart.guards if listed[0] != event))
        yield replace(chart, guards=(*chart.guards, (f"{event}_again", guards)))
        yield replace(chart, transitions=tuple(made for made in chart.transitions if made.event != event))
    anywhere = chart.transitions[0]
    yield replace(chart, transitions=(*chart.transitions, replace(anywhere, event="do_something_else")))


def wrong_states(chart: Blueprint) -> Iterator[Blueprint]:
    yield replace(chart, states=(*chart.states, "elsewhere"))
    for state in chart.states:
        if state != chart.initial:
            yield replace(chart, initial=state)


def _with(chart: Blueprint, old: Transition, *new: Transition) -> Blueprint:
    at = chart.transitions.index(old)
    return replace(chart, transitions=(*chart.transitions[:at], *new, *chart.transitions[at + 1 :]))


def _guarded(chart: Blueprint, event: str, guards: tuple[tuple[str, str], ...]) -> Blueprint:
    return replace(chart, guards=tuple((name, guards if name == event else listed) for name, listed in chart.guards))


ALTERATIONS = [
    wrong_target,
    missing_transition,
    extra_transition,
    dropped_condition,
    dropped_guard,
    swapped_guards,
    wrong_rule,
    wrong_vocabulary,
    wrong_states,
]


@pytest.fixture(scope="session")
def scenes(localities: dict[str, Local]) -> dict[str, Scenes]:
    return {spec: scenes_of(local, BINDINGS[spec]) for spec, local in localities.items()}


@pytest.fixture(scope="session")
def runs() -> Runs:
    """Shared, so that the charts that are as they should be run only once."""
    return Runs()


def test_every_chart_agrees_with_its_spec(graphs: dict[str, Graph]) -> None:
    agreements = agree_all(graphs)
    assert [agreement.name for agreement in agreements] == [
        "AccountChart",
        "SessionChart",
        "MeetingChart",
        "StandingChart",
        "RoomChart",
        "TicketChart",
    ]
    assert [agreement.differences for agreement in agreements] == [()] * 6


def test_what_is_compared_is_every_instance_in_every_state(scenes: dict[str, Scenes], graphs: dict[str, Graph]) -> None:
    for spec, found in scenes.items():
        assert sum(found.counts.values()) == len(graphs[spec].edges) + len(graphs[spec].refusals)


@pytest.mark.parametrize(("spec", "variable"), CHARTS)
def test_a_chart_built_from_its_blueprint_is_the_same(scenes: dict[str, Scenes], spec: str, variable: str) -> None:
    """Otherwise the alterations below would prove nothing."""
    chart = BINDINGS[spec].charts[variable]
    built = blueprint(chart).build()
    assert sorted(transitions(built)) == sorted(transitions(chart))
    assert all(not found.differences for found in agree(scenes[spec], BINDINGS[spec].replaced(variable, built)))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("spec", "variable", "alter"),
    [
        (spec, variable, alter)
        for spec, variable in CHARTS
        for alter in ALTERATIONS
        if any(alter(blueprint(BINDINGS[spec].charts[variable])))  # not every chart has conditions to drop
    ],
)
def test_no_alteration_goes_unnoticed(
    scenes: dict[str, Scenes], runs: Runs, spec: str, variable: str, alter: Any
) -> None:
    chart = BINDINGS[spec].charts[variable]
    unnoticed = []
    for altered in alter(blueprint(chart)):
        binding = BINDINGS[spec].replaced(variable, altered.build())
        found = next(differences(scenes[spec], binding, runs), None)
        if found is None:
            unnoticed.append(altered)
    assert unnoticed == []


def _told(scenes: dict[str, Scenes], spec: str, variable: str, altered: Blueprint) -> list[str]:
    agreements = agree(scenes[spec], BINDINGS[spec].replaced(variable, altered.build()))
    assert [agreement.name for agreement in agreements if agreement.differences] == [altered.name]
    (told,) = (agreement.differences for agreement in agreements if agreement.differences)
    return list(told)


def test_a_difference_is_told_with_the_rule_and_an_example(scenes: dict[str, Scenes]) -> None:
    account = blueprint(BINDINGS["Auth"].charts["account"])
    lax = replace(account, transitions=(*account.transitions, Transition("log_in", "locked", "active", ())))
    told = _told(scenes, "Auth", "account", lax)
    assert told[0] == "log_in from locked to active: Auth never takes this transition"
    said = (
        "log_in in locked if not last_try: Auth refuses it by AUTH-001, the chart takes it (such as LogIn(ann, s1) in "
    )
    assert any(text.startswith(said) for text in told)


def test_the_chart_to_blame_is_named(scenes: dict[str, Scenes]) -> None:
    """LogIn asks the account first; if the session then is the one to tell another rule, it is the session's."""
    session = blueprint(BINDINGS["Auth"].charts["session"])
    told = _told(scenes, "Auth", "session", _guarded(session, "log_in", (("here", "AUTH-005"),)))
    assert told[0] == "log_in: Auth never refuses it by AUTH-005, which stands at the guard here"
    assert "log_in in closed: Auth refuses it by environment, the first chart that refuses by AUTH-005 (such" in told[1]


def test_a_slot_that_moves_although_its_chart_takes_no_part(localities: dict[str, Local]) -> None:
    binding = BINDINGS["Auth"]
    alone = replace(binding, parts={**binding.parts, "LogIn": ("account[a]",)})
    found = {agreement.name: agreement.differences for agreement in agree(scenes_of(localities["Auth"], alone), alone)}
    assert any(
        told.startswith("it takes no part in log_in, and yet Auth changes session") for told in found["SessionChart"]
    )


def test_an_action_without_charts(localities: dict[str, Local]) -> None:
    binding = BINDINGS["Auth"]
    parts = {action: charts for action, charts in binding.parts.items() if action != "Unlock"}
    with pytest.raises(UnboundError, match="no charts are bound to Unlock"):
        scenes_of(localities["Auth"], replace(binding, parts=parts))


def test_a_spec_without_charts(graphs: dict[str, Graph]) -> None:
    with pytest.raises(UnboundError, match="Floor"):
        agree_all({"Floor": graphs["Auth"]})


def test_an_event_is_its_action_in_snake_case() -> None:
    assert [event_of(action) for action in ("Knock", "LogIn", "ReturnToRoom")] == ["knock", "log_in", "return_to_room"]


def test_the_command() -> None:
    result = CliRunner().invoke(app, ["agree", "--json"])
    assert result.exit_code == 0
    charts = json.loads(result.stdout)["charts"]
    assert {chart["name"] for chart in charts} == {
        BINDINGS[spec].charts[variable].__name__ for spec, variable in CHARTS
    }
    assert all(chart["comparisons"] > 0 and chart["differences"] == 0 and chart["details"] == [] for chart in charts)
