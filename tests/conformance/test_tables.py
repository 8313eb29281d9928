"""Behaviour tables say exactly what the graphs say, in this world and in others."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from incamera_conformance import resources
from incamera_conformance.checker.embedded import EmbeddedChecker
from incamera_conformance.checker.tlc import TlcChecker
from incamera_conformance.explore import build_graph
from incamera_conformance.graph import Graph
from incamera_conformance.situations import Case, Local, Situation, situations
from incamera_conformance.slots import slot
from incamera_conformance.specs import SpecModel, Specs, load_specs
from incamera_conformance.tables import TableError, build, from_json, load_tables, reduce, to_json

SPECS = ["Auth", "Conference", "Meeting"]


@pytest.mark.parametrize("spec", SPECS)
def test_the_shipped_tables_are_those_of_the_specs(graphs: dict[str, Graph], spec: str) -> None:
    assert (resources.tables() / f"{spec}.json").read_text(encoding="utf-8") == to_json(build(graphs[spec]))


@pytest.mark.parametrize("spec", SPECS)
def test_a_table_has_the_outcome_of_every_situation(localities: dict[str, Local], spec: str) -> None:
    assert _unlike(localities[spec], localities[spec]) == Counter()


@pytest.mark.parametrize("spec", SPECS)
def test_reading_is_the_inverse_of_writing(localities: dict[str, Local], spec: str) -> None:
    table = reduce(localities[spec])
    assert from_json(to_json(table)) == table


def test_a_row_stands_on_one_line(localities: dict[str, Local]) -> None:
    text = to_json(reduce(localities["Auth"]))
    assert '{"before": ["active", "none"], "after": [0, "live"]}' in text
    assert '{"before": ["locked", 5], "rule": "AUTH-001"}' in text


def test_what_does_not_matter_is_left_out(localities: dict[str, Local]) -> None:
    action = reduce(localities["Conference"]).actions["EnterRoom"]
    stranger = action.cases[False, False]  # another room's door, another person's ticket
    assert stranger.reads == (slot("ticket[n][q][t]"),)
    assert stranger.writes == ()
    owner = action.cases[True, True]
    assert owner.reads == (slot("room[m]"), slot("ticket[m][p][t]"))
    assert owner.writes == tuple(map(slot, ("ticket[m][p][t]", "entered[m][p][t]", "roster[m][p][t]")))


def test_ghosts_are_left_out_first() -> None:
    """Of two slots that tell the same, the one that an implementation stores is read."""
    slots = (slot("shadow[x]"), slot("body[x]"), slot("late[x]"))
    situations = (
        Situation(("no", "out", "out"), ("yes", "in", "in"), 1, "Enter(x) in state 0"),
        Situation(("yes", "in", "in"), "DOOR-001", 1, "Enter(x) in state 1"),
    )
    local = Local(
        spec="Door",
        sha256="0" * 64,
        constants={"Things": ["x"]},
        ghosts=("shadow",),
        variables={"shadow": ("Things",), "body": ("Things",), "late": ("Things",)},
        initial={"shadow": "no", "body": "out", "late": "out"},
        params={"Enter": {"x": "Things"}},
        actors={},
        cases=(Case("Enter", (), slots, situations),),
    )
    assert reduce(local).actions["Enter"].cases[()].reads == (slot("body[x]"),)


def test_the_policy_is_what_a_log_must_have_been_written_under(localities: dict[str, Local]) -> None:
    policies = {spec: reduce(local).policy for spec, local in localities.items()}
    assert policies == {"Auth": {"MaxFail": 5}, "Meeting": {}, "Conference": {}}


def test_files_that_are_no_tables(tmp_path: Path, localities: dict[str, Local]) -> None:
    with pytest.raises(TableError, match="no behaviour tables here"):
        load_tables(tmp_path)
    text = to_json(reduce(localities["Auth"]))
    for broken in (
        "",
        "[]",
        json.dumps({"schema": 2}),
        text.replace('"reads"', '"read"'),
        text.replace('"where": []', '"where": ["s = a"]', 1),
    ):
        (tmp_path / "Auth.json").write_text(broken, encoding="utf-8")
        with pytest.raises(TableError, match=r"Auth\.json: not a behaviour table"):
            load_tables(tmp_path)


WORLDS = {
    "Auth": {"Accounts": '{"ann", "bob"}', "Sessions": '{"s1"}'},
    "Meeting": {"Meetings": '{"m1", "m2"}', "People": '{"olga", "paul"}'},
    "Conference": {"Meetings": '{"m1"}', "People": '{"olga"}', "Tickets": '{"t1", "t2"}'},
}


@pytest.mark.slow
@pytest.mark.parametrize("spec", WORLDS)
def test_another_world_finds_itself_in_the_table(
    localities: dict[str, Local], embedded: EmbeddedChecker, spec: str
) -> None:
    """That a small world judges others is argued in `tables`; here it is tried."""
    assert _unlike(localities[spec], situations(_explore(spec, WORLDS[spec], embedded))) == Counter()


def test_the_whole_conference_has_the_same_table(localities: dict[str, Local], tlc: TlcChecker) -> None:
    """The world of the graph limits what happens in its second room; the one that is model-checked does not."""
    specs = load_specs()
    area = specs.manifest.areas["Conference"].model_copy(update={"graph": "MCConference"})
    manifest = specs.manifest.model_copy(update={"areas": {**specs.manifest.areas, "Conference": area}})
    whole = build(build_graph(Specs(specs.root, manifest), "Conference", tlc))
    assert whole.actions == reduce(localities["Conference"]).actions


@pytest.mark.slow
def test_a_world_too_small_is_told_by_what_is_missing(localities: dict[str, Local], embedded: EmbeddedChecker) -> None:
    """With two people nobody but the organizer and one guest meets; the table of three has more."""
    two = situations(_explore("Meeting", {"People": '{"olga", "paul"}'}, embedded))
    assert _unlike(localities["Meeting"], two) == Counter()
    assert _unlike(two, localities["Meeting"])["missing"] > 0
    assert _unlike(two, localities["Meeting"])["unlike"] == 0


def _unlike(one: Local, other: Local) -> Counter[str]:
    """How many of the other's situations the one's table does not have, or has with another outcome."""
    table = reduce(one)
    found: Counter[str] = Counter()
    for case in other.cases:
        rows = table.actions[case.action].cases.get(case.equal)
        for situation in case.situations:
            before = dict(zip(case.slots, situation.before, strict=True))
            outcome = None if rows is None else rows.rows.get(tuple(before[slot] for slot in rows.reads))
            if rows is None or outcome is None:
                found["missing"] += 1
            elif isinstance(outcome, str):
                found["unlike"] += outcome != situation.outcome
            else:
                after = before | dict(zip(rows.writes, outcome, strict=True))
                found["unlike"] += tuple(after.values()) != situation.outcome
    return +found


def _explore(spec: str, constants: dict[str, str], checker: EmbeddedChecker) -> Graph:
    """The graph of a spec in a world of other constants."""
    specs = load_specs()
    area = specs.area(spec)
    assert area.graph is not None

    class World(Specs):
        def model(self, name: str) -> SpecModel:
            model = super().model(name)
            config = replace(model.config, constants=model.config.constants | constants)
            return replace(model, config=config)

    return build_graph(World(specs.root, specs.manifest), spec, checker)
