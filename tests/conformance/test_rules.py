from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from incamera_conformance.rules import collect, guard_rules
from incamera_conformance.specs import Specs
from incamera_conformance.syntax import parse

SPEC = Path(__file__).parent / "spec" / "door"
DOOR = (SPEC / "Door.tla").read_text(encoding="utf-8")

MakeSpecs = Callable[..., Specs]


def test_sentences_and_where_they_are_used(make_specs: MakeSpecs) -> None:
    path = make_specs().root / "door" / "Door.tla"
    rules = collect([parse(path)])
    assert list(rules) == ["KEY-001", "KEY-002", "KEY-003"]
    assert rules["KEY-003"].sentence == "A door that is open is not opened again."
    lines = DOOR.splitlines()
    assert lines[rules["KEY-002"].place.line - 1] == "\\* KEY-002  Only who holds the key opens."
    assert [lines[use.line - 1].split()[0] for use in rules["KEY-002"].uses] == ["/\\", "\\*"]
    assert str(rules["KEY-002"].place) == f"{path}:{rules['KEY-002'].place.line}"


def test_the_rules_of_guards_that_span_lines() -> None:
    source = parse(Path("Door.tla"), DOOR.encode())
    named = {name: [guard_rules(part) for part in source.definitions[name].conjuncts] for name in ("Open", "Shut")}
    assert named == {"Open": [["KEY-002"], ["KEY-003"], [], []], "Shut": [["environment"], [], []]}
