"""What all charts share: ordered guards, each with the rule by which its failure is refused.

A chart is one entity's life as python-statemachine runs it.  The specification tells a refusal by the *first* guard
that does not hold, in the order in which the guards stand in the action.  So a chart lists, for every event, the same
guards in the same order, and says with which rule each is refused; `incamera-conformance agree` compares both
exhaustively.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from statemachine import StateChart
from statemachine.exceptions import TransitionNotAllowed

HERE = "here"
"""The guard that the chart's own state is a source of the event."""

ENVIRONMENT = "environment"
"""Stands for a rule where a guard cannot fail by anybody's request: fresh names, deadlines, the network."""

Guards = Mapping[str, str]
"""Fact name, or `HERE`, to rule id; in the order of the specification."""


class Refused(Exception):
    """The chart does not allow the event in this state; nothing has changed.

    `rule` is the requirement id of the first guard that does not hold, or `ENVIRONMENT`.
    """

    def __init__(self, event: str, rule: str) -> None:
        super().__init__(f"{event} is refused by {rule}")
        self.event = event
        self.rule = rule


class Chart(StateChart[Any]):
    """One entity's statechart, put into a state, told the facts about its surroundings, and sent one event."""

    allow_event_without_transition = False
    catch_errors_as_events = False
    validate_final_reachability = False  # an organizer's standing lasts as long as the meeting

    guards: ClassVar[Mapping[str, Guards]] = {}
    """For every event its guards in order; an event that stands here is the whole vocabulary of the chart."""

    def __init__(self, state: str, facts: object = None) -> None:
        """Put the chart into `state`; `facts` has one boolean attribute for every fact that the guards name."""
        self.facts = facts
        super().__init__(start_value=state, listeners=[] if facts is None else [facts])

    @property
    def state(self) -> str:
        """The id of the one active state."""
        (active,) = self.configuration
        return str(active.id)

    def take(self, event: str) -> str:
        """Send `event` and return the new state; raises `Refused`, leaving the state as it was."""
        try:
            self.send(event)
        except TransitionNotAllowed:
            raise Refused(event, self._why(event)) from None
        return self.state

    def _why(self, event: str) -> str:
        for guard, rule in self.guards[event].items():
            holds = self.state in _sources(type(self), event) if guard == HERE else getattr(self.facts, guard)
            if not holds:
                return rule
        return ENVIRONMENT


def _sources(chart: type[Chart], event: str) -> set[str]:
    return {str(state.id) for state in chart.states for transition in state.transitions if transition.match(event)}


def facts_of(guards: Guards) -> list[str]:
    """The conditions of a transition with these guards: every fact, without the chart's own state."""
    return [guard for guard in guards if guard != HERE]
