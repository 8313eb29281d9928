"""State graphs in DOT as the checkers print them: nodes with variables, edges, nothing else is read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

# TLC numbers its nodes by fingerprint (-123), the embedded checker by order (s12).
_NODE = re.compile(r'^\s*(-?\d+|s\d+) \[label="((?:[^"\\]|\\.)*)"', re.MULTILINE)
_EDGE = re.compile(r"^\s*(-?\d+|s\d+) -> (-?\d+|s\d+)[ ;]", re.MULTILINE)


@dataclass(frozen=True)
class Dot:
    """`nodes`: the text of each variable's value by node; `edges`: pairs of nodes, in the order of the file."""

    nodes: dict[str, tuple[str, ...]]
    edges: list[tuple[str, str]]


def parse_dot(text: str, variables: Sequence[str]) -> Dot:
    """Read what either checker printed for a module with these variables, whose values come in this order."""
    names = "|".join(map(re.escape, variables))
    # TLC: "/\ x = 1\n/\ y = 2", wrapping long values; the embedded checker: "x=1\ny=2".
    part = re.compile(rf"(?:^|\n)(?:/\\ )?({names}) ?= ?")
    order = {name: at for at, name in enumerate(variables)}
    nodes: dict[str, tuple[str, ...]] = {}
    for node, label in _NODE.findall(text):
        if node not in nodes:
            values = [""] * len(variables)
            for name, value in _parts(part, _unescape(label)):
                values[order[name]] = value
            nodes[node] = tuple(values)
    return Dot(nodes, _EDGE.findall(text))


def _unescape(label: str) -> str:
    return re.sub(r"\\(.)", lambda match: "\n" if match[1] == "n" else match[1], label)


def _parts(part: re.Pattern[str], label: str) -> Iterator[tuple[str, str]]:
    pieces = part.split(label)
    yield from zip(pieces[1::2], pieces[2::2], strict=True)
