"""Replay: a server's audit log, judged record by record against the behaviour tables.

The state of the world is what its slots hold, by the ids of the entities in the log; a slot that no record has written
yet holds what the specification begins with.  So an account, meeting or ticket that nobody has created needs no special
case: it is one that is still `"absent"` or `"none"`.

A record is legal if the specification says just what it says: an accepted act must be allowed in the present state, and
then changes it; a refused act must be refused by that very rule, and changes nothing.  Replay stops at the first record
that is not legal, or that breaks the chain of hashes (`incamera_conformance.chain`).

**Its limit.**  Each specification is replayed for itself.  What one server may do because the other has done something
before is not looked at: that a ticket granted was taken by somebody whom the organizer admitted, that a room opens with
its meeting, that whoever acts has an account and a session.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from operator import itemgetter
from typing import Any, Final

from incamera.wire.audit import BEGIN, LOG_SPEC, Record
from incamera.wire.ids import UNKNOWN

from .chain import Chain
from .situations import Outcome, Values
from .slots import Equal, Leaf, Slot, pairs
from .tables import Rows, Table

ACCEPTED: Final = "accepted"
REFUSED: Final = "refused"
ENVIRONMENT: Final = "environment"
"""What stands for a rule where nothing could cause the act; so no log has a refusal by it."""

Params = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Allowed:
    """Something that the specification allows to stand in the log instead."""

    spec: str
    action: str
    params: Params
    outcome: str
    rule: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "spec": self.spec,
            "action": self.action,
            "params": dict(self.params),
            "outcome": self.outcome,
            "rule": self.rule,
        }


@dataclass(frozen=True, slots=True)
class Illegal:
    """The first record that is not legal: the one at `n`, counted from 0.

    `record` is None where there is none that can be read.  `state` has the slots that decide and what they hold before.
    `allowed` begins with what the specification says of this very act.
    """

    n: int
    why: str
    record: Record | None = None
    state: Mapping[str, Leaf] = field(default_factory=dict)
    allowed: tuple[Allowed, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "n": self.n,
            "why": self.why,
            "record": None if self.record is None else self.record.model_dump(mode="json"),
            "state": dict(self.state),
            "allowed": [allowed.as_json() for allowed in self.allowed],
        }


@dataclass(frozen=True, slots=True)
class Report:
    """`records` stand in the log; the first `accepted` of them are legal, and all are if there is no `error`."""

    records: int
    accepted: int
    error: Illegal | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "records": self.records,
            "accepted": self.accepted,
            "error": None if self.error is None else self.error.as_json(),
        }


def validate(lines: Iterable[str | bytes], tables: Mapping[str, Table]) -> Report:
    """Judge a log of one JSON object a line: form, chain of hashes and behaviour."""
    replay, chain = Replay(tables), Chain()
    records = accepted = 0
    error: Illegal | None = None
    for line in lines:
        records += 1
        if error is None:
            record, why = chain.read(line)
            found = replay.judge(record) if record is not None and why is None else None
            error = found if why is None else Illegal(accepted, why, record)
            accepted += error is None
    if not records:
        error = Illegal(0, "the log is empty; its first record says that it begins", allowed=(replay.beginning,))
    return Report(records, accepted, error)


Key = Any  # the ids of a slot's entities: one id, or a tuple of them
Picker = Callable[[Sequence[Any]], Key]


@dataclass(frozen=True, slots=True)
class _Case:
    """`Rows`, with the slots as places in this replay's state."""

    reads: tuple[tuple[dict[Key, Leaf], Picker, Leaf], ...]
    writes: tuple[tuple[dict[Key, Leaf], Picker], ...]
    rows: Mapping[Values, Outcome]
    named: tuple[Slot, ...]


@dataclass(frozen=True, slots=True)
class _Action:
    params: Mapping[str, str]
    pairs: tuple[tuple[int, int], ...]
    cases: Mapping[Equal, _Case]

    def find(self, args: Sequence[Any]) -> _Case | None:
        return self.cases.get(tuple([args[one] == args[two] for one, two in self.pairs]))


