"""Classes of what can happen: which edges and refusals of a state graph are the same to whoever tests a server.

*Edge classes* are the rows of the behaviour table: an action, the pattern of equal parameters, and the values that the
involved slots (see `incamera_conformance.slots`) have before.

*Refusal classes* are coarser, because most of what an action involves does not matter to a refusal: of the involved
slots only the *support* counts, a smallest set of slots on which the action's outcome still depends.  It is found from
the graph itself: a slot is left out if no two situations with different outcomes differ in it alone.

Not every refusal can be asked for over the wire; `Excluded` says why not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from itertools import product
from typing import Any, cast

from .errors import GraphError
from .graph import Graph
from .rules import ENVIRONMENT
from .slots import Equal, Leaf, Slot, equal_params, involved

Values = tuple[Leaf, ...]
Params = tuple[Any, ...]
Outcome = tuple[tuple[int, Leaf], ...] | str
"""The involved slots that an act changes (by index) with what they hold after it; or the rule that refuses it."""

TESTABLE = frozenset({"request", "operator"})
"""By whom the actions happen that a test can ask for and see refused."""


class Excluded(StrEnum):
    """Why a class of refusals is no case."""

    SERVER_NAMES = "server-names"
    """It would need a client to name what the server names, such as the session that a log-in begins."""
    CONNECTION = "connection"
    """The answer depends on whether the server has noticed that a connection is lost."""
    TRANSIENT = "transient"
    """The server leaves the situation at once by itself."""
    NOT_ASKED = "not-asked"
    """Nobody can ask one server to tell the other so in this situation."""
    UNREACHED = "unreached"
    """No path that a tester can bring about leads to it."""


_RANK = (Excluded.CONNECTION, Excluded.SERVER_NAMES, Excluded.TRANSIENT)
"""Where the states of a class differ in what is in the way, the reason is that of the states that come nearest."""


@dataclass(frozen=True, slots=True)
class Situation:
    """An action, its pattern of equal parameters, and what some of the slots that it involves hold before."""

    action: str
    equal: Equal
    slots: tuple[Slot, ...]
    values: Values


@dataclass(slots=True)
class RefusalClass:
    """A situation, the rule that refuses it, and the states and parameters with which it can be tried.

    There are none if the class is `excluded`.
    """

    situation: Situation
    rule: str
    probes: list[tuple[int, Params]] = field(default_factory=list)
    excluded: Excluded | None = None


@dataclass(frozen=True, slots=True)
class _Instance:
    """An action with entities for its parameters: its pattern, its slots, and where they stand in a flat state."""

    equal: Equal
    slots: tuple[Slot, ...]
    places: tuple[int, ...]

    def before(self, state: Values) -> Values:
        return tuple(state[place] for place in self.places)


class Classes:
    """The edge and refusal classes of one graph, without its ghost variables."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.variables = {
            name: tuple(_key_sets(graph, graph.states[0][name])) for name in graph.vars if name not in graph.ghosts
        }
        places = [
            (name, keys)
            for name, sets in self.variables.items()
            for keys in product(*(entities(graph, of) for of in sets))
        ]
        self._place = {place: index for index, place in enumerate(places)}
        self._flat = [tuple(leaf(state[name], keys) for name, keys in places) for state in graph.states]
        self._instances: dict[tuple[str, Params], _Instance] = {}

    def edge_class(self, state: int, action: str, params: Params) -> Situation:
        """The class of the edge that leaves `state` with this label."""
        instance = self._instance(action, params)
        return Situation(action, instance.equal, instance.slots, instance.before(self._flat[state]))

    @cached_property
    def transient(self) -> frozenset[int]:
        """The states that the server leaves at once by itself."""
        return frozenset(source for source, _, action, _ in self.graph.edges if self._by(action) == "server")

    def refusals(self) -> list[RefusalClass]:
        """The classes of refusals by a rule that testable actions have."""
        outcomes = self._outcomes()
        supports = {key: _support(len(self._slots(*key)), table) for key, table in outcomes.items()}
        fresh = {name: self._named_by_server(name) for name, info in self.graph.actions.items() if info.by in TESTABLE}
        lost: defaultdict[int, list[int]] = defaultdict(list)
        for source, target, action, _ in self.graph.edges:
            if self._by(action) == "network":
                lost[source].append(target)

        found: dict[Situation, RefusalClass] = {}
        reasons: defaultdict[Situation, set[Excluded]] = defaultdict(set)
        for state, action, params, rule in self.graph.refusals:
            if action not in fresh or rule == ENVIRONMENT:
                continue
            instance = self._instance(action, params)
            before = instance.before(self._flat[state])
            kept = supports[action, instance.equal]
            situation = Situation(
                action,
                instance.equal,
                tuple(instance.slots[index] for index in kept),
                tuple(before[index] for index in kept),
            )
            known = found.setdefault(situation, RefusalClass(situation, rule))
            table = outcomes[action, instance.equal]
            if any(before[index] != value for index, value in fresh[action].get(instance.equal, ())):
                reasons[situation].add(Excluded.SERVER_NAMES)
            elif state in self.transient:
                reasons[situation].add(Excluded.TRANSIENT)
            elif any(table[instance.before(self._flat[target])] != rule for target in lost[state]):
                reasons[situation].add(Excluded.CONNECTION)
            else:
                known.probes.append((state, params))
        for situation, known in found.items():
            if not known.probes:
                known.excluded = min(reasons[situation], key=_RANK.index)
        return list(found.values())

    def _by(self, action: str) -> str:
        return self.graph.actions[action].by

    def _params(self, action: str) -> dict[str, str]:
        return {param: self.graph.scope[param] for param in self.graph.actions[action].params}

    def _slots(self, action: str, equal: Equal) -> tuple[Slot, ...]:
        return involved(self._params(action), equal, self.variables)

    def _instance(self, action: str, params: Params) -> _Instance:
        if (known := self._instances.get((action, params))) is not None:
            return known
        equal = equal_params(self._params(action), params)
        slots = self._slots(action, equal)
        entity = dict(zip(self.graph.actions[action].params, params, strict=True))
        places = tuple(self._place[slot.variable, tuple(entity[param] for param in slot.params)] for slot in slots)
        made = self._instances[action, params] = _Instance(equal, slots, places)
        return made

    def _outcomes(self) -> dict[tuple[str, Equal], dict[Values, Outcome]]:
        """For every action and pattern, the outcome in every situation. Raises `GraphError` where there are two."""
        found: defaultdict[tuple[str, Equal], dict[Values, Outcome]] = defaultdict(dict)

        def note(state: int, action: str, params: Params, told: Outcome) -> None:
            instance = self._instance(action, params)
            if found[action, instance.equal].setdefault(instance.before(self._flat[state]), told) != told:
                raise GraphError(f"{self.graph.spec}: {action}{params} in state {state}: the slots do not decide")

        for source, target, action, params in self.graph.edges:
            instance = self._instance(action, params)
            before, after = instance.before(self._flat[source]), instance.before(self._flat[target])
            note(source, action, params, _change(before, after))
        for source, action, params, rule in self.graph.refusals:
            note(source, action, params, rule)
        return found

    def _named_by_server(self, action: str) -> dict[Equal, tuple[tuple[int, Leaf], ...]]:
        """The slots, with their initial values, of parameters that only the server can name.

        Such a parameter comes into being with the action: its slots are always initial before and changed after it. And
        were it in being already, the environment and no rule would be to blame: nobody can ask for that.
        """
        if not any(name == action and rule == ENVIRONMENT for _, name, _, rule in self.graph.refusals):
            return {}
        initial = self._flat[self.graph.init[0]]
        new: dict[Equal, set[str]] = {}
        slots: dict[Equal, list[tuple[Slot, Leaf]]] = {}
        for source, target, name, params in self.graph.edges:
            if name != action:
                continue
            instance = self._instance(action, params)
            first = tuple(initial[place] for place in instance.places)
            before, after = (instance.before(self._flat[state]) for state in (source, target))
            rows = list(zip(instance.slots, first, before, after, strict=True))
            born = {slot.params[-1] for slot, _, old, now in rows if old != now}
            born -= {slot.params[-1] for slot, never, old, _ in rows if old != never}
            new[instance.equal] = new.get(instance.equal, born) & born
            slots[instance.equal] = list(zip(instance.slots, first, strict=True))
        return {
            equal: tuple((at, value) for at, (slot, value) in enumerate(slots[equal]) if slot.params[-1] in born)
            for equal, born in new.items()
        }


