"""The lint's rules about one module of a spec."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .actions import behaviour, calls
from .checker.capability import foreign_nodes
from .errors import SpecError
from .levels import Level, Levels
from .names import unresolved_nodes
from .rules import ENVIRONMENT, Place, guard_rules, sentences
from .specs import SpecModel
from .syntax import Source, line_of, text_of, walk

if TYPE_CHECKING:
    from tree_sitter import Node

_BEFORE_LIST = frozenset({"/\\", "\\/", "IN", "THEN", "ELSE"})
_LITERALS = {"string": "a string", "nat_number": "a number", "boolean": "a truth value", "tuple_literal": "a tuple"}
_LITERALS |= {"finite_set_literal": "a set", "record_literal": "a record", "negative": "a number"}


@dataclass(frozen=True)
class Violation:
    """A line that breaks a rule, the rule's short name, and what is wrong in one sentence."""

    place: Place
    rule: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.place}: {self.rule}: {self.sentence}"


def module(source: Source, flat: Source, levels: Levels, listed: set[str]) -> Iterator[Violation]:
    """The rules for every module. `flat`: the self-contained module it is part of; `listed`: invariants in some cfg."""

    def at(node: Node, rule: str, sentence: str) -> Violation:
        return Violation(Place(source.path, line_of(node)), rule, sentence)

    if source.name != source.path.stem or source.data.split(b"\n", 1)[0].strip()[:4] != b"----":
        yield at(source.module, "header", f"line 1 is the header of the module {source.path.stem}")
    for node, reason in foreign_nodes(source, flat.variables):
        rule = "range" if node.type.endswith("_number_set") else "construct"
        yield at(node, rule, reason)
    for node in unresolved_nodes(source, (*flat.definitions, *flat.constants, *flat.variables)):
        yield at(node, "names", f"{text_of(node)} is not defined")
    for definition in source.definitions.values():
        if definition.name.startswith("Inv") and not definition.params and definition.name not in listed:
            yield at(definition.node, "invariant", f"{definition.name} is named as an invariant, but no cfg lists it")
    for node in walk(source.module):
        if node.type in {"conj_list", "disj_list"} and not _begins_line(source, node):
            yield at(node, "list", "a junction list begins on a line of its own")
        elif node.type in {"step_expr_or_stutter", "fairness"} and not _has_vars(node):
            yield at(node, "vars", "the subscript is `vars`")
        elif node.type == "bound_infix_op" and (kinds := _mixed(node)):
            yield at(node, "mixed", f"{kinds[0]} is never equal to {kinds[1]}")
    yield from _declarations(source)


def _declarations(source: Source) -> Iterator[Violation]:
    declared = [unit for unit in source.units if unit.type == "variable_declaration"]
    for again in declared[1:]:
        yield Violation(Place(source.path, line_of(again)), "vars", "a module declares its VARIABLES once")
    if declared:
        body = source.definitions["vars"].body if "vars" in source.definitions else None
        members = [text_of(node) for node in body.named_children if node.type == "identifier_ref"] if body else []
        if body is None or body.type != "tuple_literal" or sorted(members) != sorted(source.variables):
            place = Place(source.path, line_of(declared[0]))
            yield Violation(place, "vars", f"vars == <<{', '.join(source.variables)}>> is missing or incomplete")


def guards(source: Source, flat: Source, levels: Levels, actions: set[str]) -> Iterator[Violation]:
    """The rules for the actions of an area's own module, and for the sentences of their requirement ids."""
    used: dict[str, Place] = {}
    for name in sorted(actions):
        definition = source.definitions[name]
        if definition.body.type != "conj_list":
            yield Violation(Place(source.path, definition.line), "action", f"{name} is a list of conjuncts")
            continue
        changing = False
        for conjunct in definition.conjuncts:
            place = Place(source.path, line_of(conjunct))
            symbol = conjunct.child_by_field_name("symbol")
            if symbol is not None and symbol.type == "land":
                yield Violation(place, "action", f"{name}: one conjunct a line")
            if levels.of(conjunct) > Level.STATE:
                changing = True
                continue
            if changing:
                yield Violation(place, "action", f"{name}: guards come before what changes")
            named = guard_rules(conjunct)
            if len(named) != 1:
                yield Violation(place, "guard", f"{name}: behind a guard stands one rule's id, or `environment`")
            used |= {rule: place for rule in named if rule != ENVIRONMENT and rule not in used}
    stated: dict[str, Place] = {}
    for sentence in sentences(source):
        if sentence.rule in stated:
            first = stated[sentence.rule].line
            yield Violation(sentence.place, "sentence", f"{sentence.rule} was stated in line {first} already")
        stated.setdefault(sentence.rule, sentence.place)
    for rule in sorted(used.keys() - stated.keys()):
        yield Violation(used[rule], "sentence", f"{rule} is stated nowhere: \\* {rule}  A sentence.")


def next_calls(model: SpecModel) -> list[tuple[str, list[tuple[str, str]]]]:
    """The actions of a model's Next with their bounds. Raises `SpecError` where Next is of another form."""
    flat = model.flat.parsed()
    return calls(flat, behaviour(flat, model.config).next)


def next_form(model: SpecModel) -> Iterator[Violation]:
    """Next is a disjunction of ``\\E p \\in S : Name(p)``, each action once, each S a constant."""
    flat = model.flat.parsed()
    try:
        name = behaviour(flat, model.config).next
        found = calls(flat, name)
    except SpecError as error:
        yield Violation(Place(model.config.path, 1), "next", str(error).split(": ", 1)[-1])
        return
    place = next(
        (
            Place(source.path, source.definitions[name].line)
            for source in model.flat.sources
            if name in source.definitions
        ),
        Place(model.config.path, 1),
    )
    levels, seen = Levels(flat), set()
    for action, bounds in found:
        if action in seen:
            yield Violation(place, "next", f"{action} occurs twice")
        seen.add(action)
        definition = flat.definitions[action]
        if [variable for variable, _ in bounds] != list(definition.params):
            yield Violation(place, "next", f"{action} is bound by its own parameters: {', '.join(definition.params)}")
    for bound in walk(flat.definitions[name].body):
        over = bound.child_by_field_name("set") if bound.type == "quantifier_bound" else None
        if over is not None and levels.of(over) > Level.CONSTANT:
            yield Violation(place, "next", f"{text_of(over)} changes: parameters range over constant sets")


def _begins_line(source: Source, node: Node) -> bool:
    line = source.data.split(b"\n")[node.start_point.row][: node.start_point.column].decode()
    return all(word in _BEFORE_LIST for word in line.split())


def _has_vars(node: Node) -> bool:
    names = node.named_children[-1:] if node.type == "step_expr_or_stutter" else node.named_children[:1]
    return [text_of(name) for name in names] == ["vars"]


def _mixed(node: Node) -> tuple[str, str] | None:
    """The kinds of two literals that are compared and never equal.

    What has to be evaluated is not looked at: that a variable is compared with something that it never holds, only TLC
    finds, which stops there.
    """
    symbol = node.child_by_field_name("symbol")
    if symbol is None or symbol.type not in {"eq", "neq"}:
        return None
    kinds = [_kind(node.child_by_field_name(side)) for side in ("lhs", "rhs")]
    if kinds[0] and kinds[1] and kinds[0] != kinds[1]:
        return kinds[0], kinds[1]
    return None


def _kind(node: Node | None) -> str | None:
    """What a literal is; None for everything that has to be evaluated."""
    while node is not None and node.type == "parentheses":
        node = node.named_children[0]
    return None if node is None else _LITERALS.get(node.type)
