"""Explore a spec with a model checker into its labelled graph, refusals included.

Neither checker prints parameters of actions, nor why an action is not enabled. So the spec is wrapped: every step goes
first to a node that remembers the label (`act__`) and from there, unchanged, to a node that holds what is refused in
that state and by which rule (`why__`), computed by the checker from the spec's own guards. Both checkers explore the
same wrapped text, which is also what the graph's hash is of.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

from .actions import Action, actions, behaviour
from .checker import Checker
from .dot import Dot, parse_dot
from .errors import GraphError, SpecError
from .graph import ActionInfo, Graph
from .slicing import sliced
from .specs import SpecModel, Specs
from .syntax import parse, text_of
from .tlacfg import Config
from .values import canonical, parse_value

_AUXILIARY = ("act__", "why__")
_START = "Init__"  # the label by which the initial states are told from the others


@dataclass(frozen=True)
class Wrapped:
    """The text that a checker explores."""

    module: str
    text: str
    config: Config
    variables: tuple[str, ...]
    actions: tuple[Action, ...]

    @property
    def sha256(self) -> str:
        """The hash by which a graph, and what is generated from it, names its spec."""
        return hashlib.sha256((self.text + self.config.render()).encode()).hexdigest()


def wrap(model: SpecModel) -> Wrapped:
    """Wrap a model's spec. Raises `SpecError` where it is not of the form that the lint enforces."""
    whole = model.flat.parsed()
    formula = behaviour(whole, model.config)
    found = actions(model.flat, model.config)
    source = sliced(whole, (*formula.init, *(action.name for action in found)))
    lines = []
    for unit in source.units:
        if unit.type == "variable_declaration":
            lines.append(f"VARIABLES {', '.join((*_AUXILIARY, *source.variables))}")
        else:
            lines.append(text_of(unit).rstrip())
    for action in found:
        lines += _refusal(action)
    lines += _why(found)
    lines += [
        "Init__ ==",
        *(f"  /\\ {name}" for name in formula.init),
        f'  /\\ act__ = <<"{_START}">>',
        "  /\\ why__ = <<>>",
    ]
    lines += ["Next__ ==", "  \\/ /\\ act__ = <<>>", "     /\\ why__' = <<>>"]
    lines += [f"     /\\ {_labelled(found[0])}"] if len(found) == 1 else _disjunction(found)
    kept = ", ".join(source.variables)
    lines += ["  \\/ /\\ act__ # <<>>", "     /\\ act__' = <<>>", "     /\\ why__' = Why__"]
    lines += [f"     /\\ UNCHANGED <<{kept}>>"]
    text = "\n".join([f"---- MODULE {source.name} ----", *lines, "====", ""])
    config = Config(model.config.path, init="Init__", next="Next__", constants=model.config.constants)
    parse(Path(f"{source.name}.wrapped.tla"), text.encode())
    return Wrapped(source.name, text, config, source.variables, tuple(found))


def _refusal(action: Action) -> list[str]:
    """``Refusal__A(p)``: the rule of the first guard that fails, "" where none does."""
    head = f"({', '.join(action.params)})" if action.params else ""
    lines = []
    chain = []
    for number, guard in enumerate(action.guards):
        # A definition of its own keeps the guard's lines at their columns, on which junction lists depend.
        lines += [f"Guard{number}__{action.name}{head} ==", guard.text]
        chain.append(f'  IF ~Guard{number}__{action.name}{head} THEN "{guard.rule}" ELSE')
    return [*lines, f"Refusal__{action.name}{head} ==", *chain, '  ""']


def _why(found: list[Action]) -> list[str]:
    """``Why__``: by action, the parameters for which it is refused, each with the rule."""
    fields = []
    for action in found:
        refusal = f"Refusal__{action.name}"
        if action.params:
            refusal += f"({', '.join(action.params)})"
            tuples = f"{{<<{', '.join((refusal, *action.params))}>> : {_bounds(action)}}}"
            fields.append(f'  {action.name} |-> {{r__ \\in {tuples} : r__[1] # ""}}')
        else:
            fields.append(f'  {action.name} |-> IF {refusal} = "" THEN {{}} ELSE {{<<{refusal}>>}}')
    return ["Why__ == [", ",\n".join(fields) + "]"]


def _bounds(action: Action) -> str:
    return ", ".join(f"{name} \\in {over}" for name, over in zip(action.params, action.sets, strict=True))


