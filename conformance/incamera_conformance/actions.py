"""The actions of a spec: what `Next` consists of, and the guards of each in the order in which they are told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import SpecError
from .flatten import Flat
from .levels import Level, Levels
from .rules import guard_rules
from .syntax import Definition, Source, line_of, text_of, walk

if TYPE_CHECKING:
    from tree_sitter import Node

    from .tlacfg import Config


@dataclass(frozen=True)
class Guard:
    """A conjunct that must hold for an action to happen; `text` keeps the columns of its lines."""

    text: str
    rule: str


@dataclass(frozen=True)
class Action:
    """``\\E p \\in S, … : Name(p, …)``. `sets` are the texts of S, one for each parameter."""

    name: str
    params: tuple[str, ...]
    sets: tuple[str, ...]
    guards: tuple[Guard, ...]


@dataclass(frozen=True)
class Behaviour:
    """What a model's specification formula consists of, fairness apart."""

    init: tuple[str, ...]
    next: str


def behaviour(source: Source, config: Config) -> Behaviour:
    """The initial conditions and the next-state relation of a model. Raises `SpecError`."""
    if config.init and config.next:
        return Behaviour((config.init,), config.next)
    definition = source.definitions.get(config.specification or "")
    if definition is None:
        raise SpecError(f"{config.path}: SPECIFICATION {config.specification} is not defined")
    levels = Levels(source)
    steps = [node for node in walk(definition.body) if node.type == "step_expr_or_stutter"]
    if len(steps) != 1 or steps[0].named_children[0].type != "identifier_ref":
        raise SpecError(f"{config.path}: {definition.name} is not of the form Init /\\ [][Next]_vars")
    names = [node for node in walk(definition.body) if node.type == "identifier_ref"]
    init = tuple(
        text_of(node)
        for node in names
        if levels.of_name(text_of(node)) == Level.STATE
        and text_of(node) not in source.variables
        and node.parent is not None
        and node.parent.type in {"bound_infix_op", "conj_item"}
    )
    return Behaviour(init, text_of(steps[0].named_children[0]))


def actions(flat: Flat, config: Config) -> list[Action]:
    """The actions of a model in the order of `Next`. Raises `SpecError` where it is not of the required form."""
    source = flat.parsed()
    levels = Levels(source)
    found: dict[str, Action] = {}
    for name, bounds in calls(source, behaviour(source, config).next):
        if name in found:
            raise SpecError(f"{source.path.name}: {name} occurs twice in Next")
        definition = source.definitions[name]
        texts = [_indented(node) for node in leading_guards(definition, levels)]
        rules = _rules(flat, name, levels)
        if len(rules) != len(texts):
            raise SpecError(f"{source.path.name}: {name}: the guards cannot be told apart")
        guards = tuple(Guard(text, rule) for text, rule in zip(texts, rules, strict=True))
        found[name] = Action(name, definition.params, tuple(text for _, text in bounds), guards)
    return list(found.values())


def leading_guards(definition: Definition, levels: Levels) -> list[Node]:
    """The conjuncts before the first one that speaks of the next state."""
    guards = []
    for conjunct in definition.conjuncts:
        if levels.of(conjunct) > Level.STATE:
            break
        guards.append(conjunct)
    return guards


def _rules(flat: Flat, name: str, levels: Levels) -> list[str]:
    """The rules at an action's guards, which only the files still have: flattening leaves comments out."""
    for source in flat.sources:
        if (definition := source.definitions.get(name)) is not None:
            rules = []
            for guard in leading_guards(definition, levels):
                named = guard_rules(guard)
                if len(named) != 1:
                    raise SpecError(
                        f"{source.path}:{line_of(guard)}: a guard names one rule, or `environment`, behind it"
                    )
                rules.append(named[0])
            return rules
    raise SpecError(f"{flat.name}: {name} is an action of an instance; actions are defined in the module itself")


def calls(source: Source, name: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Every ``Name(params)`` of a disjunction with its bounds (variable, set); other disjunctions are followed.

    Raises `SpecError` where the disjunction is of another form.
    """
    found = []
    for disjunct in source.definitions[name].disjuncts:
        node, bounds = disjunct, []
        if node.type == "bounded_quantification" and text_of(node).startswith("\\E"):
            for bound in node.children_by_field_name("bound"):
                over = bound.child_by_field_name("set") if bound.is_named else None
                if over is not None:
                    bounds += [(text_of(v), text_of(over)) for v in bound.children_by_field_name("intro") if v.is_named]
            expression = node.child_by_field_name("expression")
            node = expression if expression is not None else node
        if node.type == "bound_op":
            called = text_of(node.named_children[0])
            arguments = [text_of(child) for child in node.named_children[1:]]
        else:
            called, arguments = text_of(node), []
        definition = source.definitions.get(called)
        if definition is None or arguments != [variable for variable, _ in bounds]:
            raise SpecError(f"{source.path.name}: {name}: not of the form \\E p \\in S : Name(p): {text_of(disjunct)}")
        if not bounds and definition.body.type == "disj_list":
            found += calls(source, called)
        else:
            found.append((called, bounds))
    return found


def _indented(node: Node) -> str:
    return " " * node.start_point.column + text_of(node)
