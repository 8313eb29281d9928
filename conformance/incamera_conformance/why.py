"""Why a request is refused: everything the project says about one rule, from the spec to the vectors."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from incamera.wire.rules import RULES

from .bindings import BINDINGS
from .errors import ConformanceError
from .rules import Place, collect
from .specs import Specs
from .syntax import Definition, Source, line_of, parse


class NoSuchRuleError(ConformanceError):
    """No specification states the rule."""


@dataclass(frozen=True, slots=True)
class Use:
    """A definition of a spec that names a rule, and where: `spec/auth/Auth.tla:61`."""

    name: str
    place: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """A chart that refuses an event by a rule, and the guard that then does not hold."""

    chart: str
    event: str
    guard: str


@dataclass(frozen=True, slots=True)
class Why:
    """One rule.

    `guards` are the actions that are refused by it, `claims` the invariants and properties that protect it.  `status`
    is that of its refusals over HTTP, None if the rule refuses no request.  `vectors` are the titles of the generated
    cases that carry it.
    """

    rule: str
    sentence: str
    place: str
    status: int | None
    guards: tuple[Use, ...]
    claims: tuple[Use, ...]
    charts: tuple[Refusal, ...]
    vectors: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def why(rule: str, specs: Specs, vectors: Path) -> Why:
    """What there is to know about a rule.  Raises `NoSuchRuleError`, and `SpecError` where a spec cannot be read."""
    sources = [parse(specs.root / area.module) for area in specs.manifest.areas.values()]
    rules = collect(sources)
    found = rules.get(rule.upper())
    if found is None:
        near = get_close_matches(rule.upper(), rules, n=3) or list(rules)
        raise NoSuchRuleError(f"no specification states a rule {rule}; there are {', '.join(near)}, …")
    actions = {name for area in specs.manifest.areas.values() for name in area.actions}
    uses = [(definition.name, place) for definition, place in _uses(sources, found.uses)]
    return Why(
        rule=found.id,
        sentence=found.sentence,
        place=_told(found.place, specs),
        status=RULES[found.id].status if found.id in RULES else None,
        guards=tuple(Use(name, _told(place, specs)) for name, place in uses if name in actions),
        claims=tuple(Use(name, _told(place, specs)) for name, place in uses if name not in actions),
        charts=tuple(_refusals(found.id)),
        vectors=tuple(_titles(found.id, vectors)),
    )


def _uses(sources: Iterable[Source], places: Iterable[Place]) -> Iterator[tuple[Definition, Place]]:
    """The definition within which each place is, or directly above which it stands as a comment."""
    for source in sources:
        comments = {line_of(node) for node in source.comments}
        for place in places:
            if place.file != source.path:
                continue
            for definition in source.definitions.values():
                last = definition.node.end_point.row + 1
                above = all(line in comments for line in range(place.line, definition.line))
                if definition.line <= place.line <= last or (place.line < definition.line and above):
                    yield definition, place


def _told(place: Place, specs: Specs) -> str:
    """A place by its path from the folder that holds the specs."""
    return f"{place.file.relative_to(specs.root.parent)}:{place.line}"


def _refusals(rule: str) -> Iterator[Refusal]:
    for binding in BINDINGS.values():
        for chart in binding.charts.values():
            for event, guards in chart.guards.items():
                for guard, refusing in guards.items():
                    if refusing == rule:
                        yield Refusal(chart.__name__, event, guard)


def _titles(rule: str, vectors: Path) -> Iterator[str]:
    """The titles of the cases that carry the rule; none before any are generated."""
    for file in sorted(vectors.glob("*/*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            if rule in line and f"[{rule}]" in (title := json.loads(line)["title"]):
                yield title
