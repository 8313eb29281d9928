"""Both checkers come to the same verdicts, and a verdict is ok only if it is exactly the expected one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from incamera_conformance.checker import Checker, Verdict
from incamera_conformance.specs import Specs

SPEC = Path(__file__).parent / "spec" / "door"
DOOR = (SPEC / "Door.tla").read_text(encoding="utf-8")
HOLDS = (SPEC / "MCDoor.cfg").read_text(encoding="utf-8")
CONSTANTS = HOLDS[HOLDS.index("CONSTANTS") : HOLDS.index("INVARIANTS")]

MakeSpecs = Callable[..., Specs]

TEETH = r"""---- MODULE BrokenTeeth ----
EXTENDS Door
Force(d) ==
  /\ door[d] = "shut"
  /\ door' = [door EXCEPT ![d] = "open"]
  /\ UNCHANGED <<holder>>
BrokenNext ==
  \/ Next
  \/ \E d \in Doors : Force(d)
BrokenSpec == Init /\ [][BrokenNext]_vars /\ Fairness
UnfairSpec == Init /\ [][Next]_vars
InvTypesToo == InvTypes
====
"""


@pytest.fixture(params=["embedded", pytest.param("tlc", marks=pytest.mark.slow)])
def checker(request: pytest.FixtureRequest) -> Checker:
    found: Checker = request.getfixturevalue(request.param)
    return found


def run(make_specs: MakeSpecs, checker: Checker, cfg: str, entry: dict[str, Any]) -> Verdict:
    files = {"BrokenTeeth.tla": TEETH, "BrokenTeeth.cfg": cfg}
    models = {"BrokenTeeth": {"area": "Door", "cfg": "door/BrokenTeeth.cfg"} | entry}
    return checker.check(make_specs(files, models).model("BrokenTeeth"))


def test_holds_with_exactly_the_recorded_count(make_specs: MakeSpecs, checker: Checker) -> None:
    verdict = checker.check(make_specs().model("MCDoor"))
    assert (verdict.ok, verdict.status, verdict.distinct) == (True, "holds", 25)
    assert verdict.checker == checker.name


def test_another_count_is_not_ok(make_specs: MakeSpecs, checker: Checker) -> None:
    verdict = checker.check(make_specs({"MCDoor.cfg": HOLDS.replace(', "bob"', "")}).model("MCDoor"))
    assert (verdict.ok, verdict.status, verdict.distinct) == (False, "holds", 9)
    assert "9 distinct states, where the manifest records 25" in verdict.detail


def test_no_recorded_count_is_not_ok(make_specs: MakeSpecs, checker: Checker) -> None:
    models = {"MCDoor": {"area": "Door", "cfg": "door/MCDoor.cfg", "expect": "holds", "distinct": None}}
    verdict = checker.check(make_specs(models=models).model("MCDoor"))
    assert not verdict.ok
    assert "records no count" in verdict.detail


def test_a_witness_is_reached(make_specs: MakeSpecs, checker: Checker) -> None:
    verdict = checker.check(make_specs().model("WitnessOpen"))
    assert (verdict.ok, verdict.status, verdict.distinct) == (True, "reached", None)
    assert "open" in verdict.detail


def test_a_fault_is_caught_by_the_named_invariant(make_specs: MakeSpecs, checker: Checker) -> None:
    cfg = f"SPECIFICATION BrokenSpec\n{CONSTANTS}INVARIANTS InvTypes InvOpenedByHolder\n"
    verdict = run(make_specs, checker, cfg, {"expect": "violates", "invariant": "InvOpenedByHolder"})
    assert (verdict.ok, verdict.status) == (True, "violated:InvOpenedByHolder")


def test_caught_by_another_invariant_is_not_ok(make_specs: MakeSpecs, checker: Checker) -> None:
    cfg = f"SPECIFICATION BrokenSpec\n{CONSTANTS}INVARIANTS InvTypes InvOpenedByHolder\n"
    verdict = run(make_specs, checker, cfg, {"expect": "violates", "invariant": "InvTypes"})
    assert (verdict.ok, verdict.status) == (False, "violated:InvOpenedByHolder")


def test_only_listed_invariants_are_checked(make_specs: MakeSpecs, checker: Checker) -> None:
    """InvOpenedByHolder and InvNeverOpen are violated here, and are not asked for."""
    cfg = f"SPECIFICATION BrokenSpec\n{CONSTANTS}INVARIANTS InvTypesToo\n"
    verdict = run(make_specs, checker, cfg, {"expect": "holds", "distinct": 36})
    assert verdict.ok, verdict


def test_a_fault_that_nothing_catches_is_not_ok(make_specs: MakeSpecs, checker: Checker) -> None:
    cfg = f"SPECIFICATION BrokenSpec\n{CONSTANTS}INVARIANTS InvTypes\n"
    verdict = run(make_specs, checker, cfg, {"expect": "violates", "invariant": "InvTypes"})
    assert (verdict.ok, verdict.status) == (False, "holds")


def test_fairness_of_another_specification_does_not_count(make_specs: MakeSpecs, checker: Checker) -> None:
    """Spec, beside it, has the fairness that this one lacks."""
    cfg = f"SPECIFICATION UnfairSpec\n{CONSTANTS}PROPERTIES Shuts\n"
    verdict = run(make_specs, checker, cfg, {"expect": "violates", "property": "Shuts"})
    assert (verdict.ok, verdict.status) == (True, "violated:Shuts")


def test_of_several_properties_the_violated_one_is_named(make_specs: MakeSpecs, checker: Checker) -> None:
    cfg = f"SPECIFICATION BrokenSpec\n{CONSTANTS}PROPERTIES Shuts Opens\n"
    verdict = run(make_specs, checker, cfg, {"expect": "violates", "property": "Opens"})
    assert (verdict.ok, verdict.status) == (True, "violated:Opens")


def test_a_deadlock_is_a_violation_where_it_is_looked_for(make_specs: MakeSpecs, checker: Checker) -> None:
    text = DOOR.replace('  /\\ door[d] = "open"                        \\* environment', "  /\\ FALSE")
    cfg = HOLDS.replace("PROPERTIES\n  Shuts", "CHECK_DEADLOCK TRUE")
    verdict = checker.check(make_specs({"Door.tla": text, "MCDoor.cfg": cfg}).model("MCDoor"))
    assert (verdict.ok, verdict.status) == (False, "violated:Deadlock")
    without = make_specs({"Door.tla": text, "MCDoor.cfg": cfg.replace("TRUE", "FALSE")})
    assert checker.check(without.model("MCDoor")).status == "holds"


def test_an_undefined_name_is_an_error_even_where_it_is_never_evaluated(
    make_specs: MakeSpecs, checker: Checker
) -> None:
    text = DOOR.replace("InvTypes ==\n", "InvTypes ==\n  /\\ TRUE \\/ Nothing\n")
    verdict = checker.check(make_specs({"Door.tla": text}).model("MCDoor"))
    assert not verdict.ok
    assert verdict.status.startswith("error: ")


def test_a_failing_evaluation_is_an_error(make_specs: MakeSpecs, checker: Checker) -> None:
    text = DOOR.replace("InvTypes ==\n", 'InvTypes ==\n  /\\ door["cellar"] = "shut"\n')
    verdict = checker.check(make_specs({"Door.tla": text}).model("MCDoor"))
    assert not verdict.ok
    assert verdict.status.startswith("error: ")


def test_an_assumption_counts(make_specs: MakeSpecs, checker: Checker) -> None:
    text = DOOR.replace("VARIABLES", "ASSUME Nobody \\in People\n\nVARIABLES")
    verdict = checker.check(make_specs({"Door.tla": text}).model("MCDoor"))
    assert not verdict.ok
    assert verdict.status.startswith("error: ")
