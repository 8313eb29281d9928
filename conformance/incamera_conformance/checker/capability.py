"""What only TLC can be trusted with.

The embedded checker is silent about some constructs that it ignores or evaluates differently. A model that uses one
is reported as *needs TLC*: an answer that may be wrong is worth less than none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ..flatten import STANDARD
from ..levels import Level, Levels
from ..syntax import Source, text_of, walk

if TYPE_CHECKING:
    from tree_sitter import Node

    from ..tlacfg import Config

_FOREIGN_NODES = {
    "function_definition": "f[x \\in S] == … is not understood",
    "lambda": "LAMBDA is not understood",
    "nat_number_set": "Nat is cut off at 100",
    "int_number_set": "Int is cut off",
    "real_number_set": "Real is not known",
    "string_set": "STRING is not known",
    "enabled": "ENABLED has not been compared with TLC",
    "cdot": "\\cdot is not known",
    "plus_arrow": "-+-> is not known",
    "temporal_forall": "\\AA is not known",
    "temporal_exists": "\\EE is not known",
    "step_expr_no_stutter": "<<A>>_v is not understood",
}
# A cycle may be fair although the strongly connected component around it is not; only TLC takes components apart.
_STRONG = "strong fairness is judged only for whole components"
# TLC's own operators that look at the run instead of at the state.
_IMPURE = frozenset({"TLCGet", "TLCSet", "RandomElement", "JavaTime", "TLCEval", "Any", "Print", "PrintT"})


def needs_tlc(source: Source, config: Config) -> list[str]:
    """Why the embedded checker may not judge this model, each reason once; empty where it may."""
    return list(dict.fromkeys(_reasons(source, config)))


def _reasons(source: Source, config: Config) -> Iterator[str]:
    for word in config.foreign:
        yield f"{word} in the configuration"
    for name, value in config.constants.items():
        if any(word[0].isalpha() and word not in {"TRUE", "FALSE"} for word in _bare_words(value)):
            yield f"{name} is a model value"
    for name in source.extends:
        if name not in STANDARD:
            yield f"module {name}"
    yield from (reason for _, reason in foreign_nodes(source, source.variables))
    yield from (_STRONG for node in walk(source.module) if node.type == "fairness" and text_of(node).startswith("SF_"))
    yield from _arithmetic(source, config)
    levels = Levels(source)
    if config.specification is not None:
        yield from _specification(source, levels, config.specification)
        if (steps := sum(map(_is_step, _parts(source, levels, config.specification)))) != 1:
            yield f"{config.specification} has {steps} conjuncts of the form [][Next]_vars, where one is understood"
    for name in config.properties:
        definition = source.definitions.get(name)
        if definition is not None and not is_liveness(source, levels, definition.body):
            yield f"property {name} is none of <>P, []<>P, <>[]P, P ~> Q"


def foreign_nodes(source: Source, variables: Iterable[str]) -> Iterator[tuple[Node, str]]:
    """The constructs of a module that the embedded checker rejects or evaluates differently, with what is wrong."""
    declared = frozenset(variables)
    for node in walk(source.module):
        if node.type in _FOREIGN_NODES:
            yield node, _FOREIGN_NODES[node.type]
        elif node.type == "identifier_ref" and text_of(node) in _IMPURE:
            yield node, f"{text_of(node)} looks at the run"
        elif node.type == "operator_definition":
            name = node.child_by_field_name("name")
            if name is not None and name.type != "identifier":
                yield node, "an operator written as a symbol is not understood"
        elif node.type == "bound_postfix_op" and _symbol(node) == "prime":
            operand = node.child_by_field_name("lhs")
            if operand is None or operand.type != "identifier_ref" or text_of(operand) not in declared:
                yield node, "a prime on more than a variable is not understood"


def _bare_words(value: str) -> list[str]:
    inside = value.split('"')[::2]  # what stands outside the quotes
    return [word for part in inside for word in part.replace("{", " ").replace("}", " ").replace(",", " ").split()]


def _arithmetic(source: Source, config: Config) -> Iterator[str]:
    """% and \\div truncate where they should round down: equal as long as nothing is negative."""
    kinds = {node.type for node in walk(source.module)}
    negative = bool(kinds & {"minus", "negative"}) or any(value.startswith("-") for value in config.constants.values())
    if negative and kinds & {"mod", "div"}:
        yield "% or \\div where a number may be negative"


def _specification(source: Source, levels: Levels, name: str) -> Iterator[str]:
    """Init /\\ [][Next]_vars /\\ fairness, the parts in any order and under any definitions."""
    definition = source.definitions.get(name)
    if definition is None:
        return
    for part in _conjuncts(definition.body):
        called = source.definitions.get(text_of(part)) if part.type == "identifier_ref" else None
        if levels.of(part) <= Level.STATE:
            continue
        if called is not None and levels.of(part) == Level.TEMPORAL:
            yield from _specification(source, levels, called.name)
        elif part.type == "bound_prefix_op" and _symbol(part) == "always":
            step = part.child_by_field_name("rhs")
            if step is None or step.type != "step_expr_or_stutter":
                yield f"{name} has a [] that is not [][Next]_vars"
            elif not _has_all_variables(source, step.named_children[-1]):
                yield "the subscript of [Next]_ is not the name of the tuple of all variables"
        elif not _is_fairness(part):
            yield f"{name} is more than Init, [][Next]_vars and fairness"
        for node in walk(part):
            if node.type == "fairness" and not _has_all_variables(source, node.named_children[0]):
                yield "the subscript of fairness is not the name of the tuple of all variables"


def _parts(source: Source, levels: Levels, name: str) -> Iterator[Node]:
    """The conjuncts of a specification, those under other names included."""
    definition = source.definitions.get(name)
    for part in _conjuncts(definition.body) if definition is not None else ():
        if part.type == "identifier_ref" and levels.of(part) == Level.TEMPORAL:
            yield from _parts(source, levels, text_of(part))
        else:
            yield part


def _is_step(part: Node) -> bool:
    step = part.child_by_field_name("rhs")
    return _symbol(part) == "always" and step is not None and step.type == "step_expr_or_stutter"


def _has_all_variables(source: Source, subscript: Node) -> bool:
    """Whether a subscript is a name for the tuple of all variables; else a step that changes the rest is none."""
    definition = source.definitions.get(text_of(subscript)) if subscript.type == "identifier_ref" else None
    if definition is None or definition.body.type != "tuple_literal":
        return False
    return {text_of(node) for node in definition.body.named_children if node.type == "identifier_ref"} == set(
        source.variables
    )


def _is_fairness(node: Node) -> bool:
    node = _inner(node)
    while node.type == "bounded_quantification" and _quantifier(node) == "forall":
        expression = node.child_by_field_name("expression")
        if expression is None:
            return False
        node = _inner(expression)
    if node.type in {"conj_list", "bound_infix_op"} and len(parts := _conjuncts(node)) > 1:
        return all(_is_fairness(part) for part in parts)
    return node.type == "fairness"


def is_liveness(source: Source, levels: Levels, node: Node) -> bool:
    """Whether a property consists of <>P, []<>P, <>[]P and P ~> Q alone, P and Q about states."""
    node = _inner(node)
    if node.type == "bounded_quantification" and _quantifier(node) == "forall":
        expression = node.child_by_field_name("expression")
        return expression is not None and is_liveness(source, levels, expression)
    if node.type in {"identifier_ref", "bound_op"}:
        name = text_of(node if node.type == "identifier_ref" else node.named_children[0])
        called = source.definitions.get(name)
        return called is not None and is_liveness(source, levels, called.body)
    if len(parts := _conjuncts(node)) > 1:
        return all(is_liveness(source, levels, part) for part in parts)
    lhs, rhs = node.child_by_field_name("lhs"), node.child_by_field_name("rhs")
    if rhs is None:
        return False
    match _symbol(node):
        case "leads_to":
            return lhs is not None and max(levels.of(lhs), levels.of(rhs)) <= Level.STATE
        case "eventually" | "always" as outer:
            inside = _inner(rhs)
            inner = _symbol(inside) if inside.type == "bound_prefix_op" else None
            if {outer, inner} == {"eventually", "always"}:
                operand = inside.child_by_field_name("rhs")
                return operand is not None and levels.of(operand) <= Level.STATE
            return outer == "eventually" and levels.of(rhs) <= Level.STATE
        case _:
            return False


def _inner(node: Node) -> Node:
    while node.type == "parentheses":
        node = node.named_children[0]
    return node


def _conjuncts(node: Node) -> list[Node]:
    node = _inner(node)
    if node.type == "conj_list":
        return [part for item in node.named_children for part in _conjuncts(item.named_children[-1])]
    if node.type == "bound_infix_op" and _symbol(node) == "land":
        sides = [node.child_by_field_name("lhs"), node.child_by_field_name("rhs")]
        return [part for side in sides if side is not None for part in _conjuncts(side)]
    return [node]


def _symbol(node: Node) -> str | None:
    symbol = node.child_by_field_name("symbol")
    return symbol.type if symbol is not None else None


def _quantifier(node: Node) -> str | None:
    quantifier = node.child_by_field_name("quantifier")
    return quantifier.type if quantifier is not None else None
