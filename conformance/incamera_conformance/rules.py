"""Requirement ids in the specs: the sentence of each rule, and where it stands.

``\\* AUTH-001  A sentence.`` states a rule, above the definition it belongs to; ``\\*     more of it`` continues.
``/\\ guard  \\* AUTH-001`` says by which rule a violation of the guard is refused; ``\\* environment``: it never is.
``\\* AUTH-001`` or ``\\* AUTH-001: …`` above a definition only points to the rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .syntax import COMMENTS, Source, line_of, text_of, walk

if TYPE_CHECKING:
    from tree_sitter import Node

ENVIRONMENT = "environment"
_ID = r"[A-Z][A-Z0-9]*-\d{3}"
_SENTENCE = re.compile(rf"\\\* ({_ID})  (\S.*)")
_CONTINUED = re.compile(r"\\\*     +(\S.*)")
_MENTION = re.compile(rf"\b({_ID})\b")
_GUARD = re.compile(rf"\\\* ({_ID}|{ENVIRONMENT})")


@dataclass(frozen=True)
class Place:
    """A line of a spec file."""

    file: Path
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Sentence:
    """One statement of a rule."""

    rule: str
    text: str
    place: Place


@dataclass(frozen=True)
class Rule:
    """A rule's sentence, where it is stated, and every other line that names it."""

    id: str
    sentence: str
    place: Place
    uses: tuple[Place, ...]


def sentences(source: Source) -> list[Sentence]:
    """Every statement of a rule in a module, in order."""
    found: list[Sentence] = []
    last = -1  # the row that may be continued
    for node in source.comments:
        text, row = text_of(node).rstrip(), node.start_point.row
        if match := _SENTENCE.fullmatch(text):
            found.append(Sentence(match.group(1), match.group(2), Place(source.path, row + 1)))
            last = row
        elif found and row == last + 1 and (match := _CONTINUED.fullmatch(text)):
            stated = found.pop()
            found.append(Sentence(stated.rule, f"{stated.text} {match.group(1)}", stated.place))
            last = row
    return found


def collect(sources: Iterable[Source]) -> dict[str, Rule]:
    """The rules of these modules by id, sorted; of a rule that is stated twice, the first statement (lint objects)."""
    stated: dict[str, Sentence] = {}
    uses: dict[str, list[Place]] = {}
    for source in sources:
        own = {sentence.place: sentence for sentence in sentences(source)}
        for sentence in own.values():
            stated.setdefault(sentence.rule, sentence)
        for node in source.comments:
            place = Place(source.path, line_of(node))
            for rule in _MENTION.findall(text_of(node)):
                if place not in own or own[place].rule != rule:
                    uses.setdefault(rule, []).append(place)
    return {
        name: Rule(name, sentence.text, sentence.place, tuple(uses.get(name, ())))
        for name, sentence in sorted(stated.items())
    }


def guard_rules(conjunct: Node) -> list[str]:
    """What the trailing comments of one conjunct of an action name: a rule id or "environment", normally one."""
    item = conjunct.parent
    if item is None or item.type != "conj_item" or item.parent is None:
        return []
    rows = range(item.start_point.row, item.end_point.row + 1)
    comments = [node for node in walk(item.parent) if node.type in COMMENTS and node.start_point.row in rows]
    found = (_GUARD.fullmatch(text_of(node).rstrip()) for node in comments)
    return [match.group(1) for match in found if match]
