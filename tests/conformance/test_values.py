from __future__ import annotations

from typing import Any

import pytest

from incamera_conformance.values import canonical, parse_value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("TRUE", True),
        ("false", False),
        ("-3", -3),
        ('"a\\"b"', 'a"b'),
        ("<<>>", []),
        ("<<1, <<2>>>>", [1, [2]]),
        ("{}", {"$set": []}),
        ('{"b", "a"}', {"$set": ["a", "b"]}),
        ('[st |-> "ok", n |-> 2]', {"n": 2, "st": "ok"}),
        ("[ m1 |->\n      [a |-> 1],\n  m2 |-> [a |-> 2] ]", {"m1": {"a": 1}, "m2": {"a": 2}}),
        ('("a b" :> 1 @@ "c" :> 2)', {"a b": 1, "c": 2}),
        ("(0 :> TRUE @@ 5 :> FALSE)", {"$fn": [[0, True], [5, False]]}),
        ('(2 :> "y" @@ 1 :> "x")', ["x", "y"]),
        ("[]", []),
    ],
)
def test_reads_what_checkers_print(text: str, value: Any) -> None:
    assert parse_value(text) == value


@pytest.mark.parametrize("text", ["", "<<1", "u1", "[a -> 1]", "1 2", "{1; 2}"])
def test_refuses_what_is_no_value(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_value(text)


def test_canonical_text_does_not_depend_on_order() -> None:
    assert canonical({"b": 1, "a": [True]}) == canonical({"a": [True], "b": 1}) == '{"a":[true],"b":1}'
