"""A specification's situations as its charts meet them.

Most of what an action involves is nothing to the charts that take part in it: they know their own state and the facts
they are told.  What they are asked, and what the specification wants them to answer, is a *scene*.  Many situations
come down to one scene, so comparing the charts in every scene is to compare them in every state, for every instance of
every action.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from .bindings import Binding, View
from .errors import ConformanceError
from .situations import Case, Local, Situation
from .slots import Leaf, Slot, first_params, slot


class UnboundError(ConformanceError):
    """A spec, or one of its actions, is bound to no charts."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One chart's part: the variable whose slot it is the life of, its state, and the facts.

    `after` is the state in which the specification wants it, None where the action is refused.
    """

    variable: str
    state: str
    facts: Any
    after: str | None

    def __str__(self) -> str:
        told = ""
        if is_dataclass(self.facts):
            told = " if " + ", ".join(_fact(fact.name, getattr(self.facts, fact.name)) for fact in fields(self.facts))
        return self.state + told


@dataclass(frozen=True, slots=True)
class Scene:
    """What an action asks of the charts that take part.

    `rule` is the one that refuses the action, None where it happens; `moved` are the variables of charts that take no
    part and yet have a slot that changes.
    """

    action: str
    asks: tuple[Ask, ...]
    rule: str | None
    moved: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scenes:
    """All scenes of one spec, each with how many states and instances it stands for, and the first of them."""

    local: Local
    counts: dict[Scene, int]
    examples: dict[Scene, str]


def scenes_of(local: Local, binding: Binding) -> Scenes:
    """The scenes of a spec's situations.  Raises `UnboundError` where an action is bound to no charts."""
    if unbound := local.params.keys() - binding.parts.keys():
        raise UnboundError(f"{local.spec}: no charts are bound to {', '.join(sorted(unbound))}")
    found = Scenes(local, {}, {})
    for case in local.cases:
        for situation, scene in _scenes(local, binding, case):
            found.counts[scene] = found.counts.get(scene, 0) + situation.count
            found.examples.setdefault(scene, situation.example)
    return found


def _scenes(local: Local, binding: Binding, case: Case) -> Iterator[tuple[Situation, Scene]]:
    params, actor = local.params[case.action], local.actors.get(case.action)
    first = first_params(params, case.equal)
    index = {str(involved): at for at, involved in enumerate(case.slots)}

    def place(text: str) -> int:
        written = slot(text)
        return index[str(Slot(written.variable, tuple(first[param] for param in written.params)))]

    def same(one: str, two: str) -> bool:
        return first[one] == first[two]

    parts = [(slot(text).variable, place(text)) for text in binding.parts[case.action]]
    asked = {at for _, at in parts}
    others = [
        (at, involved.variable)
        for at, involved in enumerate(case.slots)
        if involved.variable in binding.charts and at not in asked
    ]
    for situation in case.situations:
        before, outcome = situation.before, situation.outcome

        def see(text: str, before: tuple[Leaf, ...] = before) -> Leaf:
            return before[place(text)]

        view = View(see, same, local.constants, tuple(params), actor)
        after = None if isinstance(outcome, str) else outcome
        yield (
            situation,
            Scene(
                action=case.action,
                asks=tuple(
                    Ask(
                        variable,
                        str(before[at]),
                        binding.facts[variable](view) if variable in binding.facts else None,
                        None if after is None else str(after[at]),
                    )
                    for variable, at in parts
                ),
                rule=outcome if isinstance(outcome, str) else None,
                moved=()
                if after is None
                else tuple(dict.fromkeys(variable for at, variable in others if before[at] != after[at])),
            ),
        )


def _fact(name: str, holds: bool) -> str:
    return name if holds else f"not {name}"
