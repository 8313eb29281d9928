"""Behaviour tables: what a specification allows, small enough to ship, read and look up.

A table is a state graph from which everything is left out that cannot matter.  `situations` has verified that an act
depends on the slots it involves and on nothing else.  Of those slots, an action with one pattern of equal parameters
*reads* only some, and *writes* only some.  What remains of the 9,801 states of a conference is a page:

    EnterRoom(m, p, n, q, t) where n = m, q = p      reads room[m], ticket[m][p][t]
        "open", "granted"  →  ticket[m][p][t] = "present", …
        "closed", "granted"  →  refused by CONF-005
        …

**Why a small world judges a large one.**  A server has thousands of accounts, the graph has two.  But an act of the
server involves a few slots only.  By its parameters it is an instance of one action with one pattern of equal
parameters, and by the values of its slots it is in one situation.  Because the action is local, the outcome that the
graph has for that situation is its outcome in every world.  So a log of any number of entities is replayed with one
look into a table for each record.  Values of the slots read that the graph never had together are not guessed at:
replay says that they are outside what the model explored.

That a slot is not read is a conclusion from the graph, and as good as the graph.  Two worlds keep it honest: in the
graph of a conference people hold tickets for both rooms at once, as they must if an own ticket could help at another
door; and a test holds its table to that of the larger world that is model-checked.

**What is left out.**  A slot is not read if the outcome is a function of the other slots read, over all situations of
the graph.  Ghosts, and then variables and parameters declared later, are left out first: where `roster` follows from
`ticket`, the table reads `ticket`.  A slot is not written if no accepted act changes it.

The JSON form has one line for each row::

    {"schema": 1, "spec": "Auth", "sha256": …, "constants": {…},
     "variables": {"session": {"keys": ["Accounts", "Sessions"], "initial": "none"}, …},
     "actions": {"LogIn": {"params": {"a": "Accounts", "s": "Sessions"}, "cases": [
       {"where": [], "reads": ["account[a]", "session[a][s]"], "writes": ["fails[a]", "session[a][s]"], "rows": [
         {"before": ["active", "none"], "after": [0, "live"]},
         {"before": ["locked", "none"], "rule": "AUTH-001"}, …
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from .errors import ConformanceError
from .graph import Graph
from .situations import Case, Local, Outcome, Values, situations
from .slots import Equal, Leaf, Slot, pairs, pattern, slot

SCHEMA: Final = 1
_WIDTH: Final = 120


class TableError(ConformanceError):
    """A table's file cannot be read, or is not what its schema says."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of the spec: the sets of its keys, and what each of its slots holds at first."""

    keys: tuple[str, ...]
    initial: Leaf


@dataclass(frozen=True, slots=True)
class Rows:
    """One action with one pattern of equal parameters: from the slots read to the slots written, or to a rule."""

    reads: tuple[Slot, ...]
    writes: tuple[Slot, ...]
    rows: Mapping[Values, Outcome]


@dataclass(frozen=True, slots=True)
class Action:
    """An action: its parameters, in order, with their sets, and its rows for each pattern of equal parameters."""

    params: Mapping[str, str]
    cases: Mapping[Equal, Rows]


@dataclass(frozen=True, slots=True)
class Table:
    """What one spec allows.  `sha256` is that of the graph it comes from."""

    spec: str
    sha256: str
    constants: Mapping[str, Any]
    variables: Mapping[str, Variable]
    actions: Mapping[str, Action]

    @property
    def policy(self) -> dict[str, Leaf]:
        """The constants that are no sets of entities, such as `MaxFail`: a log must have been written with the same."""
        return {name: value for name, value in self.constants.items() if isinstance(value, (bool, int, str))}


def build(graph: Graph) -> Table:
    """The table of a state graph.  Raises `LocalityError` and `GraphError`, as `situations` does."""
    return reduce(situations(graph))


def reduce(local: Local) -> Table:
    """The table of a spec's situations, with only those slots that matter."""
    cases: dict[str, dict[Equal, Rows]] = {name: {} for name in local.params}
    for case in local.cases:
        cases[case.action][case.equal] = _rows(case, local.ghosts)
    return Table(
        spec=local.spec,
        sha256=local.sha256,
        constants=local.constants,
        variables={name: Variable(keys, local.initial[name]) for name, keys in local.variables.items()},
        actions={name: Action(params, cases[name]) for name, params in local.params.items()},
    )


def _rows(case: Case, ghosts: Sequence[str]) -> Rows:
    accepted = [(seen.before, seen.outcome) for seen in case.situations if not isinstance(seen.outcome, str)]
    every = range(len(case.slots))
    writes = [at for at in every if any(before[at] != after[at] for before, after in accepted)]
    outcomes = [
        (seen.before, seen.outcome if isinstance(seen.outcome, str) else tuple(seen.outcome[at] for at in writes))
        for seen in case.situations
    ]
    reads = list(every)
    for at in sorted(every, key=lambda at: (case.slots[at].variable not in ghosts, -at)):
        fewer = [other for other in reads if other != at]
        if _functional(outcomes, fewer) is not None:
            reads = fewer
    rows = _functional(outcomes, reads)
    assert rows is not None  # noqa: S101 - all slots together tell every situation apart
    return Rows(tuple(case.slots[at] for at in reads), tuple(case.slots[at] for at in writes), rows)


