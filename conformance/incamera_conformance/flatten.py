"""One source text from a module and all it is made of.

The embedded checker reads a single module: what EXTENDS and ``X == INSTANCE M WITH …`` bring in is written out here,
in order, without comments. TLC keeps working on the files as they stand, and both must count the same states.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import SpecError
from .syntax import COMMENTS, Source, line_of, parse, text_of, walk

if TYPE_CHECKING:
    from tree_sitter import Node

STANDARD = frozenset({"Naturals", "Integers", "Sequences", "FiniteSets", "TLC"})
_KEPT = frozenset({"operator_definition", "function_definition", "recursive_declaration", "assumption"})


@dataclass(frozen=True)
class Flat:
    """A self-contained module and the files it came from, the main one last."""

    name: str
    text: str
    sources: tuple[Source, ...]

    def parsed(self) -> Source:
        """The parse of `text`; lines in its errors are those of the flattened text."""
        return parse(self.sources[-1].path.with_suffix(".flat.tla"), self.text.encode())


def flatten(path: Path, folders: tuple[Path, ...] = ()) -> Flat:
    """Flatten the module at `path`; modules it names are sought beside it, then in `folders`. Raises `SpecError`."""
    return _Flattener(folders).run(path)


class _Flattener:
    def __init__(self, folders: tuple[Path, ...]) -> None:
        self.folders = folders
        self.sources: list[Source] = []
        self.standard: set[str] = set()
        self.constants: dict[str, None] = {}
        self.variables: dict[str, None] = {}

    def run(self, path: Path) -> Flat:
        main = parse(path)
        body = self.body(main, seen=set())
        head = [f"---- MODULE {main.name} ----", f"EXTENDS {', '.join(sorted(self.standard | {'Naturals'}))}"]
        if self.constants:
            head.append(f"CONSTANTS {', '.join(self.constants)}")
        if self.variables:  # one declaration, because the embedded checker lets a second replace the first
            head.append(f"VARIABLES {', '.join(self.variables)}")
        return Flat(main.name, "\n".join([*head, *body, "====", ""]), tuple(self.sources))

    def body(self, source: Source, seen: set[str]) -> list[str]:
        """The definitions of a module, those it extends first."""
        if source.name in seen:
            return []
        seen.add(source.name)
        lines = []
        for name in source.extends:
            if (file := self.find(source, name)) is None:
                self.standard.add(name)
            else:
                lines += self.body(parse(file), seen)
        self.constants |= dict.fromkeys(source.constants)
        self.variables |= dict.fromkeys(source.variables)
        aliases: set[str] = set()
        for unit in source.units:
            lines += self.unit(source, unit, aliases)
        if source.name not in {known.name for known in self.sources}:
            self.sources.append(source)
        return lines

    def unit(self, source: Source, unit: Node, aliases: set[str]) -> list[str]:
        node = unit.named_children[-1] if unit.type == "local_definition" else unit
        if node.type == "module_definition":
            return self.instance(source, node, aliases)
        if node.type == "instance":
            raise SpecError(f"{source.path}:{line_of(unit)}: an instance needs a name: X == INSTANCE M")
        if node.type == "module":
            raise SpecError(f"{source.path}:{line_of(unit)}: a module inside a module")
        if node.type not in _KEPT:
            return []

        def rename(at: Node) -> str | None:
            if at.type != "prefixed_op":
                return None
            prefix = at.child_by_field_name("prefix")
            operator = at.child_by_field_name("op")
            if prefix is None or operator is None or (alias := text_of(prefix).rstrip("!")) not in aliases:
                raise SpecError(f"{source.path}:{line_of(at)}: no instance of that name: {text_of(at)}")
            return f"{alias}_{_rewrite(operator, rename)}"

        return _lines(node, rename)

    def instance(self, source: Source, unit: Node, aliases: set[str]) -> list[str]:
        """``X == INSTANCE M WITH c <- e``: M's definitions under X's name, constants and variables replaced."""
        name, instance = unit.child_by_field_name("name"), unit.child_by_field_name("definition")
        if name is None or instance is None or unit.child_by_field_name("parameter") is not None:
            raise SpecError(f"{source.path}:{line_of(unit)}: an instance takes no parameters")
        alias = text_of(name)
        module = text_of(next(child for child in instance.named_children if child.type == "identifier_ref"))
        if (file := self.find(source, module)) is None:
            raise SpecError(f"{source.path}:{line_of(unit)}: an instance is of a module of our own, not of {module}")
        given = {}
        for child in instance.named_children:
            if child.type == "substitution":
                target, _, value = child.named_children
                given[text_of(target)] = text_of(value) if value.type == "identifier_ref" else f"({text_of(value)})"
        aliases.add(alias)
        return self.renamed(parse(file), alias, given, seen=set())

    def renamed(self, source: Source, alias: str, given: dict[str, str], seen: set[str]) -> list[str]:
        if source.name in seen:
            return []
        seen.add(source.name)
        lines, own = [], set(source.definitions)
        for name in source.extends:
            if (file := self.find(source, name)) is None:
                self.standard.add(name)
            else:
                base = parse(file)
                own |= set(base.definitions)
                lines += self.renamed(base, alias, given, seen)

        def rename(at: Node) -> str | None:
            if at.type == "identifier_ref" and not is_field(at):
                word = text_of(at)
                return given.get(word) or (f"{alias}_{word}" if word in own else None)
            if at.type == "identifier" and at.parent is not None and at.parent.type.startswith("operator_d"):
                return f"{alias}_{text_of(at)}" if text_of(at) in own else None
            return None

        for unit in source.units:
            node = unit.named_children[-1] if unit.type == "local_definition" else unit
            if node.type in {"module_definition", "instance"}:
                raise SpecError(f"{source.path}:{line_of(unit)}: an instance within an instance")
            if node.type in _KEPT - {"assumption"}:
                lines += _lines(node, rename)
        if source.name not in {known.name for known in self.sources}:
            self.sources.append(source)
        return lines

    def find(self, source: Source, name: str) -> Path | None:
        """The file of a module, or None for a standard one."""
        for folder in (source.path.parent, *self.folders):
            if (file := folder / f"{name}.tla").is_file():
                return file
        if name in STANDARD:
            return None
        line = next(line_of(at) for at in identifiers(source.module) if text_of(at) == name)
        raise SpecError(f"{source.path}:{line}: {name}: neither a file nor a module that both checkers know")


def is_field(node: Node) -> bool:
    """Whether an identifier names a record's field (``r.field``, ``![x].field``) and no definition."""
    parent = node.parent
    if parent is None:
        return False
    return parent.type == "except_update_record_field" or (
        parent.type == "record_value" and parent.named_children[-1] == node
    )


def _rewrite(node: Node, rename: Callable[[Node], str | None]) -> str:
    """The text of `node` with comments blanked out and renamed parts replaced, columns kept where nothing is."""
    if (new := rename(node)) is not None:
        return new
    if node.type in COMMENTS:
        return "".join("\n" if char == "\n" else " " for char in text_of(node))
    if not node.children:
        return text_of(node)
    data, start = node.text or b"", node.start_byte
    parts, at = [], start
    for child in node.children:
        parts += [data[at - start : child.start_byte - start].decode(), _rewrite(child, rename)]
        at = child.end_byte
    return "".join(parts) + data[at - start :].decode()


def _lines(node: Node, rename: Callable[[Node], str | None]) -> list[str]:
    # What stood behind LOCAL begins at column 0 now; deeper in, it would belong to the junction list before it.
    return [line.rstrip() for line in _rewrite(node, rename).split("\n") if line.strip()]


def identifiers(node: Node) -> list[Node]:
    """Every use of a name in `node` that must resolve to a definition, a declaration or a bound variable."""
    return [at for at in walk(node) if at.type == "identifier_ref" and not is_field(at)]
