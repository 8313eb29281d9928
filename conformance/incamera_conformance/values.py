"""TLA+ values as JSON, and JSON in one canonical form.

========================  ==========================================
TLA+                      JSON
========================  ==========================================
TRUE, 7, "ann"            true, 7, "ann"
<<a, b>>                  [a, b]
[st |-> v], "ann" :> v    {"st": v}: a record is a function on strings
{a, b}                    {"$set": [a, b]}, sorted canonically
0 :> v @@ 5 :> w          {"$fn": [[0, v], [5, w]]}, sorted canonically
========================  ==========================================
"""

from __future__ import annotations

import json
import re
from typing import Any, cast

Value = bool | int | str | list[Any] | dict[str, Any]

_TOKEN = re.compile(r'\s*(<<|>>|\|->|:>|@@|[\[\]{}(),]|"(?:[^"\\]|\\.)*"|-?\d+|\w+)')
_NUMBER = re.compile(r"-?\d+")


def canonical(value: object) -> str:
    """The one text of a JSON value: sorted keys, no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def parse_value(text: str) -> Value:
    """Read a value as either checker prints it. Raises `ValueError` for anything else."""
    reader = _Reader(text)
    value = reader.value()
    if text[reader.at :].strip():
        raise ValueError(f"more than one value: {text!r}")
    return value


def _numeric(pair: list[Value]) -> int:
    return pair[0] if isinstance(pair[0], int) else 0


class _Reader:
    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def word(self) -> str:
        match = _TOKEN.match(self.text, self.at)
        if match is None:
            raise ValueError(f"not a value: {self.text[self.at : self.at + 40]!r}")
        self.at = match.end()
        return match.group(1)

    def value(self) -> Value:
        word = self.word()
        if word == "<<":
            return self.items(">>")
        if word == "{":
            return {"$set": sorted(self.items("}"), key=canonical)}
        if word == "[":
            return self.record()
        if word == "(":
            return self.function()
        if word[0] == '"':
            return cast(str, json.loads(word))
        if word.upper() in {"TRUE", "FALSE"}:  # the embedded checker prints small letters
            return word.upper() == "TRUE"
        if _NUMBER.fullmatch(word):
            return int(word)
        raise ValueError(f"neither a string nor a number: {word!r}")

    def items(self, close: str) -> list[Value]:
        found: list[Value] = []
        before = self.at
        if self.word() == close:
            return found
        self.at = before
        while True:
            found.append(self.value())
            word = self.word()
            if word == close:
                return found
            self.expect(word, ",")

    def record(self) -> Value:
        found: dict[str, Value] = {}
        key = self.word()
        while key != "]":
            self.expect(self.word(), "|->")
            found[key] = self.value()
            if (word := self.word()) == "]":
                break
            self.expect(word, ",")
            key = self.word()
        # An empty function is the empty sequence, and prints as either.
        return dict(sorted(found.items())) if found else []

    def function(self) -> Value:
        pairs: list[list[Value]] = []
        while True:
            key = self.value()
            self.expect(self.word(), ":>")
            pairs.append([key, self.value()])
            if (word := self.word()) == ")":
                break
            self.expect(word, "@@")
        if all(isinstance(key, str) for key, _ in pairs):
            return {cast(str, key): value for key, value in sorted(pairs, key=canonical)}
        pairs.sort(key=_numeric)
        if [key for key, _ in pairs] == list(range(1, len(pairs) + 1)):
            return [value for _, value in pairs]  # a function on 1..n is a sequence
        return {"$fn": sorted(pairs, key=canonical)}

    def expect(self, word: str, wanted: str) -> None:
        if word != wanted:
            raise ValueError(f"expected {wanted!r}, found {word!r} in {self.text[:60]!r}")