class Replay:
    """One replay: the tables, and the state that the records so far have led to."""

    def __init__(self, tables: Mapping[str, Table]) -> None:
        self._begun = False
        self._policy: dict[str, Leaf] = {}
        self._actions: dict[tuple[str, str], _Action] = {}
        for spec, table in tables.items():
            self._policy |= table.policy
            state: dict[str, dict[Key, Leaf]] = {name: {} for name in table.variables}
            for name, action in table.actions.items():
                index = {param: at for at, param in enumerate(action.params)}
                self._actions[spec, name] = _Action(
                    action.params,
                    tuple((index[one], index[two]) for one, two in pairs(action.params)),
                    {equal: _compile(rows, index, state, table) for equal, rows in action.cases.items()},
                )

    @property
    def beginning(self) -> Allowed:
        """What the first record must say."""
        return Allowed(LOG_SPEC, BEGIN, self._policy, ACCEPTED)

    def judge(self, record: Record) -> Illegal | None:
        """None if the record is legal, and then the state is the one after it; else why it is not."""
        action = self._actions.get((record.spec, record.action))
        if action is None or not self._begun:
            return self._begin(record)
        if record.params.keys() != action.params.keys():
            named = ", ".join(record.params) or "nothing"
            return Illegal(record.n, f"{record.action} names {', '.join(action.params)}; this names {named}", record)
        args = [record.params[param] for param in action.params]
        if not all(isinstance(arg, str) for arg in args):
            return Illegal(record.n, "a parameter is the id of an entity, and one of these is a number", record)
        if not all(args):
            return Illegal(record.n, "a parameter is the id of an entity, and one of these is empty", record)
        case = action.find(args)
        if case is None:
            return self._illegal(record, action, args)
        before = tuple([values.get(key(args), initial) for values, key, initial in case.reads])
        outcome = case.rows.get(before)
        if record.outcome == ACCEPTED:
            if record.rule is None and isinstance(outcome, tuple):
                if UNKNOWN in args:
                    return Illegal(record.n, f"{UNKNOWN} stands for what does not exist, and nobody is that", record)
                for (values, key), after in zip(case.writes, outcome, strict=True):
                    values[key(args)] = after
                return None
        elif record.rule is not None and record.rule == outcome != ENVIRONMENT:
            return None
        return self._illegal(record, action, args)

    def _begin(self, record: Record) -> Illegal | None:
        """Judge what is no act of a spec: the beginning, or something unknown."""
        begins = (record.spec, record.action) == (LOG_SPEC, BEGIN)
        if begins and not self._begun:
            if record.params == self._policy and record.outcome == ACCEPTED and record.rule is None:
                self._begun = True
                return None
            policy = ", ".join(f"{name} = {value}" for name, value in self._policy.items())
            why = f"the log was not written under the policy that the specification was explored with: {policy}"
            return Illegal(record.n, why, record, allowed=(self.beginning,))
        if not self._begun:
            return Illegal(record.n, "a log begins by saying so", record, allowed=(self.beginning,))
        if begins:
            return Illegal(record.n, "a log begins only once", record)
        known = sorted(name for spec, name in self._actions if spec == record.spec)
        if known:
            return Illegal(record.n, f"{record.spec} has no action {record.action}; it has {', '.join(known)}", record)
        specs = ", ".join(sorted({spec for spec, _ in self._actions}))
        return Illegal(record.n, f"there is no specification {record.spec}; there are {specs}", record)

    def _illegal(self, record: Record, action: _Action, args: Sequence[Any]) -> Illegal:
        says = "it was accepted" if record.outcome == ACCEPTED else f"it was refused by {record.rule or 'no rule'}"
        outcome, state = _outcome(action, args), _state(action, args)
        allowed = tuple(self._others(record, action, args))
        if outcome is None:
            why = f"the log says that {says}, which is outside what the model explored: no state is like this one"
            return Illegal(record.n, why, record, state, allowed)
        if record.outcome == ACCEPTED and record.rule is not None:
            why = f"it was accepted, and yet it names a rule, {record.rule}"
        elif isinstance(outcome, tuple):
            why = f"the log says that {says}, and the specification allows it"
        else:
            why = f"the log says that {says}, and the specification {_refuses(outcome)}"
        rule = None if isinstance(outcome, tuple) else outcome
        params = dict(zip(action.params, args, strict=True))
        itself = Allowed(record.spec, record.action, params, REFUSED if rule else ACCEPTED, rule)
        return Illegal(record.n, why, record, state, (itself, *allowed))

    def _others(self, record: Record, action: _Action, args: Sequence[Any]) -> Iterator[Allowed]:
        """The other acts that the same entities could do now."""
        entities: dict[str, dict[Any, None]] = {}
        for param, arg in zip(action.params, args, strict=True):
            entities.setdefault(action.params[param], {})[arg] = None
        for (spec, name), other in self._actions.items():
            if spec == record.spec:
                for chosen in product(*(entities.get(needed, {}) for needed in other.params.values())):
                    params = dict(zip(other.params, chosen, strict=True))
                    itself = name == record.action and params == record.params
                    if not itself and isinstance(_outcome(other, chosen), tuple):
                        yield Allowed(spec, name, params, ACCEPTED)


def _refuses(rule: str) -> str:
    return "refuses it: nothing could cause it here" if rule == ENVIRONMENT else f"refuses it by {rule}"


def _compile(rows: Rows, index: Mapping[str, int], state: Mapping[str, dict[Key, Leaf]], table: Table) -> _Case:
    def place(slot: Slot) -> tuple[dict[Key, Leaf], Picker]:
        indices = [index[param] for param in slot.params]
        return state[slot.variable], itemgetter(*indices) if indices else lambda args: ()

    return _Case(
        reads=tuple((*place(slot), table.variables[slot.variable].initial) for slot in rows.reads),
        writes=tuple(map(place, rows.writes)),
        rows=rows.rows,
        named=rows.reads,
    )


def _outcome(action: _Action, args: Sequence[Any]) -> Outcome | None:
    case = action.find(args)
    if case is None:
        return None
    return case.rows.get(tuple(values.get(key(args), initial) for values, key, initial in case.reads))


def _state(action: _Action, args: Sequence[Any]) -> dict[str, Leaf]:
    """The slots that decide an act, by the ids of the log."""
    case = action.find(args)
    if case is None:
        return {}
    entity = dict(zip(action.params, args, strict=True))
    return {
        slot.variable + "".join(f"[{entity[param]}]" for param in slot.params): values.get(key(args), initial)
        for slot, (values, key, initial) in zip(case.named, case.reads, strict=True)
    }