def _labelled(action: Action) -> str:
    label = ", ".join((f'"{action.name}"', *action.params))
    if not action.params:
        return f"({action.name} /\\ act__' = <<{label}>>)"
    call = f"{action.name}({', '.join(action.params)})"
    return f"(\\E {_bounds(action)} : {call} /\\ act__' = <<{label}>>)"


def _disjunction(found: list[Action]) -> list[str]:
    first, *rest = (_labelled(action) for action in found)
    return [f"     /\\ \\/ {first}", *(f"        \\/ {step}" for step in rest)]


def build_graph(specs: Specs, area: str, checker: Checker) -> Graph:
    """Explore the graph model of an area. Raises `SpecError`, `CheckerFailedError` or `GraphError`."""
    entry = specs.area(area)
    if entry.graph is None:
        raise SpecError(f"{area}: the manifest names no model for its graph")
    model = specs.model(entry.graph)
    wrapped = wrap(model)
    infos = {}
    for action in wrapped.actions:
        listed = entry.actions.get(action.name)
        if listed is None:
            raise SpecError(f"{specs.root / 'manifest.json'}: {area}: the action {action.name} is not listed")
        infos[action.name] = ActionInfo(action.params, action.sets, listed.by, listed.actor, listed.answer)
    dot = parse_dot(checker.explore(wrapped.module, wrapped.text, wrapped.config), (*_AUXILIARY, *wrapped.variables))
    init, states, edges, refusals = _canonical(dot, wrapped)
    return Graph(
        spec=area,
        model=entry.graph,
        sha256=wrapped.sha256,
        constants=model.config.values,
        vars=wrapped.variables,
        ghosts=entry.ghosts,
        actions=infos,
        scope=entry.scope,
        init=init,
        states=states,
        edges=edges,
        refusals=refusals,
    )


def _canonical(dot: Dot, wrapped: Wrapped) -> tuple[Any, Any, Any, Any]:
    """Initial states, states, edges and refusals in an order that does not depend on the checker."""
    value = cache(parse_value)
    text_of_state: dict[tuple[str, ...], str] = {}  # a state's values as the checker prints them → its canonical text
    states: dict[str, dict[str, Any]] = {}
    names: dict[str, str] = {}  # a node → the canonical text of its state
    labels: dict[str, Any] = {}
    refused: dict[str, dict[str, Any]] = {}
    for node, (act, why, *printed) in dot.nodes.items():
        key = tuple(printed)
        if key not in text_of_state:
            state = dict(zip(wrapped.variables, map(value, printed), strict=True))
            text_of_state[key] = canonical(state)
            states[text_of_state[key]] = state
        names[node], labels[node] = text_of_state[key], value(act)
        if not labels[node]:
            refused[names[node]] = cast(dict[str, Any], value(why))
    steps: defaultdict[str, set[tuple[str, str, str]]] = defaultdict(set)  # (target, action, parameters as JSON)
    for source, target in dot.edges:
        if label := labels[target]:
            steps[names[source]].add((names[target], label[0], canonical(label[1:])))
    init = {names[node] for node, label in labels.items() if label == [_START]}
    at = _numbered(init, {name: {step[0] for step in found} for name, found in steps.items()})
    if len(at) != len(states):
        raise GraphError(f"{wrapped.module}: {len(states)} states, of which {len(at)} are connected")
    edges = [
        (at[source], at[target], action, tuple(json.loads(params)))
        for source, found in steps.items()
        for target, action, params in found
    ]
    refusals = [
        (at[name], action, tuple(params), rule)
        for name, by_action in refused.items()
        for action, found in by_action.items()
        for rule, *params in (found["$set"])
    ]
    return (
        tuple(sorted(at[name] for name in init)),
        tuple(states[name] for name in at),
        tuple(sorted(edges, key=lambda row: (row[0], row[2], canonical(row[3]), row[1]))),
        tuple(sorted(refusals, key=lambda row: (row[0], row[1], canonical(row[2])))),
    )


def _numbered(init: set[str], targets: dict[str, set[str]]) -> dict[str, int]:
    """Number the states by their distance from the initial ones, equally distant ones by their text."""
    at: dict[str, int] = {}
    level = sorted(init)
    while level:
        at |= {name: len(at) + offset for offset, name in enumerate(level)}
        level = sorted({target for name in level for target in targets.get(name, ())} - at.keys())
    return at
