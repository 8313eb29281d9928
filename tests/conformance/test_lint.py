"""One bad spec for each rule of the lint; the line and the rule that are told, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from incamera_conformance.lint import lint
from incamera_conformance.specs import Specs, load_specs

MakeSpecs = Callable[..., Specs]
SPEC = Path(__file__).parent / "spec" / "door"
DOOR = (SPEC / "Door.tla").read_text(encoding="utf-8")
CFG = (SPEC / "MCDoor.cfg").read_text(encoding="utf-8")


def test_the_good_spec_has_no_violation(make_specs: MakeSpecs) -> None:
    assert lint(make_specs()) == []


def test_the_specs_of_the_project_have_none() -> None:
    assert [str(violation) for violation in lint(load_specs())] == []


SHUT_IN_NEXT = "\\E d \\in Doors : Shut(d)"
UNCHANGED_HOLDER = "  /\\ UNCHANGED <<holder>>\n\nNext"

# rule → (what is replaced, by what, the text at the beginning of the line that is told, words of the sentence)
BAD = {
    "readable, grammar": ("readable", "Shuts == ", "Shuts == [x |->", "Shuts", "not TLA+"),
    "readable, extends": ("readable", "EXTENDS Naturals", "EXTENDS Bags, Naturals", "EXTENDS", "Bags: neither"),
    "readable, instance": ("readable", "Shuts ==", "INSTANCE Naturals\n\nShuts ==", "INSTANCE", "needs a name"),
    "header, name": ("header", "MODULE Door ", "MODULE Gate ", "---- MODULE", "Door"),
    "header, text before": ("header", "---- MODULE", "Doors and keys.\n---- MODULE", "---- MODULE", "line 1"),
    "construct, function": ("construct", "Shuts ==", "f[d \\in Doors] == d\n\nShuts ==", "f[d", "not understood"),
    "construct, infix": ("construct", "Shuts ==", "a ++ b == a\n\nShuts ==", "a ++ b", "symbol"),
    "construct, prime": ("construct", "Shuts ==", "D == door\nE == D' = D\n\nShuts ==", "E ==", "prime"),
    "construct, lambda": (
        "construct",
        "Shuts ==",
        "L(F(_)) == F(1)\nM == L(LAMBDA x : x)\n\nShuts ==",
        "M ==",
        "LAMBDA",
    ),
    "range": ("range", "Shuts ==", "R == 3 \\in Nat\n\nShuts ==", "R ==", "cut off"),
    "mixed": ("mixed", "Shuts ==", 'X == 1 # "one"\n\nShuts ==', "X ==", "a number is never equal to a string"),
    "names": ("names", "Shuts ==", "U == FALSE /\\ Nowhere\n\nShuts ==", "U ==", "Nowhere is not defined"),
    "invariant": ("invariant", "Shuts ==", "InvExtra == TRUE\n\nShuts ==", "InvExtra", "no cfg lists it"),
    "list": ("list", "InvTypes ==\n  /\\ door", "InvTypes == /\\ TRUE\n            /\\ door", "InvTypes", "own"),
    "vars, subscript": ("vars", "WF_vars(Shut(d))", "WF_door(Shut(d))", "Fairness", "subscript"),
    "vars, tuple": ("vars", "vars == <<door, holder>>", "vars == <<door>>", "VARIABLES", "incomplete"),
    "vars, twice": ("vars", "VARIABLES door, holder", "VARIABLES door\nVARIABLES holder", "VARIABLES holder", "once"),
    "next, form": ("next", SHUT_IN_NEXT, 'Shut("front")', None, "not of the form"),
    "next, twice": ("next", SHUT_IN_NEXT, f"{SHUT_IN_NEXT}\n  \\/ {SHUT_IN_NEXT}", "Next ==", "Shut occurs twice"),
    "next, names": ("next", SHUT_IN_NEXT, "\\E e \\in Doors : Shut(e)", "Next ==", "its own parameters: d"),
    "next, sets": ("next", SHUT_IN_NEXT, "\\E d \\in DOMAIN door : Shut(d)", "Next ==", "constant sets"),
    "action, order": ("action", UNCHANGED_HOLDER, f"  /\\ TRUE  \\* environment\n{UNCHANGED_HOLDER}", None, ""),
    "action, line": ("action", "  /\\ holder[d] = p  ", "  /\\ TRUE /\\ holder[d] = p  ", "  /\\ TRUE", "a line"),
    "guard, none": (
        "guard",
        "holder[d] = Nobody                      \\* KEY-001",
        "holder[d] = Nobody",
        None,
        "behind",
    ),
    "guard, two": (
        "guard",
        'door[d] = "shut"\n     \\/',
        'door[d] = "shut"  \\* KEY-002\n     \\/',
        "  /\\ \\/ door",
        "one",
    ),
    "guard, typing": (
        "guard",
        "Nobody                      \\* KEY-001",
        "Nobody   \\* KEY-1",
        "  /\\ holder[d] = N",
        "one",
    ),
    "sentence, none": ("sentence", "\\* KEY-001  A key", "\\* KEY-001 A key", "  /\\ holder[d] = N", "stated nowhere"),
    "sentence, twice": ("sentence", "Shut(d) ==", "\\* KEY-001  Again.\nShut(d) ==", "\\* KEY-001  Ag", "already"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_module(make_specs: MakeSpecs, what: str) -> None:
    rule, old, new, start, words = BAD[what]
    assert old in DOOR
    text = DOOR.replace(old, new, 1)
    found = [violation for violation in lint(make_specs({"Door.tla": text})) if violation.rule == rule]
    assert len(found) >= 1
    assert any(words in violation.sentence for violation in found), found
    if start is not None:
        lines = text.splitlines()
        assert {lines[violation.place.line - 1][: len(start)] for violation in found} == {start}, found


@pytest.mark.parametrize("what", [name for name in BAD if not name.startswith(("action, order", "vars, twice"))])
def test_a_bad_module_breaks_that_rule_alone(make_specs: MakeSpecs, what: str) -> None:
    """Where one mistake breaks two rules, the reader is led astray."""
    rule, old, new, _, _ = BAD[what]
    found = lint(make_specs({"Door.tla": DOOR.replace(old, new, 1)}))
    assert {violation.rule for violation in found} == {rule}, [str(violation) for violation in found]


BAD_CFG = {
    "VIEW": ("cfg", "PROPERTIES", "VIEW vars\nPROPERTIES", "VIEW"),
    "a model value": ("cfg", '{"ann", "bob"}', "{ann, bob}", "People: not a string"),
    "a substituted constant": ("cfg", '= {"ann", "bob"}', "<- Doors", "People <-"),
    "an undefined invariant": ("names", "InvTypes", "InvTypos", "InvTypos is not defined"),
    "a constant too few": ("names", '  Nobody = "nobody"\n', "", "Nobody is given no value"),
    "a constant too many": ("names", "INVARIANTS", "  More = 1\nINVARIANTS", "More"),
    "another form of property": ("property", "Shuts", "InvTypes", "InvTypes is none of"),
}


@pytest.mark.parametrize("what", BAD_CFG)
def test_a_bad_configuration(make_specs: MakeSpecs, what: str) -> None:
    rule, old, new, words = BAD_CFG[what]
    assert old in CFG
    found = lint(make_specs({"MCDoor.cfg": CFG.replace(old, new, 1)}))
    mine = [violation for violation in found if violation.rule == rule and violation.place.file.name == "MCDoor.cfg"]
    assert [words in violation.sentence for violation in mine] == [True], [str(violation) for violation in found]


def test_a_configuration_that_the_manifest_forgot(make_specs: MakeSpecs) -> None:
    found = lint(make_specs({"MCForgotten.cfg": CFG}))
    assert [(violation.rule, violation.place.file.name) for violation in found] == [("manifest", "MCForgotten.cfg")]


def test_a_missing_configuration(make_specs: MakeSpecs) -> None:
    models = {"MCGone": {"area": "Door", "cfg": "door/MCGone.cfg", "expect": "holds", "distinct": 1}}
    (violation,) = lint(make_specs(models=models))
    assert violation.rule == "readable"
    assert "MCGone.cfg" in violation.sentence


ACTIONS = {
    "Take": {"by": "request", "actor": "p"},
    "Open": {"by": "request", "actor": "p"},
    "Shut": {"by": "clock"},
}


@pytest.mark.parametrize(
    ("area", "words"),
    [
        ({"actions": ACTIONS | {"Knock": {"by": "request"}}}, "the action Knock is not in Next"),
        ({"actions": {"Take": ACTIONS["Take"], "Open": ACTIONS["Open"]}}, "the action Shut is not listed"),
        ({"actions": ACTIONS | {"Shut": {"by": "request", "actor": "p"}}}, "Shut has no parameter p to be its actor"),
        ({"scope": {"d": "Doors"}}, "no scope for the parameter p of Open"),
        ({"scope": {"d": "Doors", "p": "Persons"}}, "the scope of p is no constant: Persons"),
        ({"ghosts": ["seen"]}, "the ghost seen is no variable"),
    ],
)
def test_a_bad_manifest(make_specs: MakeSpecs, area: dict[str, object], words: str) -> None:
    found = lint(make_specs(area=area))
    assert {(violation.rule, violation.place.file.name) for violation in found} == {("manifest", "manifest.json")}
    assert any(words in violation.sentence for violation in found), [str(violation) for violation in found]


def test_the_expected_invariant_must_be_listed(make_specs: MakeSpecs) -> None:
    models = {"MCDoor": {"area": "Door", "cfg": "door/MCDoor.cfg", "expect": "violates", "invariant": "InvNeverOpen"}}
    (violation,) = lint(make_specs(models=models))
    assert (violation.rule, violation.place.file.name) == ("manifest", "MCDoor.cfg")
