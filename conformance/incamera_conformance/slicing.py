"""The part of a module that a model is about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .flatten import identifiers
from .syntax import Source, parse, text_of

if TYPE_CHECKING:
    from tree_sitter import Node


def sliced(source: Source, roots: Iterable[str]) -> Source:
    """A self-contained module with only those definitions that `roots`, or an assumption, lead to.

    The embedded checker takes fairness from every formula of the module, named in the configuration or not, so what is
    not asked for must not be there.
    """
    wanted: set[str] = set()
    queue = [*roots]
    for unit in source.units:
        if unit.type == "assumption":
            queue += map(text_of, identifiers(unit))
    while queue:
        name = queue.pop()
        if name not in wanted:
            wanted.add(name)
            if definition := source.definitions.get(name):
                queue += map(text_of, identifiers(definition.body))
    lines = [f"---- MODULE {source.name} ----"]
    for unit in source.units:
        introduced = _introduces(unit)
        if introduced is None or introduced in wanted:
            lines.append(text_of(unit).rstrip())
    return parse(source.path, "\n".join([*lines, "====", ""]).encode())


def _introduces(unit: Node) -> str | None:
    """The name that a definition or a RECURSIVE declaration introduces."""
    node = unit.named_children[0] if unit.type == "recursive_declaration" else unit
    name = node.child_by_field_name("name")
    return text_of(name) if name is not None and unit.type != "assumption" else None
