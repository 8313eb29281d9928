"""Agreement: every statechart compared with its specification, in every state and for every action.

The servers execute the charts.  So the charts must do exactly what the specification says, and this module is what the
word "exactly" rests on.  In every scene of a spec (see `scenes`) the charts that take part are put into their states,
told the facts and sent the event:

- the action happens ⇔ every one of these charts takes the event, each to what its slot holds afterwards;
- the action is refused by a rule ⇔ the first of these charts that refuses tells that rule;
- no slot of a chart that takes no part changes.

With that alone a chart could say more than its specification.  Therefore also:

- its states are the values of its slots, and it begins where they begin;
- its events, and those of its `guards`, are the actions in which it takes part, in snake case;
- the specification takes every transition, and tells every rule of the guards;
- where it takes an event, it would refuse it if any one of the facts did not hold that its guards name: conditions and
  guards are two statements of one thing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from incamera_model import Chart, Refused
from incamera_model.chart import HERE

from .bindings import BINDINGS, Binding
from .graph import Graph
from .scenes import Ask, Scene, Scenes, UnboundError, scenes_of
from .situations import Local, situations
from .slots import slot

ChartType = type[Chart]
Told = tuple[bool, str]
"""A chart's answer to an event: True and its new state, or False and the rule by which it refuses."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing in which a chart is not its specification; `text` is a line for people."""

    chart: str
    text: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often a chart was compared, once for each state and instance in which it takes part, and what differs."""

    name: str
    comparisons: int
    differences: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "comparisons": self.comparisons,
            "differences": len(self.differences),
            "details": list(self.differences),
        }


class Runs:
    """Runs charts, each with the same state, event and facts only once."""

    def __init__(self) -> None:
        self._told: dict[tuple[ChartType, str, str, object], Told] = {}

    def __call__(self, chart: ChartType, state: str, event: str, facts: object) -> Told:
        """Put the chart into `state`, tell it the facts, send the event."""
        key = (chart, state, event, facts)
        if key not in self._told:
            try:
                self._told[key] = True, chart(state, facts).take(event)
            except Refused as refused:
                self._told[key] = False, refused.rule
        return self._told[key]


def agree_all(graphs: Mapping[str, Graph]) -> list[Agreement]:
    """Compare all charts with the specs whose graphs are given.  Raises `UnboundError` for a spec without charts."""
    found: list[Agreement] = []
    for spec, graph in graphs.items():
        if spec not in BINDINGS:
            raise UnboundError(f"{spec}: no charts are bound to this spec")
        found += agree(scenes_of(situations(graph), BINDINGS[spec]), BINDINGS[spec])
    return found


def agree(scenes: Scenes, binding: Binding) -> tuple[Agreement, ...]:
    """Compare all charts of one spec with it."""
    found: dict[str, dict[str, None]] = {}
    for difference in differences(scenes, binding, Runs()):
        found.setdefault(difference.chart, {})[difference.text] = None
    return tuple(
        Agreement(
            name=chart.__name__,
            comparisons=sum(
                count for scene, count in scenes.counts.items() if variable in {ask.variable for ask in scene.asks}
            ),
            differences=tuple(found.get(chart.__name__, ())),
        )
        for variable, chart in binding.charts.items()
    )


def differences(scenes: Scenes, binding: Binding, run: Runs) -> Iterator[Difference]:
    """Everything in which a chart is not what the spec says, as it is found: first what can be read off the chart."""
    for variable, chart in binding.charts.items():
        for text in (
            *_states(scenes.local, variable, chart),
            *_vocabulary(scenes.local.spec, binding, variable, chart),
            *_surplus(scenes, variable, chart),
        ):
            yield Difference(chart.__name__, text)
    for scene in scenes.counts:
        for variable, text in _scene(scene, scenes, binding, run):
            yield Difference(binding.charts[variable].__name__, text)
    for variable, chart in binding.charts.items():
        for text in _guards(scenes, variable, chart, run):
            yield Difference(chart.__name__, text)


def event_of(action: str) -> str:
    """`EnterRoom` → `enter_room`"""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", action).lower()


def transitions(chart: ChartType) -> list[tuple[str, str, str]]:
    """Every transition of a chart as (event, source, target)."""
    return [
        (str(event), str(state.id), str(transition.target.id))
        for state in chart.states
        for transition in state.transitions
        for event in transition.events
    ]


def _states(local: Local, variable: str, chart: ChartType) -> Iterator[str]:
    values = {str(local.initial[variable])}
    for case in local.cases:
        for at, involved in enumerate(case.slots):
            if involved.variable == variable:
                values |= {str(situation.before[at]) for situation in case.situations}
    states = {str(state.id) for state in chart.states}
    for state in sorted(states - values):
        yield f"state {state}: {variable} never has this value in {local.spec}"
    for value in sorted(values - states):
        yield f"{variable} can be {value} in {local.spec}, which is no state of the chart"
    if (begin := chart.initial_state.id) != local.initial[variable]:
        yield f"it begins in {begin}, and {variable} in {local.initial[variable]}"


def _vocabulary(spec: str, binding: Binding, variable: str, chart: ChartType) -> Iterator[str]:
    actions = {
        event_of(action)
        for action, parts in binding.parts.items()
        if variable in {slot(part).variable for part in parts}
    }
    for where, events in (
        ("transitions", {event for event, _, _ in transitions(chart)}),
        ("guards", set(chart.guards)),
    ):
        for event in sorted(events - actions):
            yield f"{event} stands in its {where} and is no action of {spec} in which it takes part"
        for event in sorted(actions - events):
            yield f"{event} is an action of {spec} in which it takes part, and does not stand in its {where}"


def _scene(scene: Scene, scenes: Scenes, binding: Binding, run: Runs) -> Iterator[tuple[str, str]]:
    """The differences in one scene, each with the variable of the chart to blame."""
    event, spec = event_of(scene.action), scenes.local.spec
    if any(event not in binding.charts[ask.variable].guards for ask in scene.asks):
        return  # the vocabulary differs, which has been told
    where = f"(such as {scenes.examples[scene]})"
    for variable in scene.moved:
        yield variable, f"it takes no part in {event}, and yet {spec} changes {variable} {where}"
    told = [run(binding.charts[ask.variable], ask.state, event, ask.facts) for ask in scene.asks]
    if scene.rule is None:
        for ask, (taken, answer) in zip(scene.asks, told, strict=True):
            if not taken:
                yield ask.variable, f"{event} in {ask}: {spec} allows it, the chart refuses it by {answer} {where}"
            elif answer != ask.after:
                yield ask.variable, f"{event} in {ask}: {spec} leads to {ask.after}, the chart to {answer} {where}"
        return
    refusing = next((at for at, (taken, _) in enumerate(told) if not taken), None)
    if refusing is None:
        for ask in _blamed(scene, binding, event, scene.asks):
            yield ask.variable, f"{event} in {ask}: {spec} refuses it by {scene.rule}, the chart takes it {where}"
    elif (answer := told[refusing][1]) != scene.rule:
        ask = _blamed(scene, binding, event, scene.asks[: refusing + 1])[0]
        yield (
            ask.variable,
            f"{event} in {ask}: {spec} refuses it by {scene.rule}, the first chart that refuses by {answer} {where}",
        )


def _blamed(scene: Scene, binding: Binding, event: str, asked: Sequence[Ask]) -> Sequence[Ask]:
    """The charts among `asked` that could have told the scene's rule; the last of them where none could."""
    able = [ask for ask in asked if scene.rule in binding.charts[ask.variable].guards[event].values()]
    return able or asked[-1:]


