"""Name resolution, which the embedded checker does only for the branches it happens to take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from .flatten import is_field
from .syntax import Source, text_of

if TYPE_CHECKING:
    from tree_sitter import Node

    from .tlacfg import Config

_STANDARD: dict[str, frozenset[str]] = {
    "Naturals": frozenset(),
    "Integers": frozenset(),
    "Sequences": frozenset({"Seq", "Len", "Append", "Head", "Tail", "SubSeq", "SelectSeq"}),
    "FiniteSets": frozenset({"IsFiniteSet", "Cardinality"}),
    "TLC": frozenset(
        {"Print", "PrintT", "Assert", "JavaTime", "Permutations", "SortSeq", "ToString", "TLCEval", "RandomElement"}
        | {"Any", "TLCGet", "TLCSet"}
    ),
}
# What introduces names for everything inside it.
_BINDERS = frozenset(
    {"bounded_quantification", "unbounded_quantification", "choose", "set_filter", "set_map", "function_literal"}
    | {"function_definition", "lambda", "operator_definition", "operator_declaration"}
)


def unresolved_nodes(source: Source, inherited: Iterable[str] = ()) -> list[Node]:
    """The uses of names in a module that neither it nor what it extends (`inherited`) introduces."""
    known = {*inherited, *source.constants, *source.variables, *source.definitions}
    known |= {name for module in source.extends for name in _STANDARD.get(module, ())}
    known |= {text_of(child) for unit in source.units for child in unit.named_children if child.type == "identifier"}
    return [node for unit in source.units if unit.type != "extends" for node in _unknown(unit, frozenset(known))]


def unresolved(source: Source, config: Config) -> list[str]:
    """Every name that a model uses and nothing defines, in its module or its configuration; sorted."""
    missing = {text_of(node) for node in unresolved_nodes(source)} | (set(config.roots) - set(source.definitions))
    return sorted(missing | (set(source.constants) ^ set(config.constants)))


def _unknown(node: Node, known: frozenset[str]) -> Iterator[Node]:
    if node.type == "identifier_ref":
        if not is_field(node) and text_of(node) not in known:
            yield node
        return
    if node.type == "prefixed_op":  # X!Op(arguments): Op is the instance's name
        operator = node.child_by_field_name("op")
        if operator is not None:
            for argument in operator.named_children[1:]:
                yield from _unknown(argument, known)
        return
    if node.type in {"module_definition", "instance"}:
        return
    if node.type in _BINDERS:
        known |= set(_introduced(node))
    if node.type == "let_in":
        for definition in node.children_by_field_name("definitions"):
            if (name := definition.child_by_field_name("name")) is not None:
                known |= {text_of(name)}
    for child in node.named_children:
        yield from _unknown(child, known)


def _introduced(node: Node) -> Iterator[str]:
    for child in node.named_children:
        if child.type == "identifier":
            yield text_of(child)
        elif child.type in {"quantifier_bound", "tuple_of_identifiers", "operator_declaration"}:
            yield from _introduced(child)