def entities(graph: Graph, name: str) -> list[str]:
    """The names in a constant set of entities, in canonical order."""
    value = graph.constants[name]
    return list(value["$set"] if isinstance(value, dict) else value)


def leaf(value: Any, keys: tuple[str, ...]) -> Leaf:
    """What a variable holds for these entities."""
    for key in keys:
        value = value[key]
    return cast(Leaf, value)


def _key_sets(graph: Graph, value: Any) -> Iterator[str]:
    """The sets of entities over which a variable is nested."""
    sets = {name: set(entities(graph, name)) for name in dict.fromkeys(graph.scope.values())}
    while isinstance(value, dict):
        matching = [name for name, names in sets.items() if names == value.keys()]
        if len(matching) != 1:
            raise GraphError(f"{graph.spec}: {sorted(value)} is no set of entities, or more than one")
        yield matching[0]
        value = next(iter(value.values()))


def _change(before: Values, after: Values) -> Outcome:
    return tuple((index, new) for index, (old, new) in enumerate(zip(before, after, strict=True)) if old != new)


def _support(slots: int, outcomes: dict[Values, Outcome]) -> tuple[int, ...]:
    """The indices of the slots on which the outcome depends, once all that do not matter are left out."""
    kept = tuple(range(slots))
    for index in reversed(range(slots)):
        fewer = tuple(other for other in kept if other != index)
        found: dict[Values, Outcome] = {}
        if all(
            found.setdefault(tuple(values[i] for i in fewer), outcome) == outcome
            for values, outcome in outcomes.items()
        ):
            kept = fewer
    return kept
