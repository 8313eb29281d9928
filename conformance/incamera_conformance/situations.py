"""What an action can find in the slots it involves, and what then happens: a state graph seen from one action.

Our specs are *local*: what an action does, and by which rule it is refused, depends on nothing but the slots it
involves, and it changes no other slot.  So the thousands of states of a graph come down to a few *situations*: an
action, a pattern of equal parameters, and the values of the involved slots before; each with exactly one outcome.  What
holds for every situation holds for every action in every state of the graph, and in every state of a larger world whose
actions find themselves in no other situations.

`situations` does not believe that; it goes through all edges and refusals of the graph and raises `LocalityError` at
the first that contradicts:

(a) two instances in the same situation have different outcomes;
(b) an edge changes a slot that its action does not involve.

So a slot must not hold the name of an entity (`holder[d] = p`): names differ from world to world.  A spec says the same
with a key (`holds[d][p]`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from operator import itemgetter
from typing import Any

from .errors import ConformanceError, GraphError
from .graph import Graph, Label, shown
from .slots import Equal, Leaf, Slot, equal_params, involved

Values = tuple[Leaf, ...]
Outcome = Values | str
"""The values of the involved slots after an accepted act, or the rule that refuses it."""

Place = tuple[str, tuple[str, ...]]
"""A variable and the entities that are its keys: one slot of a concrete state."""


Seen = dict[tuple[str, Equal], dict[Values, list[Any]]]
"""By action, pattern and values before: the outcome, how often, and the first instance with its state."""


class LocalityError(ConformanceError):
    """A spec is not local; the message names the instances that show it."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What is found before, and what happens.  `count` instances of the graph are like this, `example` is the first."""

    before: Values
    outcome: Outcome
    count: int
    example: str


@dataclass(frozen=True, slots=True)
class Case:
    """An action with one pattern of equal parameters: the slots it involves, and every situation these can be in."""

    action: str
    equal: Equal
    slots: tuple[Slot, ...]
    situations: tuple[Situation, ...]


@dataclass(frozen=True, slots=True)
class Local:
    """A whole spec in situations.

    `variables`: for each variable the sets of its keys; `initial`: what every slot of it holds at first; `params`: for
    each action its parameters with their sets; `actors`: the parameter that names who acts, for actions that have one.
    """

    spec: str
    sha256: str
    constants: Mapping[str, Any]
    ghosts: tuple[str, ...]
    variables: Mapping[str, tuple[str, ...]]
    initial: Mapping[str, Leaf]
    params: Mapping[str, Mapping[str, str]]
    actors: Mapping[str, str]
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Instance:
    """An action with entities for its parameters, and where its slots stand among a state's places."""

    text: str
    action: str
    equal: Equal
    slots: tuple[Slot, ...]
    inside: Callable[[Values], Values]
    outside: Callable[[Values], Values]
    outside_places: tuple[Place, ...]
    judged: bytearray


def situations(graph: Graph) -> Local:
    """All situations of a state graph.

    Raises `LocalityError`, and `GraphError` where an instance has no outcome in some state or more than one.
    """
    sets = {name: members for name, value in graph.constants.items() if (members := _members(value)) is not None}
    variables = {name: _key_sets(name, graph.states[0][name], sets) for name in graph.vars}
    params = {name: {param: graph.scope[param] for param in info.params} for name, info in graph.actions.items()}
    places = [
        (name, entities) for name, keys in variables.items() for entities in product(*(sets[key] for key in keys))
    ]
    flat = [_flat(state, places) for state in graph.states]
    instances = {
        label: _instance(label, params[label[0]], variables, places, len(flat))
        for label in sorted({edge[2:] for edge in graph.edges} | {refusal[1:3] for refusal in graph.refusals})
    }

    seen: Seen = {}
    for source, target, action, args in graph.edges:
        instance = instances[action, args]
        before, after = flat[source], flat[target]
        if instance.outside(before) != instance.outside(after):
            raise LocalityError(f"{graph.spec}: {_leak(instance, source, before, after)}")
        _note(graph.spec, seen, instance, source, instance.inside(before), instance.inside(after))
    for source, action, args, rule in graph.refusals:
        instance = instances[action, args]
        _note(graph.spec, seen, instance, source, instance.inside(flat[source]), rule)
    for instance in instances.values():
        if (missing := instance.judged.find(0)) >= 0:
            raise GraphError(f"{graph.spec}: {instance.text} has neither an edge nor a refusal in state {missing}")

    return Local(
        spec=graph.spec,
        sha256=graph.sha256,
        constants=graph.constants,
        ghosts=graph.ghosts,
        variables=variables,
        initial=_initial(graph, places, flat),
        params=params,
        actors={name: info.actor for name, info in graph.actions.items() if info.actor is not None},
        cases=tuple(_cases(graph.actions, instances.values(), seen)),
    )


def _members(value: object) -> tuple[str, ...] | None:
    """The entities of a constant that is a set of strings."""
    items = value.get("$set") if isinstance(value, dict) else value
    return tuple(items) if isinstance(items, list) and all(isinstance(item, str) for item in items) else None


