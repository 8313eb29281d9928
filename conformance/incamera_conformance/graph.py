"""A spec's labelled state graph: the one thing that agreement, generated cases and replay read.

The file is independent of the checker that explored it: states in order of their distance from the initial ones and
then of their canonical text, everything else sorted. Its members::

    schema     1
    spec       area name            model   name of the model explored
    sha256     of the source that the checker explored, configuration included
    constants  name → value         vars    names of the variables, in order
    ghosts     variables that only invariants read
    actions    name → {params, sets, by[, actor][, answer]}
    scope      parameter → name of the constant set of entities it ranges over
    init       indices of initial states
    states     [{variable: value}]
    edges      [[from, to, action, [parameters]]]
    refusals   [[state, action, [parameters], rule]], rule as a requirement id or "environment"

In every state each action is either enabled for its parameters, and an edge, or refused, and a refusal. Values are
those of `incamera_conformance.values`.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any

from .errors import GraphError
from .values import canonical

Label = tuple[str, tuple[Any, ...]]
"""An action and its parameters."""

_ROWS = ("states", "edges", "refusals")


@dataclass(frozen=True)
class ActionInfo:
    """What the manifest and the spec say about an action; `sets` are the sets its parameters range over."""

    params: tuple[str, ...]
    sets: tuple[str, ...]
    by: str
    actor: str | None = None
    answer: str | None = None


@dataclass(frozen=True)
class Graph:
    """See the module's description."""

    spec: str
    model: str
    sha256: str
    constants: dict[str, Any]
    vars: tuple[str, ...]
    ghosts: tuple[str, ...]
    actions: dict[str, ActionInfo]
    scope: dict[str, str]
    init: tuple[int, ...]
    states: tuple[dict[str, Any], ...] = field(repr=False)
    edges: tuple[tuple[int, int, str, tuple[Any, ...]], ...] = field(repr=False)
    refusals: tuple[tuple[int, str, tuple[Any, ...], str], ...] = field(repr=False)

    @cached_property
    def enabled(self) -> list[dict[Label, int]]:
        """For each state, the target of every label that is enabled in it."""
        found: list[dict[Label, int]] = [{} for _ in self.states]
        for source, target, action, params in self.edges:
            found[source][action, params] = target
        return found

    @cached_property
    def refused(self) -> list[dict[Label, str]]:
        """For each state, the rule by which every other label is refused in it."""
        found: list[dict[Label, str]] = [{} for _ in self.states]
        for state, action, params, rule in self.refusals:
            found[state][action, params] = rule
        return found

    def problems(self) -> list[str]:
        """Why this graph cannot serve: actions that never happen, ambiguous labels, guards that do not decide."""
        found = [
            f"{name} never happens: no edge of {self.model}"
            for name in sorted(set(self.actions) - {edge[2] for edge in self.edges})
        ]
        targets: defaultdict[tuple[int, Label], set[int]] = defaultdict(set)
        for source, target, action, params in self.edges:
            targets[source, (action, params)].add(target)
        for (source, label), reached in targets.items():
            if len(reached) > 1:
                found.append(
                    f"{shown(label)} leads from state {source} to {len(reached)} states: {self.states[source]}"
                )
        for state, enabled in enumerate(self.enabled):
            for label in enabled.keys() & self.refused[state].keys():
                rule = self.refused[state][label]
                found.append(f"{shown(label)} is enabled in state {state}, although a guard refuses it by {rule}")
        labels: dict[str, set[Label]] = defaultdict(set)
        for at in range(len(self.states)):
            for label in (*self.enabled[at], *self.refused[at]):
                labels[label[0]].add(label)
        for state in range(len(self.states)):
            for label in set().union(*labels.values()) - self.enabled[state].keys() - self.refused[state].keys():
                found.append(f"{shown(label)} does not happen in state {state}, although all its guards hold")
        return found

    def to_json(self) -> str:
        """The canonical text: one line for each state, edge and refusal."""
        parts = []
        for name, value in sorted(self._members().items()):
            if name in _ROWS:
                rows = ",\n".join(canonical(row) for row in value)
                parts.append(f'"{name}":[\n{rows}\n]')
            else:
                parts.append(f'"{name}":{canonical(value)}')
        return "{" + ",\n".join(parts) + "}\n"

    def _members(self) -> dict[str, Any]:
        actions = {
            name: {key: value for key, value in asdict(info).items() if value is not None}
            for name, info in self.actions.items()
        }
        own = {member.name: getattr(self, member.name) for member in fields(self)}
        return {"schema": 1} | own | {"actions": actions}


def shown(label: Label) -> str:
    """A label as the spec writes it: ``LogIn(ann, s1)``."""
    action, params = label
    return f"{action}({', '.join(map(str, params))})"


def load_graph(path: Path) -> Graph:
    """Read a graph's file. Raises `GraphError`."""
    try:
        return parse_graph(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise GraphError(f"{path}: cannot be read: {error.strerror}") from error
    except GraphError as error:
        raise GraphError(f"{path}: {error}") from error


def parse_graph(text: str) -> Graph:
    """Read a graph's text. Raises `GraphError`."""
    try:
        raw = json.loads(text)
        if raw.pop("schema") != 1:
            raise GraphError("not a state graph of schema 1")
        actions = {
            name: ActionInfo(**info | {"params": tuple(info["params"]), "sets": tuple(info["sets"])})
            for name, info in raw.pop("actions").items()
        }
        return Graph(
            **raw
            | {
                "actions": actions,
                "vars": tuple(raw["vars"]),
                "ghosts": tuple(raw["ghosts"]),
                "init": tuple(raw["init"]),
                "states": tuple(raw["states"]),
                "edges": tuple((a, b, name, tuple(params)) for a, b, name, params in raw["edges"]),
                "refusals": tuple((s, name, tuple(params), rule) for s, name, params, rule in raw["refusals"]),
            }
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise GraphError(f"not a state graph: {error}") from error
