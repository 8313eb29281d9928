"""The rules for specs, which keep them in the subset of TLA+ that both checkers read alike.

``lintrules`` judges one module; here the folder is put together: models, configurations and the manifest.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from . import lintrules
from .actions import actions
from .checker.capability import is_liveness
from .errors import SpecError
from .levels import Levels
from .lintrules import Violation
from .rules import Place
from .specs import SpecModel, Specs
from .syntax import Source

__all__ = ["Violation", "lint"]


def lint(specs: Specs) -> list[Violation]:
    """Every violation in the spec folder, by file and line; a file that cannot be read is one as well."""
    found: set[Violation] = set()
    models = []
    for name in specs.manifest.models:
        try:
            model = specs.model(name)
            model.flat.parsed()
        except SpecError as error:
            found.add(_unreadable(specs, error))
        else:
            models.append(model)
    listed = {name for model in models for name in model.config.invariants}
    own = {specs.root / area.module for area in specs.manifest.areas.values()}
    for model in models:
        found |= set(_model(model))
        flat = model.flat.parsed()
        levels = Levels(flat)
        for source in model.flat.sources:
            found |= set(lintrules.module(source, flat, levels, listed))
            if source.path in own:
                found |= set(lintrules.guards(source, flat, levels, _actions_of(model, source)))
    found |= set(_areas(specs, models))
    found |= set(_strays(specs))
    return sorted(found, key=lambda violation: (str(violation.place.file), violation.place.line, violation.rule))


def _unreadable(specs: Specs, error: SpecError) -> Violation:
    where, _, sentence = str(error).partition(": ")
    file, _, line = where.rpartition(":")
    if file and line.isdigit():
        return Violation(Place(Path(file), int(line)), "readable", sentence)
    return Violation(Place(specs.root / "manifest.json", 1), "readable", str(error))


def _actions_of(model: SpecModel, source: Source) -> set[str]:
    """The names of the actions that a module defines and a model's Next lists; none where Next is of another form."""
    try:
        return {name for name, _ in lintrules.next_calls(model)} & set(source.definitions)
    except SpecError:
        return set()


def _model(model: SpecModel) -> Iterator[Violation]:
    """Rules about a configuration and about Next."""
    config, flat = model.config, model.flat.parsed()
    at = Place(config.path, 1)
    for word in config.foreign:
        yield Violation(at, "cfg", f"{word}: only SPECIFICATION, CONSTANTS, INVARIANTS, PROPERTIES and CHECK_DEADLOCK")
    if not config.foreign:
        try:
            _ = config.values
        except SpecError as error:
            yield Violation(at, "cfg", str(error).removeprefix(f"{config.path}: "))
    for name in sorted(set(config.roots) - set(flat.definitions)):
        yield Violation(at, "names", f"{name} is not defined in {model.module.name}")
    for name in sorted(set(config.constants) ^ set(flat.constants)):
        yield Violation(
            at,
            "names",
            f"the constant {name} is {'' if name in flat.constants else 'not declared, but '}given"
            if name in config.constants
            else f"the constant {name} is given no value",
        )
    levels = Levels(flat)
    for name in config.properties:
        if name in flat.definitions and not is_liveness(flat, levels, flat.definitions[name].body):
            yield Violation(at, "property", f"{name} is none of <>P, []<>P, <>[]P, P ~> Q about states")
    if (culprit := model.entry.culprit) and culprit not in (*config.invariants, *config.properties):
        yield Violation(at, "manifest", f"{culprit}, expected to be violated, is not listed here")
    yield from lintrules.next_form(model)


def _areas(specs: Specs, models: list[SpecModel]) -> Iterator[Violation]:
    """Rules about what the manifest says of actions and entities."""
    at = Place(specs.root / "manifest.json", 1)
    by_name = {model.name: model for model in models}
    for name, area in specs.manifest.areas.items():
        model = by_name.get(area.graph or "")
        if model is None:
            continue
        try:
            found = {action.name: action for action in actions(model.flat, model.config)}
        except SpecError:
            continue  # said by another rule, at its line
        for action in sorted(found.keys() ^ area.actions.keys()):
            where = "is not in Next" if action in area.actions else "is not listed"
            yield Violation(at, "manifest", f"{name}: the action {action} {where}")
        for action in sorted(found.keys() & area.actions.keys()):
            actor = area.actions[action].actor
            if actor is not None and actor not in found[action].params:
                yield Violation(at, "manifest", f"{name}: {action} has no parameter {actor} to be its actor")
            for param in found[action].params:
                if param not in area.scope:
                    yield Violation(at, "manifest", f"{name}: no scope for the parameter {param} of {action}")
        constants = model.flat.parsed().constants
        for param, entities in sorted(area.scope.items()):
            if entities not in constants:
                yield Violation(at, "manifest", f"{name}: the scope of {param} is no constant: {entities}")
        for ghost in sorted(set(area.ghosts) - set(model.flat.parsed().variables)):
            yield Violation(at, "manifest", f"{name}: the ghost {ghost} is no variable")


def _strays(specs: Specs) -> Iterator[Violation]:
    """A configuration that no model of the manifest names is never checked."""
    named = {specs.root / model.cfg for model in specs.manifest.models.values()}
    for file in sorted(specs.root.rglob("*.cfg")):
        if file not in named:
            yield Violation(Place(file, 1), "manifest", "no model of the manifest names this configuration")
