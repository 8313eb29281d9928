from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from incamera_conformance.checker.embedded import EmbeddedChecker
from incamera_conformance.explore import build_graph
from incamera_conformance.locality import Locality, report
from incamera_conformance.specs import Specs, load_specs

SPEC = Path(__file__).parent / "spec" / "door"
DOOR = (SPEC / "Door.tla").read_text(encoding="utf-8")

MakeSpecs = Callable[..., Specs]


def test_an_action_may_depend_on_what_it_names_and_refers_to(make_specs: MakeSpecs, embedded: EmbeddedChecker) -> None:
    """Who holds the key is a reference, and is involved although the action does not name it."""
    locality = Locality(build_graph(make_specs(), "Door", embedded))
    assert locality.violations == []
    taken = [s for s, outcome in locality.outcomes.items() if s.action == "Take" and outcome.rule == "KEY-001"]
    holders = {dict(situation.values)["holder", "#0"] for situation in taken}
    assert holders == {'"#1"', '"#2"'}  # the one who tries, or somebody else


REMOTE = {
    "is refused by what it does not name": (
        "  /\\ holder[d] = Nobody                      \\* KEY-001",
        '  /\\ \\A e \\in Doors : door[e] = "shut"         \\* KEY-001\n'
        "  /\\ holder[d] = Nobody                      \\* KEY-001",
        "Take(",
        "what it names is the same in",
    ),
    "has new values by what it does not name": (
        'door\' = [door EXCEPT ![d] = "open"]',
        'door\' = [door EXCEPT ![d] = IF \\E e \\in Doors : door[e] = "open" THEN "ajar" ELSE "open"]',
        "Open(",
        "with other new values",
    ),
    "changes what it does not name": (
        'door\' = [door EXCEPT ![d] = "shut"]',
        'door\' = [e \\in Doors |-> "shut"]',
        "Shut(",
        "changes door[",
    ),
    "knows an entity by its name": (
        'door\' = [door EXCEPT ![d] = "open"]',
        'door\' = [door EXCEPT ![d] = IF d = "front" THEN "open" ELSE "ajar"]',
        "Open(",
        "with other new values",
    ),
}


@pytest.mark.parametrize("what", REMOTE)
def test_a_spec_that_is_not_local(make_specs: MakeSpecs, embedded: EmbeddedChecker, what: str) -> None:
    old, new, action, sentence = REMOTE[what]
    assert old in DOOR
    violations = Locality(build_graph(make_specs({"Door.tla": DOOR.replace(old, new)}), "Door", embedded)).violations
    assert violations
    assert all(violation.startswith(action) and sentence in violation for violation in violations), report(violations)


def test_a_report_is_not_longer_than_a_page() -> None:
    assert report([str(at) for at in range(30)]).splitlines()[-2:] == ["19", "… and 10 more"]
    assert report(["one"]) == "one"


@pytest.mark.parametrize("area", sorted(load_specs().manifest.areas))
def test_the_specs_of_the_project_are_local(area: str, embedded: EmbeddedChecker) -> None:
    assert Locality(build_graph(load_specs(), area, embedded)).violations == []
