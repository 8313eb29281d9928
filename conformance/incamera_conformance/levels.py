"""TLA+ levels: whether an expression is a constant, reads a state, describes a step or a whole behaviour."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from .flatten import is_field
from .syntax import Source, text_of, walk

if TYPE_CHECKING:
    from tree_sitter import Node


class Level(IntEnum):
    """Specifying Systems, section 17.2: what the value of an expression depends on."""

    CONSTANT = 0
    STATE = 1
    ACTION = 2
    TEMPORAL = 3


_OWN = {
    "prime": Level.ACTION,
    "unchanged": Level.ACTION,
    "cdot": Level.ACTION,
    "step_expr_or_stutter": Level.ACTION,
    "step_expr_no_stutter": Level.ACTION,
    "enabled": Level.STATE,
    "always": Level.TEMPORAL,
    "eventually": Level.TEMPORAL,
    "leads_to": Level.TEMPORAL,
    "plus_arrow": Level.TEMPORAL,
    "fairness": Level.TEMPORAL,
    "temporal_forall": Level.TEMPORAL,
    "temporal_exists": Level.TEMPORAL,
}


class Levels:
    """The levels of a self-contained module's definitions and expressions."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._variables = frozenset(source.variables)
        self._known: dict[str, Level] = {}

    def of(self, node: Node) -> Level:
        """The level of an expression of this module."""
        level = Level.CONSTANT
        for at in walk(node):
            if at.type in _OWN:
                level = max(level, _OWN[at.type])
            elif at.type == "identifier_ref" and not is_field(at):
                level = max(level, self.of_name(text_of(at)))
            elif at.type == "prefixed_op":  # X!Op, which flattening names X_Op
                level = max(level, self.of_name(text_of(at).split("(")[0].replace("!", "_")))
        return level

    def of_name(self, name: str) -> Level:
        """The level of a name; a bound variable counts as a constant."""
        if name in self._variables:
            return Level.STATE
        definition = self._source.definitions.get(name)
        if definition is None:
            return Level.CONSTANT
        if name not in self._known:
            self._known[name] = Level.CONSTANT  # ends the recursion of a RECURSIVE operator
            self._known[name] = self.of(definition.body)
        return self._known[name]