def _functional(outcomes: Iterable[tuple[Values, Outcome]], reads: Sequence[int]) -> dict[Values, Outcome] | None:
    """The outcomes by the slots in `reads`, or None where those do not determine them."""
    rows: dict[Values, Outcome] = {}
    for before, outcome in outcomes:
        if rows.setdefault(tuple(before[at] for at in reads), outcome) != outcome:
            return None
    return rows


def to_json(table: Table) -> str:
    """The table's text: deterministic, one line for each row."""
    raw = {
        "schema": SCHEMA,
        "spec": table.spec,
        "sha256": table.sha256,
        "constants": dict(sorted(table.constants.items())),
        "variables": {
            name: {"keys": list(variable.keys), "initial": variable.initial}
            for name, variable in table.variables.items()
        },
        "actions": {
            name: {
                "params": dict(action.params),
                "cases": [_case_json(action.params, equal, action.cases[equal]) for equal in sorted(action.cases)],
            }
            for name, action in table.actions.items()
        },
    }
    return _pretty(raw) + "\n"


def _case_json(params: Mapping[str, str], equal: Equal, rows: Rows) -> dict[str, Any]:
    return {
        "where": list(pattern(params, equal)),
        "reads": [str(slot) for slot in rows.reads],
        "writes": [str(slot) for slot in rows.writes],
        "rows": [
            {"before": list(before)} | ({"rule": outcome} if isinstance(outcome, str) else {"after": list(outcome)})
            for before, outcome in sorted(rows.rows.items())
        ],
    }


def _pretty(value: Any, indent: str = "") -> str:
    """JSON in which whatever fits on a line stands on one."""
    flat = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, (dict, list)) or (len(indent) + len(flat) <= _WIDTH and _shallow(value)):
        return flat
    deeper = indent + " "
    if isinstance(value, dict):
        items = [f"{json.dumps(key, ensure_ascii=False)}: {_pretty(item, deeper)}" for key, item in value.items()]
    else:
        items = [_pretty(item, deeper) for item in value]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    joined = f",\n{deeper}".join(items)
    return f"{opening}\n{deeper}{joined}\n{indent}{closing}"


def _shallow(value: Any) -> bool:
    """Whether no container stands more than one level below `value`."""
    inner = value.values() if isinstance(value, dict) else value
    return not any(
        isinstance(below, (dict, list))
        for item in inner
        if isinstance(item, (dict, list))
        for below in (item.values() if isinstance(item, dict) else item)
    )


def from_json(text: str) -> Table:
    """Read a table's text.  Raises `TableError`."""
    try:
        raw = json.loads(text)
        if raw["schema"] != SCHEMA:
            raise TableError(f"not a behaviour table of schema {SCHEMA}")
        return Table(
            spec=raw["spec"],
            sha256=raw["sha256"],
            constants=raw["constants"],
            variables={
                name: Variable(tuple(given["keys"]), given["initial"]) for name, given in raw["variables"].items()
            },
            actions={
                name: Action(given["params"], dict(_case(given["params"], case) for case in given["cases"]))
                for name, given in raw["actions"].items()
            },
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise TableError(f"not a behaviour table: {error}") from error


def _case(params: Mapping[str, str], raw: Mapping[str, Any]) -> tuple[Equal, Rows]:
    equal = tuple(" = " in text for text in raw["where"])
    if pattern(params, equal) != tuple(raw["where"]) or len(equal) != len(pairs(params)):
        raise ValueError(f"no pattern of the parameters {', '.join(params)}: {raw['where']}")
    rows: dict[Values, Outcome] = {
        tuple(row["before"]): tuple(row["after"]) if "after" in row else row["rule"] for row in raw["rows"]
    }
    return equal, Rows(tuple(map(slot, raw["reads"])), tuple(map(slot, raw["writes"])), rows)


def write_tables(graphs: Iterable[Graph], folder: Path) -> list[Path]:
    """Write `SPEC.json` for every graph into `folder`, which is made; returns the files, in order of their names."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for graph in graphs:
        file = folder / f"{graph.spec}.json"
        file.write_text(to_json(build(graph)), encoding="utf-8", newline="\n")
        files.append(file)
    return sorted(files)


def load_tables(folder: Path) -> dict[str, Table]:
    """Read all tables of a folder, by spec.  Raises `TableError` where there is none, or one cannot be read."""
    found = {}
    for file in sorted(folder.glob("*.json")):
        try:
            table = from_json(file.read_text(encoding="utf-8"))
        except OSError as error:
            raise TableError(f"{file}: cannot be read: {error.strerror}") from error
        except TableError as error:
            raise TableError(f"{file}: {error}") from error
        found[table.spec] = table
    if not found:
        raise TableError(f"{folder}: no behaviour tables here; `incamera-conformance generate` writes them")
    return found