def _surplus(scenes: Scenes, variable: str, chart: ChartType) -> Iterator[str]:
    """The transitions and rules that the chart has beyond its specification."""
    spec = scenes.local.spec
    asked = [(event_of(scene.action), scene.rule, ask) for scene in scenes.counts for ask in scene.asks]
    taken = {(event, ask.state, ask.after) for event, _, ask in asked if ask.variable == variable}
    rules = {(event, rule) for event, rule, ask in asked if ask.variable == variable}
    for event, source, target in transitions(chart):
        if (event, source, target) not in taken:
            yield f"{event} from {source} to {target}: {spec} never takes this transition"
    for event, guards in chart.guards.items():
        for guard, rule in guards.items():
            if (event, rule) not in rules:
                yield f"{event}: {spec} never refuses it by {rule}, which stands at the guard {guard}"


def _guards(scenes: Scenes, variable: str, chart: ChartType, run: Runs) -> Iterator[str]:
    """Where the chart's guards and its transitions are not two statements of one thing."""
    told: set[tuple[str, str]] = set()
    asked = ((event_of(scene.action), ask) for scene in scenes.counts for ask in scene.asks if ask.variable == variable)
    for event, ask in dict.fromkeys(asked):
        if event not in chart.guards:
            continue
        accepted, answer = run(chart, ask.state, event, ask.facts)
        if not accepted:
            told.add((event, answer))
            continue
        for fact in chart.guards[event]:
            if fact != HERE and run(chart, ask.state, event, replace(ask.facts, **{fact: False}))[0]:
                yield f"{event} in {ask}: the chart takes it even if not {fact}, which its guards require"
    states = {str(state.id) for state in chart.states}
    for event, guards in chart.guards.items():
        elsewhere = states - {source for taken, source, _ in transitions(chart) if taken == event}
        if elsewhere and HERE not in guards:
            yield f"{event}: its guards do not name {HERE}, and it does not start from {', '.join(sorted(elsewhere))}"
        for guard, rule in guards.items():
            if (event, rule) not in told:
                yield f"{event}: the chart never refuses it by {rule}, which stands at the guard {guard}"
