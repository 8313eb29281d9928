"""TLC's ``.cfg`` files, in the small form our models keep to."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path

from .errors import SpecError
from .values import Value, parse_value

_TOKEN = re.compile(r'\\\*[^\n]*|\(\*.*?\*\)|"[^"]*"|<-|[={},]|-?\d+|\w+|\S', re.DOTALL)
_SECTIONS = {
    "CONSTANT": "CONSTANTS",
    "CONSTANTS": "CONSTANTS",
    "INVARIANT": "INVARIANTS",
    "INVARIANTS": "INVARIANTS",
    "PROPERTY": "PROPERTIES",
    "PROPERTIES": "PROPERTIES",
    "SPECIFICATION": "SPECIFICATION",
    "INIT": "INIT",
    "NEXT": "NEXT",
    "CHECK_DEADLOCK": "CHECK_DEADLOCK",
}
# What only TLC understands in full: the embedded checker ignores it or gets it partly wrong.
_FOREIGN = frozenset(
    {"VIEW", "SYMMETRY", "ALIAS", "CONSTRAINT", "CONSTRAINTS", "ACTION_CONSTRAINT", "ACTION_CONSTRAINTS"}
    | {"POSTCONDITION", "TYPE", "TYPE_CONSTRAINT"}
)


@dataclass(frozen=True)
class Config:
    """A parsed ``.cfg``. `constants` holds the text of each value; `foreign` what is beyond the common subset.

    Unlike TLC by itself, a model looks for deadlocks only where it says CHECK_DEADLOCK TRUE: a state in which
    nothing more can happen, such as that of an ended meeting, is what most of our specs lead to.
    """

    path: Path
    specification: str | None = None
    init: str | None = None
    next: str | None = None
    constants: dict[str, str] = field(default_factory=dict)
    invariants: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()
    check_deadlock: bool = False
    foreign: tuple[str, ...] = ()

    @property
    def values(self) -> dict[str, Value]:
        """The constants as JSON values. Raises `SpecError` for a model value or a substituted constant."""
        found = {}
        for name, text in self.constants.items():
            try:
                found[name] = parse_value(text)
            except ValueError as error:
                raise SpecError(f"{self.path}: {name}: not a string, a number, a truth value or a set") from error
        return found

    @property
    def roots(self) -> tuple[str, ...]:
        """Every definition that the model names."""
        behaviour = tuple(name for _, name in self._behaviour if name)
        return (*behaviour, *self.invariants, *self.properties)

    def render(self) -> str:
        """The canonical text, which both checkers read and which enters a graph's hash."""
        lines = [f"{word} {name}" for word, name in self._behaviour if name]
        if self.constants:
            lines += ["CONSTANTS", *(f"  {name} = {self.constants[name]}" for name in sorted(self.constants))]
        lines += [f"INVARIANT {name}" for name in self.invariants]
        lines += [f"PROPERTY {name}" for name in self.properties]
        lines.append(f"CHECK_DEADLOCK {'TRUE' if self.check_deadlock else 'FALSE'}")
        return "\n".join(lines) + "\n"

    @property
    def _behaviour(self) -> tuple[tuple[str, str | None], ...]:
        return (("SPECIFICATION", self.specification), ("INIT", self.init), ("NEXT", self.next))

    def only(self, *, invariants: tuple[str, ...] = (), properties: tuple[str, ...] = ()) -> Config:
        """The same model, checked for these alone."""
        return replace(self, invariants=invariants, properties=properties)


def load_config(path: Path) -> Config:
    """Read a ``.cfg``. Raises `SpecError`."""
    try:
        return parse_config(path, path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SpecError(f"{path}: cannot be read: {error.strerror}") from error


def parse_config(path: Path, text: str) -> Config:
    """Parse the text of a ``.cfg`` that stands (or would stand) at `path`. Raises `SpecError`."""
    tokens = [t for t in _TOKEN.findall(text) if not t.startswith(("\\*", "(*"))]
    sections: dict[str, list[str]] = {}
    current: list[str] | None = None
    foreign: list[str] = []
    for token in tokens:
        if token in _SECTIONS:
            current = sections.setdefault(_SECTIONS[token], [])
        elif token in _FOREIGN:
            foreign.append(token)
            current = []
        elif current is None:
            raise SpecError(f"{path}: {token!r} stands before any keyword")
        else:
            current.append(token)
    constants = _constants(path, sections.get("CONSTANTS", []))
    foreign += [f"{name} <-" for name, value in constants.items() if value.startswith("<-")]

    def one(section: str) -> str | None:
        words = sections.get(section, [])
        if len(words) > 1:
            raise SpecError(f"{path}: {section} names one definition, not {' '.join(words)}")
        return words[0] if words else None

    return Config(
        path=path,
        specification=one("SPECIFICATION"),
        init=one("INIT"),
        next=one("NEXT"),
        constants=constants,
        invariants=tuple(sections.get("INVARIANTS", [])),
        properties=tuple(sections.get("PROPERTIES", [])),
        check_deadlock=one("CHECK_DEADLOCK") == "TRUE",
        foreign=tuple(foreign),
    )


def _constants(path: Path, tokens: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    at = 0
    while at < len(tokens):
        if at + 2 >= len(tokens) or tokens[at + 1] not in {"=", "<-"}:
            raise SpecError(f"{path}: CONSTANTS: expected `Name = value` at {tokens[at]!r}")
        name, sign, start = tokens[at], tokens[at + 1], at + 2
        at = start + 1
        if tokens[start] == "{":
            depth = 1
            while depth:
                if at >= len(tokens):
                    raise SpecError(f"{path}: CONSTANTS: {name}: the set is not closed")
                depth += {"{": 1, "}": -1}.get(tokens[at], 0)
                at += 1
        value = " ".join(tokens[start:at]).replace("{ ", "{").replace(" }", "}").replace(" ,", ",")
        found[name] = value if sign == "=" else f"<- {value}"
    return found
