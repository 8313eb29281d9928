from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from incamera_conformance.checker.capability import needs_tlc
from incamera_conformance.checker.embedded import EmbeddedChecker
from incamera_conformance.specs import Specs
from incamera_conformance.syntax import parse
from incamera_conformance.tlacfg import parse_config

SPEC = Path(__file__).parent / "spec" / "door"
DOOR = (SPEC / "Door.tla").read_text(encoding="utf-8")
HOLDS = (SPEC / "MCDoor.cfg").read_text(encoding="utf-8")

MakeSpecs = Callable[..., Specs]
PLAIN = "SPECIFICATION Spec\nINVARIANTS Inv\n"


def reasons(body: str, cfg: str = PLAIN, extends: str = "Naturals, Sequences, TLC") -> list[str]:
    text = f"""---- MODULE M ----
EXTENDS {extends}
VARIABLES x, y
vars == <<x, y>>
Init == x = 0
Next == x' = 1 /\\ y' = y
{body}
====
"""
    if "Spec ==" not in body:
        text = text.replace("\n====", "\nSpec == Init /\\ [][Next]_vars\n====")
    return needs_tlc(parse(Path("M.tla"), text.encode()), parse_config(Path("M.cfg"), cfg))


@pytest.mark.parametrize(
    "body",
    [
        "Inv == x % 2 = x \\div 2",
        "Inv == x - 1 >= 0",
        "Inv == LET f == [i \\in 1..3 |-> i] IN f[1] = 1",
        "Fair == \\A i \\in 1..2 : WF_vars(Next)\nSpec == Init /\\ [][Next]_vars /\\ Fair",
        "Fair ==\n  /\\ WF_vars(Next)\n  /\\ \\A i \\in {1} : WF_vars(x' = i)\nSpec == Fair /\\ Init /\\ [][Next]_vars",
    ],
)
def test_the_common_subset(body: str) -> None:
    assert reasons(body) == []


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("Inv == (x - 3) % 2 = 1", "negative"),
        ("Inv == -x \\div 2 = 1", "negative"),
        ("Inv == x \\in Nat", "Nat"),
        ("Inv == x \\in Int", "Int"),
        ("Inv == ENABLED Next", "ENABLED"),
        ("f[i \\in 1..3] == i\nInv == f[1] = 1", r"f\[x"),
        ("a ++ b == a + b\nInv == x ++ 1 = 1", "symbol"),
        ("Inv == SelectSeq(<<1>>, LAMBDA i : i = 1) = <<>>", "LAMBDA"),
        ("D == x + 1\nStep == D' = 2", "prime"),
        ("Inv == TLCGet(1) = 1", "run"),
        ("Spec == Init /\\ [][Next]_<<x, y>>", "subscript"),
        ("Spec == Init /\\ [][Next]_vars /\\ SF_vars(Next)", "strong fairness"),
        ("Spec == Init /\\ [][Next]_vars /\\ <>(x = 1)", "more than"),
        ("Spec == Init /\\ [][Next]_vars /\\ [](x = 1)", "a [] that is not"),
        ("P == x = 1\nSpec == Init /\\ [][Next]_vars /\\ []P", "a [] that is not"),
        ("P == x = 1\nSpec ==\n  /\\ Init\n  /\\ [][Next]_vars\n  /\\ [](P)", "a [] that is not"),
        ("Spec == Init /\\ [][Next]_vars /\\ [][Next]_vars", "2 conjuncts"),
        ("More == [][Next]_vars\nSpec == Init /\\ [][Next]_vars /\\ More", "2 conjuncts"),
        ("Spec == Init /\\ WF_vars(Next)", "0 conjuncts"),
        ("some == <<x>>\nSpec == Init /\\ [][Next]_some", "the subscript of [Next]_"),
        ("some == <<x>>\nSpec == Init /\\ [][Next]_vars /\\ WF_some(Next)", "the subscript of fairness"),
        ("Fair == \\A i \\in {1} : WF_x(Next)\nSpec == Init /\\ [][Next]_vars /\\ Fair", "the subscript of fairness"),
    ],
)
def test_a_construct_that_it_gets_wrong(body: str, reason: str) -> None:
    assert len(found := reasons(body)) == 1
    assert reason.replace("\\", "") in found[0].replace("\\", "")


@pytest.mark.parametrize("form", ["<>(x = 1)", "[]<>(x = 1)", "<>[](x = 1)", "(x = 0) ~> (x = 1)"])
def test_properties_in_the_four_forms(form: str) -> None:
    cfg = "SPECIFICATION Spec\nPROPERTIES Live Many Both\n"
    body = f"Live == {form}\nMany == \\A i \\in 1..2 : \\A j \\in {{1}} : ({form})\nBoth == Live /\\ Many"
    assert reasons(body, cfg) == []


@pytest.mark.parametrize(
    "form",
    [
        "[](x = 1)",
        "[][x' > x]_vars",
        "x = 0",
        "WF_vars(Next)",
        "(x = 0) => <>(x = 1)",
        "(<>(x = 1)) ~> (x = 1)",
        "[]((x = 0) => <>(x = 1))",
        "\\E i \\in 1..2 : <>(x = i)",
        "~<>(x = 1)",
        "<>(x' = 1)",
    ],
)
def test_every_other_property(form: str) -> None:
    assert reasons(f"Live == {form}", "SPECIFICATION Spec\nPROPERTY Live\n") == [
        "property Live is none of <>P, []<>P, <>[]P, P ~> Q"
    ]


@pytest.mark.parametrize("line", ["VIEW x", "SYMMETRY Perms", "ACTION_CONSTRAINT A", "CONSTRAINT C", "ALIAS A"])
def test_a_configuration_that_it_ignores(line: str) -> None:
    assert reasons("Inv == TRUE", f"{PLAIN}{line}\n") == [f"{line.split()[0]} in the configuration"]


def test_model_values_and_foreign_modules() -> None:
    assert reasons("Inv == TRUE", f"{PLAIN}CONSTANTS P = {{p1}}\n") == ["P is a model value"]
    assert reasons("Inv == TRUE", extends="Naturals, Bags") == ["module Bags"]


def test_such_a_model_is_never_passed(make_specs: MakeSpecs, embedded: EmbeddedChecker) -> None:
    text = DOOR.replace("Opens ==", "Stays == [](door = door)\n\nOpens ==")
    specs = make_specs({"Door.tla": text, "MCDoor.cfg": HOLDS.replace("Shuts", "Stays")})
    verdict = embedded.check(specs.model("MCDoor"))
    assert (verdict.ok, verdict.status, verdict.distinct) == (False, "needs TLC", None)
    assert "Stays" in verdict.detail


def test_what_a_model_does_not_use_does_not_count(make_specs: MakeSpecs, embedded: EmbeddedChecker) -> None:
    text = DOOR.replace("Opens ==", "Strong == SF_vars(Next)\n\nOpens ==")
    assert embedded.check(make_specs({"Door.tla": text}).model("MCDoor")).ok