def _key_sets(name: str, value: object, sets: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The sets over which a variable's value is nested."""
    keys: list[str] = []
    while isinstance(value, dict) and value.keys().isdisjoint({"$set", "$fn"}):
        fitting = [key for key, members in sets.items() if value.keys() == set(members)]
        if len(fitting) != 1:
            raise GraphError(
                f"{name}: its keys {', '.join(value)} are those of {' and of '.join(fitting) or 'no constant set'}"
            )
        keys += fitting
        value = next(iter(value.values()))
    return tuple(keys)


def _flat(state: Mapping[str, Any], places: Iterable[Place]) -> Values:
    """The values of all slots of a state, in the order of `places`."""
    values: list[Leaf] = []
    for name, entities in places:
        value = state[name]
        for entity in entities:
            value = value[entity]
        if not isinstance(value, (bool, int, str)):
            raise GraphError(f"{name}: a slot holds {value!r}, which is neither a string, a number nor a truth value")
        values.append(value)
    return tuple(values)


def _picker(indices: Sequence[int]) -> Callable[[Values], Values]:
    """Takes the values at `indices`, always as a tuple."""
    if len(indices) > 1:
        return itemgetter(*indices)
    if indices:
        (index,) = indices
        return lambda values: (values[index],)
    return lambda values: ()


def _instance(
    label: Label,
    params: Mapping[str, str],
    variables: Mapping[str, tuple[str, ...]],
    places: Sequence[Place],
    states: int,
) -> _Instance:
    action, args = label
    entity = dict(zip(params, args, strict=True))
    equal = equal_params(params, args)
    slots = involved(params, equal, variables)
    inside = [places.index((slot.variable, tuple(entity[param] for param in slot.params))) for slot in slots]
    outside = [at for at in range(len(places)) if at not in inside]
    return _Instance(
        text=shown(label),
        action=action,
        equal=equal,
        slots=slots,
        inside=_picker(inside),
        outside=_picker(outside),
        outside_places=tuple(places[at] for at in outside),
        judged=bytearray(states),
    )


def _note(
    spec: str,
    seen: Seen,
    instance: _Instance,
    state: int,
    before: Values,
    outcome: Outcome,
) -> None:
    if instance.judged[state]:
        raise GraphError(f"{spec}: {instance.text} has more than one outcome in state {state}")
    instance.judged[state] = 1
    rows = seen.setdefault((instance.action, instance.equal), {})
    known = rows.get(before)
    if known is None:
        rows[before] = [outcome, 1, instance, state]
    elif known[0] == outcome:
        known[1] += 1
    else:
        found = ", ".join(f"{slot} = {_shown(value)}" for slot, value in zip(instance.slots, before, strict=True))
        raise LocalityError(
            f"{spec}: {known[2].text} in state {known[3]} and {instance.text} in state {state} find the same "
            f"({found}), and yet the first {_told(known[2].slots, known[0])} and the second "
            f"{_told(instance.slots, outcome)}"
        )


def _told(slots: Sequence[Slot], outcome: Outcome) -> str:
    if isinstance(outcome, str):
        return f"is refused by {outcome}"
    after = ", ".join(f"{slot} = {_shown(value)}" for slot, value in zip(slots, outcome, strict=True))
    return f"leads to ({after})"


def _shown(value: Leaf) -> str:
    """A slot's value as TLA+ writes it."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return f'"{value}"' if isinstance(value, str) else str(value)


def _leak(instance: _Instance, state: int, before: Values, after: Values) -> str:
    for (name, entities), old, new in zip(
        instance.outside_places, instance.outside(before), instance.outside(after), strict=True
    ):
        if old != new:
            place = name + "".join(f"[{entity}]" for entity in entities)
            return f"{instance.text} in state {state} changes {place}, which it does not involve"
    raise AssertionError(instance.text)


def _initial(graph: Graph, places: Sequence[Place], flat: Sequence[Values]) -> dict[str, Leaf]:
    """What the slots of each variable hold at first, which must be the same for all entities."""
    if len(graph.init) != 1:
        raise GraphError(f"{graph.spec}: {len(graph.init)} initial states, where one is needed")
    found: dict[str, Leaf] = {}
    for (name, _), value in zip(places, flat[graph.init[0]], strict=True):
        if found.setdefault(name, value) != value:
            raise LocalityError(
                f"{graph.spec}: the slots of {name} do not all begin alike: {found[name]!r} and {value!r}"
            )
    return found


def _cases(
    actions: Iterable[str],
    instances: Iterable[_Instance],
    seen: Seen,
) -> Iterable[Case]:
    slots = {(instance.action, instance.equal): instance.slots for instance in instances}
    for name in actions:
        # The pattern in which all entities are different comes first, it is the one a reader thinks of.
        for action, equal in sorted(key for key in slots if key[0] == name):
            rows = seen[action, equal]
            yield Case(
                action,
                equal,
                slots[action, equal],
                tuple(
                    Situation(before, outcome, count, f"{instance.text} in state {state}")
                    for before, (outcome, count, instance, state) in sorted(rows.items())
                ),
            )
