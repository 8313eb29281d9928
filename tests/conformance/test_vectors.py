"""The vectors as they stand in `vectors/`: their form, and what they say against the behaviour tables."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from incamera.wire.rules import RULES
from incamera_conformance import resources
from incamera_conformance.slots import Leaf, equal_params
from incamera_conformance.tables import Table, load_tables
from incamera_conformance.vectors import (
    Area,
    Case,
    VectorsError,
    load_cases,
    load_manifest,
    schema,
)
from incamera_conformance.wording import REASONS

FOLDER = resources.vectors()
MANIFEST = load_manifest(FOLDER)
CASES = {area: tuple(load_cases(FOLDER, area)) for area in MANIFEST.areas}
LINES = [
    (path, number, line)
    for path in sorted(FOLDER.glob("*/*.jsonl"))
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
]


def test_every_line_keeps_to_the_schema() -> None:
    validator = jsonschema.Draft202012Validator(json.loads((FOLDER / "schema.json").read_text(encoding="utf-8")))
    for path, number, line in LINES:
        for error in validator.iter_errors(json.loads(line)):
            pytest.fail(f"{path}:{number}: {error.message}")


def test_the_schema_refuses_what_is_no_case() -> None:
    validator = jsonschema.Draft202012Validator(schema())
    good = json.loads(LINES[0][2])
    assert validator.is_valid(good)
    assert not validator.is_valid(good | {"steps": []})
    assert not validator.is_valid(good | {"comment": "x"})
    assert not validator.is_valid(good | {"steps": [good["steps"][0] | {"expect": "maybe"}]})
    assert not validator.is_valid(good | {"steps": [good["steps"][0] | {"expect": {"refused": "mtg-1"}}]})


def test_the_manifest_keeps_to_its_schema() -> None:
    whole = schema()
    whole |= {"$ref": "#/$defs/VectorManifest"}
    for member in ("properties", "required", "type", "additionalProperties", "title", "description"):
        whole.pop(member, None)
    jsonschema.Draft202012Validator(whole).validate(json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8")))


def test_the_manifest_has_the_hash_of_every_generated_file() -> None:
    found = {
        str(path.relative_to(FOLDER)): sha256(path.read_bytes()).hexdigest()
        for path in FOLDER.rglob("*")
        if path.is_file() and path.name not in {"manifest.json", "FORMAT.md"}
    }
    assert found == MANIFEST.files


def test_ids_are_unique_and_titles_name_the_rule() -> None:
    cases = [case for area in CASES.values() for case in area]
    assert len({case.id for case in cases}) == len(cases)
    assert len({case.title for case in cases if "/refuse/" in case.id}) == sum("/refuse/" in case.id for case in cases)
    for case in cases:
        assert case.id.startswith(f"{case.area}/")
        if "/refuse/" in case.id:
            assert case.title.startswith("MUST refuse ")
            assert case.title.endswith(f"[{case.steps[-1].refused}]")
        else:
            assert case.title.startswith("MUST accept ")


def test_every_rule_that_refuses_a_request_has_a_case() -> None:
    refused = {case.steps[-1].refused for area in CASES.values() for case in area if "/refuse/" in case.id}
    assert refused == RULES.keys() - {"CONF-001"}  # what the TMMS asks of the TCS, no client can
    assert refused == REASONS.keys()


def test_the_rules_are_those_of_the_wire() -> None:
    assert {name: (rule.status, rule.sentence) for name, rule in MANIFEST.rules.items()} == {
        name: (rule.status, rule.sentence) for name, rule in RULES.items()
    }


def test_counts_are_true() -> None:
    for name, area in MANIFEST.areas.items():
        refusals = [case for case in CASES[name] if "/refuse/" in case.id]
        assert area.counts.cases == len(CASES[name])
        assert area.counts.steps == sum(len(case.steps) for case in CASES[name])
        assert area.counts.refusal_classes_covered == len(refusals)
        assert area.counts.refusal_classes == len(refusals) + sum(area.counts.excluded.values())
        left = sum(area.counts.excluded_edges.values())
        assert area.counts.edge_classes == area.counts.edge_classes_covered + left


@pytest.mark.parametrize("area", MANIFEST.areas)
def test_every_case_is_what_the_behaviour_tables_say(area: str) -> None:
    table = load_tables(resources.tables())[MANIFEST.areas[area].spec]
    for case in CASES[area]:
        world = _World(table, MANIFEST.areas[area])
        for at, outcome in enumerate(world.play(case)):
            step = case.steps[at]
            where = f"{case.id}, step {at + 1}"
            if step.unchanged:
                assert outcome == step.refused, where
                assert at == len(case.steps) - 1, where
            else:
                assert isinstance(outcome, dict), where
                assert outcome == dict(_flat(step.then or {})), where
                assert step.refused == world.area.actions[step.do].answer, where


class _World:
    """The state of a case, moved by the tables: another way than the one on which the cases were made."""

    def __init__(self, table: Table, area: Area) -> None:
        self.table = table
        self.area = area
        self.held: dict[tuple[str, ...], Leaf] = {}

    def play(self, case: Case) -> Iterator[dict[tuple[str, ...], Leaf] | str]:
        """For each step the rule that refuses it, or the observable slots that it changes."""
        for step in case.steps:
            told = self.area.actions[step.do]
            action = self.table.actions[told.action]
            named = dict(step.with_) | ({told.actor: step.by} if told.by == "request" and told.actor else {})
            assert list(action.params) == list(told.params)
            assert all(named[param] in case.given[kind] for param, kind in told.params.items())
            rows = action.cases[equal_params(action.params, [named[param] for param in action.params])]
            reads = [(slot.variable, *(named[param] for param in slot.params)) for slot in rows.reads]
            outcome = rows.rows[tuple(self.hold(slot) for slot in reads)]
            if isinstance(outcome, str):
                yield outcome
                continue
            writes = [(slot.variable, *(named[param] for param in slot.params)) for slot in rows.writes]
            changed = {slot: value for slot, value in zip(writes, outcome, strict=True) if self.hold(slot) != value}
            self.held |= changed
            yield {slot: value for slot, value in changed.items() if slot[0] in self.area.variables}

    def hold(self, slot: tuple[str, ...]) -> Leaf:
        return self.held.get(slot, self.table.variables[slot[0]].initial)


def _flat(state: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], Leaf]]:
    for key, value in state.items():
        if isinstance(value, dict):
            yield from (((key, *path), leaf) for path, leaf in _flat(value))
        else:
            yield (key,), value


def test_what_is_no_vector_is_told_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(VectorsError, match=r"manifest\.json: cannot be read"):
        load_manifest(tmp_path)
    (tmp_path / "manifest.json").write_text('{"format": 2}', encoding="utf-8")
    with pytest.raises(VectorsError, match=r"manifest\.json: "):
        load_manifest(tmp_path)
    (tmp_path / "auth").mkdir()
    (tmp_path / "auth" / "accepts.jsonl").write_text(f"{LINES[0][2]}\n{{}}\n", encoding="utf-8")
    with pytest.raises(VectorsError, match=r"accepts\.jsonl:2: "):
        list(load_cases(tmp_path, "auth"))
