"""Cases from a state graph: what must be accepted, and what must be refused.

Everything is ordered canonically, so that the same graph gives the same bytes.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

from incamera.wire.rules import RULES

from .classes import Classes, Excluded, RefusalClass, entities, leaf
from .errors import ConformanceError
from .graph import Graph
from .paths import Edge, Paths
from .paths import Path as GraphPath
from .slots import slot
from .vectors import (
    FORMAT,
    MANIFEST,
    SCHEMA,
    Action,
    Area,
    By,
    Case,
    Counts,
    Refused,
    Rule,
    Step,
    Variable,
    VectorManifest,
    schema,
)
from .wording import REASONS, circumstances, kebab, kind

WRITTEN = "FORMAT.md"
"""The one file of the vectors that is written by hand."""

LONGEST = 12
"""Steps of a case that shows what is accepted, where that is possible."""

BROUGHT_ABOUT: Mapping[str, tuple[str, str]] = {"Dismiss": ("room[m]", "open")}
"""Acts of the link that a tester can bring about only while a slot has this value.

The TCS allows them always; but the TMMS says them only after an act that its own rules allow: who has to leave an ended
meeting (MTG-004) is not dismissed from it.
"""


@dataclass(frozen=True)
class Generated:
    """The cases of one area and its part of the manifest."""

    area: Area
    accepts: tuple[Case, ...]
    refusals: tuple[Case, ...]


class Generator:
    """Makes the cases of one graph; `order` is the canonical order of its actions."""

    def __init__(self, graph: Graph, order: Sequence[str]) -> None:
        self.graph = graph
        self.order = tuple(order)
        self.name = kebab(graph.spec)
        self.classes = Classes(graph)
        self.paths = Paths(graph, order, self.classes.transient, self._possible)
        self.given = {kind(of): tuple(entities(graph, of)) for of in dict.fromkeys(graph.scope.values())}

    def generate(self) -> Generated:
        """All cases. Raises `GraphError` where a graph is not local."""
        accepts, covered = self._accepts()
        classes = self.classes.refusals()
        refusals = self._refusals(classes)
        excluded = Counter(str(known.excluded) for known in classes if known.excluded)
        edge_classes = {self._kind(edge) for edge in self.graph.edges}
        left = Counter(str(reason) for reason in self._left(covered).values())
        if len(covered) + left.total() != len(edge_classes) or len(refusals) + excluded.total() != len(classes):
            raise ConformanceError(
                f"{self.graph.spec}: the classes that are cases and those that are not do not add up"
            )
        cases = (*accepts, *refusals)
        counts = Counts(
            edge_classes=len(edge_classes),
            edge_classes_covered=len(covered),
            refusal_classes=len(classes),
            refusal_classes_covered=len(refusals),
            excluded=dict(sorted(excluded.items())),
            excluded_edges=dict(sorted(left.items())),
            cases=len(cases),
            steps=sum(len(case.steps) for case in cases),
        )
        return Generated(self._area(counts), accepts, refusals)

    def _accepts(self) -> tuple[tuple[Case, ...], set[object]]:
        made: list[Case] = []
        numbers: Counter[str] = Counter()
        covered: set[object] = set()
        for path, new in self.paths.cover(self._kind, LONGEST):
            covered.update(map(self._kind, new))
            names = list(dict.fromkeys(kebab(action) for _, _, action, _ in new))
            numbers[names[-1]] += 1
            source, _, action, params = new[-1]
            said = circumstances(self.classes.edge_class(source, action, params), self._kinds(action))
            made.append(
                Case(
                    id=f"{self.name}/accept/{names[-1]}/{numbers[names[-1]]}",
                    title=f"MUST accept {_listed(names)} (the last: {', '.join(said)})",
                    area=self.name,
                    given=self.given,
                    steps=self._steps(path),
                )
            )
        return tuple(made), covered

    def _refusals(self, classes: list[RefusalClass]) -> tuple[Case, ...]:
        made = []
        for known in classes:
            reached = [
                (len(self.paths.to(state)), place, params, state)
                for state, params in known.probes
                if (place := self.paths.found_at(state)) is not None
            ]
            if not reached:
                known.excluded = known.excluded or Excluded.UNREACHED
                continue
            *_, params, state = min(reached)
            action = known.situation.action
            said = circumstances(known.situation, self._kinds(action))
            probe = self._step(action, params) | {"expect": Refused(refused=known.rule), "unchanged": True}
            if known.rule not in REASONS:
                raise ConformanceError(f"{known.rule} refuses {action}, and there are no words for that in wording.py")
            do = kebab(action)
            made.append(
                Case(
                    id=f"{self.name}/refuse/{do}/{'-'.join(said).replace(' ', '-')}",
                    title=f"MUST refuse {do} if {REASONS[known.rule]} ({', '.join(said)}) [{known.rule}]",
                    area=self.name,
                    given=self.given,
                    steps=(*self._steps(self.paths.to(state)), Step.model_validate(probe)),
                )
            )
        if len({case.id for case in made}) != len(made):
            raise ConformanceError(f"{self.graph.spec}: two cases have one id")
        return tuple(sorted(made, key=lambda case: case.id))

    def _possible(self, edge: Edge) -> bool:
        source, _, action, params = edge
        if action not in BROUGHT_ABOUT:
            return True
        place, value = BROUGHT_ABOUT[action]
        named = dict(zip(self.graph.actions[action].params, params, strict=True))
        needed = slot(place)
        return leaf(self.graph.states[source][needed.variable], tuple(named[key] for key in needed.params)) == value

    def _left(self, covered: Set[object]) -> dict[object, Excluded]:
        """The edge classes that no case shows, and why. Raises `ConformanceError` if there is no reason."""
        left: dict[object, list[Edge]] = {}
        for edge in self.graph.edges:
            if (kind := self._kind(edge)) not in covered:
                left.setdefault(kind, []).append(edge)
        found: dict[object, Excluded] = {}
        for kind, edges in left.items():
            if not any(map(self._possible, edges)):
                found[kind] = Excluded.NOT_ASKED
            elif all(source in self.classes.transient for source, *_ in edges):
                found[kind] = Excluded.TRANSIENT
            else:
                raise ConformanceError(
                    f"{self.graph.spec}: no case shows {edges[0][2]}{edges[0][3]}, and no reason does"
                )
        return found

    def _kind(self, edge: Edge) -> object:
        source, _, action, params = edge
        return self.classes.edge_class(source, action, params)

    def _kinds(self, action: str) -> dict[str, str]:
        return {param: self.graph.scope[param] for param in self.graph.actions[action].params}

    def _steps(self, path: GraphPath) -> tuple[Step, ...]:
        return tuple(map(self._accepted, path))

    def _accepted(self, edge: Edge) -> Step:
        source, target, action, params = edge
        answer = self.graph.actions[action].answer
        before, after = self.graph.states[source], self.graph.states[target]
        then = {name: change for name in self.classes.variables if (change := _change(before[name], after[name]))}
        expect = Refused(refused=answer) if answer else "ok"
        return Step.model_validate(self._step(action, params) | {"expect": expect, "then": then or None})

    def _step(self, action: str, params: tuple[Any, ...]) -> dict[str, Any]:
        info = self.graph.actions[action]
        named = dict(zip(info.params, params, strict=True))
        by = named.pop(info.actor) if info.by == "request" and info.actor else info.by
        return {"by": by, "do": kebab(action), "with": named}

    def _area(self, counts: Counts) -> Area:
        graph = self.graph
        initial = graph.states[graph.init[0]]
        variables = {}
        for name, sets in self.classes.variables.items():
            values = set(_leaves(initial[name]))
            if len(values) != 1:
                raise ConformanceError(f"{graph.spec}: {name} is not the same for all entities at first")
            variables[name] = Variable(keys=tuple(map(kind, sets)), initial=values.pop())
        actions = {
            kebab(name): Action(
                action=name,
                by=cast(By, info.by),
                params={param: kind(graph.scope[param]) for param in info.params},
                actor=info.actor,
                answer=info.answer,
            )
            for name, info in ((name, graph.actions[name]) for name in self.order)
        }
        constants = {name: value for name, value in graph.constants.items() if name not in graph.scope.values()}
        return Area(
            spec=graph.spec,
            model=graph.model,
            sha256=graph.sha256,
            constants=constants,
            variables=variables,
            actions=actions,
            counts=counts,
        )


def files(
    graphs: Mapping[str, Graph], orders: Mapping[str, Sequence[str]], tables: Mapping[str, str]
) -> dict[str, str]:
    """Every generated file by its path within `vectors/`, with its text.

    `graphs` and the `orders` of their actions by the name of their spec; `tables` are the texts of the behaviour tables
    by their paths.
    """
    made: dict[str, str] = dict(tables)
    areas: dict[str, Area] = {}
    for spec, graph in graphs.items():
        generated = Generator(graph, orders[spec]).generate()
        name = kebab(graph.spec)
        areas[name] = generated.area
        for file, cases in (("accepts", generated.accepts), ("refusals", generated.refusals)):
            made[f"{name}/{file}.jsonl"] = "".join(case.line() + "\n" for case in cases)
    made[SCHEMA] = _json(schema())
    manifest = VectorManifest(
        format=FORMAT,
        areas=areas,
        rules={name: Rule(status=rule.status, sentence=rule.sentence) for name, rule in sorted(RULES.items())},
        files={path: sha256(text.encode()).hexdigest() for path, text in sorted(made.items())},
    )
    made[MANIFEST] = _json(manifest.model_dump(mode="json", exclude_none=True))
    return made


def differences(folder: Path, made: Mapping[str, str]) -> dict[str, str]:
    """What stands in `folder` that is not as generated, to the byte: path → how it differs."""
    found = {}
    for path, text in made.items():
        try:
            old = (folder / path).read_bytes()
        except FileNotFoundError:
            found[path] = "missing"
            continue
        if old != (new := text.encode()):
            before, after = Counter(old.split(b"\n")), Counter(new.split(b"\n"))
            found[path] = f"{(before - after).total()} lines to go, {(after - before).total()} to come"
    left = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    return found | dict.fromkeys(sorted(left - made.keys() - {WRITTEN}), "not generated")


def write(folder: Path, made: Mapping[str, str]) -> None:
    """Write the generated files and remove those that are no longer generated."""
    for path in differences(folder, made):
        if path in made:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(made[path].encode())
        else:
            (folder / path).unlink()


def _change(before: Any, after: Any) -> Any:
    """The slots that differ, as nested as the variable; None if there are none."""
    if before == after:
        return None
    if not isinstance(before, dict):
        return after
    return {key: _change(before[key], after[key]) for key in before if before[key] != after[key]}


def _leaves(value: Any) -> list[Any]:
    return [leaf for part in value.values() for leaf in _leaves(part)] if isinstance(value, dict) else [value]


def _listed(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"
