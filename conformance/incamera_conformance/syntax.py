"""A TLA+ module as tree-sitter sees it: definitions, junction lists, comments.

Everything here reads; nothing is rewritten. Lines count from 1, columns from 0 and in bytes, as TLA+ alignment in
these ASCII specs needs them.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import tree_sitter
import tree_sitter_tlaplus

from .errors import SpecError

if TYPE_CHECKING:
    from tree_sitter import Node

with warnings.catch_warnings():
    # The grammar's binding still hands its language over as an integer, which tree-sitter deprecates.
    warnings.simplefilter("ignore", DeprecationWarning)
    _LANGUAGE = tree_sitter.Language(tree_sitter_tlaplus.language())

COMMENTS = frozenset({"comment", "block_comment"})


def walk(node: Node) -> Iterator[Node]:
    """`node` and everything below it, in the order of the text."""
    yield node
    for child in node.children:
        yield from walk(child)


def text_of(node: Node) -> str:
    """The source text of `node`."""
    return (node.text or b"").decode()


def line_of(node: Node) -> int:
    """The line where `node` begins, counted from 1."""
    return node.start_point.row + 1


@dataclass(frozen=True)
class Definition:
    """``name(params) == body``, defined at module level."""

    name: str
    params: tuple[str, ...]
    node: Node
    body: Node

    @property
    def line(self) -> int:
        return line_of(self.node)

    @property
    def conjuncts(self) -> tuple[Node, ...]:
        """The items of the junction list that the body is; the body itself where it is none."""
        return _items(self.body, "conj_list")

    @property
    def disjuncts(self) -> tuple[Node, ...]:
        """As `conjuncts`, for ``\\/``."""
        return _items(self.body, "disj_list")


def _items(body: Node, kind: str) -> tuple[Node, ...]:
    if body.type != kind:
        return (body,)
    return tuple(item.named_children[-1] for item in body.children if item.type == kind.replace("list", "item"))


@dataclass(frozen=True)
class Source:
    """One module: where it stands and its parse."""

    path: Path
    data: bytes
    module: Node

    @property
    def name(self) -> str:
        name = self.module.child_by_field_name("name")
        assert name is not None  # noqa: S101 - parse() has refused a module without a name
        return text_of(name)

    @property
    def units(self) -> list[Node]:
        """Declarations, definitions and assumptions, in order, without comments and separators."""
        skip = COMMENTS | {"header_line", "single_line", "double_line", "identifier"}
        return [node for node in self.module.named_children if node.type not in skip]

    @property
    def comments(self) -> list[Node]:
        """Every comment of the module, in order."""
        return [node for node in walk(self.module) if node.type in COMMENTS]

    @cached_property
    def extends(self) -> tuple[str, ...]:
        return tuple(
            text_of(name)
            for unit in self.units
            if unit.type == "extends"
            for name in unit.named_children
            if name.type == "identifier_ref"
        )

    @cached_property
    def constants(self) -> tuple[str, ...]:
        return self._declared("constant_declaration")

    @cached_property
    def variables(self) -> tuple[str, ...]:
        return self._declared("variable_declaration")

    def _declared(self, kind: str) -> tuple[str, ...]:
        return tuple(
            text_of(name)
            for unit in self.units
            if unit.type == kind
            for name in unit.named_children
            if name.type == "identifier"
        )

    @cached_property
    def definitions(self) -> dict[str, Definition]:
        """Operators defined at module level, LOCAL ones included."""
        found = {}
        for unit in self.units:
            node = unit.named_children[-1] if unit.type == "local_definition" else unit
            if node.type == "operator_definition" and (definition := _definition(node)) is not None:
                found[definition.name] = definition
        return found


def _definition(node: Node) -> Definition | None:
    name, body = node.child_by_field_name("name"), node.child_by_field_name("definition")
    if name is None or body is None or name.type != "identifier":
        return None
    params = tuple(
        text_of(param)
        for param in node.children_by_field_name("parameter")
        if param.is_named and param.type == "identifier"
    )
    return Definition(text_of(name), params, node, body)


def _broken_line(root: Node, data: bytes) -> int:
    """Where a parse went wrong: the first error, or, where all is one, the definition after the last good one."""
    bad = next((node for node in walk(root) if node.is_error or node.is_missing), root)
    if bad.start_byte > root.start_byte:
        return line_of(bad)
    lines, good = data.split(b"\n"), 0
    for at, line in enumerate(lines):
        if line[:1].isalpha() or line.startswith(b"==="):
            module = b"\n".join([*lines[:at], b"====", b""])
            if not tree_sitter.Parser(_LANGUAGE).parse(module).root_node.has_error:
                good = at
    return good + 1


def parse(path: Path, data: bytes | None = None) -> Source:
    """Parse the one module of a file (or of `data`, named as if it stood there). Raises `SpecError`."""
    if data is None:
        try:
            data = path.read_bytes()
        except OSError as error:
            raise SpecError(f"{path}: cannot be read: {error.strerror}") from error
    root = tree_sitter.Parser(_LANGUAGE).parse(data).root_node
    if root.has_error:
        raise SpecError(f"{path}:{_broken_line(root, data)}: not TLA+ as the grammar knows it")
    modules = [node for node in root.named_children if node.type == "module"]
    if len(modules) != 1 or modules[0].child_by_field_name("name") is None:
        raise SpecError(f"{path}:1: a file holds exactly one module")
    return Source(path, data, modules[0])
