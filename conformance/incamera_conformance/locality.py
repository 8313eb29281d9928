"""That every action touches, and depends on, only the entities that it names.

A log of millions of accounts is judged one small world at a time: of each record only the entities it names are looked
at, under the names that entities have in a graph with two or three of them. That is sound only if nothing else could
have mattered. So for every state S of the graph and every action with parameters P, enabled or refused, let *involved*
be P and all entities that the values of the involved ones refer to. Then

1. the outcome (refused by which rule, or which new values) is a function of the action and the involved values alone:
   in every other state where they are the same, it is the same;
2. it does not depend on what the entities are called: the same holds for other entities of the same kinds;
3. nothing that is not involved changes.

The values of the variables are functions nested by sets of entities: ``session[a][s]`` belongs to the account *a* and
the session *s*, and is one *slot*. A slot is involved if all its entities are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .graph import Graph, Label, shown
from .values import canonical

_SHOWN = 20  # violations that a report spells out

Path = tuple[str, ...]
Values = tuple[tuple[Path, str], ...]
"""Slots and their values as canonical text, entities by their numbers ("#0")."""


@dataclass(frozen=True)
class Slot:
    """A place for a value: the path to it, and those steps of the path that are entities."""

    path: Path
    entities: frozenset[str]

    def __str__(self) -> str:
        return self.path[0] + "".join(f"[{step}]" for step in self.path[1:])


@dataclass(frozen=True)
class Situation:
    """All that an action may depend on: its name, its parameters and the involved slots, entities by their numbers."""

    action: str
    params: str
    values: Values


@dataclass(frozen=True)
class Outcome:
    """What becomes of an action in a situation: `rule` where it is refused, else the involved slots afterwards."""

    rule: str | None
    values: Values = ()

    def __str__(self) -> str:
        return f"refused by {self.rule}" if self.rule is not None else "enabled"


class Locality:
    """The check of one graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._sets = [
            frozenset(map(str, members(graph.constants.get(name)))) for name in sorted({*graph.scope.values()})
        ]
        self._names = frozenset().union(*self._sets)
        self._rows = [dict(self._slots(state)) for state in graph.states]
        self._outcomes: dict[Situation, tuple[Outcome, int, Label]] = {}
        self._violations: list[str] = []
        for state in range(len(graph.states)):
            for label, target in graph.enabled[state].items():
                self._note(state, label, target, None)
            for label, rule in graph.refused[state].items():
                self._note(state, label, state, rule)

    @property
    def outcomes(self) -> dict[Situation, Outcome]:
        """What every action comes to in every situation of the graph."""
        return {situation: outcome for situation, (outcome, _, _) in self._outcomes.items()}

    @property
    def violations(self) -> list[str]:
        """What shows that an action is not local, one sentence each; empty when every action is."""
        return list(dict.fromkeys(self._violations))

    def _note(self, state: int, label: Label, target: int, rule: str | None) -> None:
        before, after = self._rows[state], self._rows[target]
        numbers = self._involved(before, label)
        involved = [slot for slot in before if slot.entities <= numbers.keys()]
        if rule is None:
            for slot in before.keys() | after.keys():
                if not slot.entities <= numbers.keys() and before.get(slot) != after.get(slot):
                    self._violations.append(
                        f"{shown(label)} changes {slot}, which it does not name, in {self._shown(state)}"
                    )
        outcome = Outcome(rule, () if rule is not None else self._values(after, involved, numbers))
        params = canonical(renamed(list(label[1]), numbers))
        situation = Situation(label[0], params, self._values(before, involved, numbers))
        known, there, other = self._outcomes.setdefault(situation, (outcome, state, label))
        if known != outcome:
            how = "with other new values" if known.rule is None and rule is None else f"where {shown(other)} is {known}"
            self._violations.append(
                f"{shown(label)} is {outcome} in {self._shown(state)}, "
                f"but what it names is the same in {self._shown(there)}, {how}"
            )

    def _involved(self, row: dict[Slot, Any], label: Label) -> dict[str, str]:
        """The involved entities, numbered: those that the label names first, in order of their first mention."""
        numbers: dict[str, str] = {}

        def add(value: Any) -> None:
            for name in strings(value):
                if name in self._names:
                    numbers.setdefault(name, f"#{len(numbers)}")

        add(list(label[1]))
        known = -1
        while known != len(numbers):
            known = len(numbers)
            inside = [slot for slot in row if slot.entities <= numbers.keys()]
            for slot in sorted(inside, key=lambda slot: renamed(list(slot.path), numbers)):
                add(row[slot])
        return numbers

    @staticmethod
    def _values(row: dict[Slot, Any], slots: list[Slot], numbers: dict[str, str]) -> Values:
        named = ((tuple(renamed(list(slot.path), numbers)), canonical(renamed(row[slot], numbers))) for slot in slots)
        return tuple(sorted(named))

    def _slots(self, state: dict[str, Any]) -> Iterator[tuple[Slot, Any]]:
        def walk(path: Path, entities: frozenset[str], value: Any) -> Iterator[tuple[Slot, Any]]:
            if isinstance(value, dict) and value and not any(key.startswith("$") for key in value):
                by_entity = frozenset(value) in self._sets
                for key in sorted(value):
                    yield from walk((*path, key), entities | {key} if by_entity else entities, value[key])
            else:
                yield Slot(path, entities), value

        for name in self.graph.vars:
            yield from walk((name,), frozenset(), state[name])

    def _shown(self, state: int) -> str:
        """A state by what distinguishes it from the initial one."""
        start = self._rows[self.graph.init[0]]
        changed = [
            f"{slot} = {canonical(value)}" for slot, value in self._rows[state].items() if start.get(slot) != value
        ]
        return f"state {state} ({', '.join(changed) or 'initial'})"


def members(value: Any) -> list[Any]:
    """The members of a set as graphs write it; of anything else, none."""
    return list(value["$set"]) if isinstance(value, dict) and "$set" in value else []


def strings(value: Any) -> Iterator[str]:
    """Every string in a value, keys of records and functions included, in order."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if not key.startswith("$"):
                yield key
            yield from strings(item)


def renamed(value: Any, names: dict[str, str]) -> Any:
    """The value with these strings replaced, those of keys too."""
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, list):
        return [renamed(item, names) for item in value]
    if isinstance(value, dict):
        if "$set" in value:
            return {"$set": sorted(renamed(value["$set"], names), key=canonical)}
        return {names.get(key, key): renamed(item, names) for key, item in value.items()}
    return value


def report(violations: list[str]) -> str:
    """The first violations, and how many more there are."""
    rest = len(violations) - _SHOWN
    return "\n".join(violations[:_SHOWN] + ([f"… and {rest} more"] if rest > 0 else []))
