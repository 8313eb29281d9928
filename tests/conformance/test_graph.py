from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from incamera_conformance.checker import Checker
from incamera_conformance.checker.embedded import EmbeddedChecker
from incamera_conformance.checker.tlc import TlcChecker
from incamera_conformance.errors import GraphError, SpecError
from incamera_conformance.explore import build_graph, wrap
from incamera_conformance.graph import Graph, load_graph, parse_graph
from incamera_conformance.specs import Specs, load_specs

SPEC = Path(__file__).parent / "spec" / "door"
DOOR = (SPEC / "Door.tla").read_text(encoding="utf-8")
HOLDS = (SPEC / "MCDoor.cfg").read_text(encoding="utf-8")

MakeSpecs = Callable[..., Specs]

ONE_DOOR = HOLDS.replace(', "back"', "").replace(', "bob"', "")

# As TLC explored it. Neither checker's name, nor any order of its own, is in here.
ONE_DOOR_GRAPH = """{"actions":{"Open":{"actor":"p","by":"request","params":["d","p"],"sets":["Doors","People"]},\
"Shut":{"by":"clock","params":["d"],"sets":["Doors"]},\
"Take":{"actor":"p","by":"request","params":["d","p"],"sets":["Doors","People"]}},
"constants":{"Doors":{"$set":["front"]},"Nobody":"nobody","People":{"$set":["ann"]}},
"edges":[
[0,1,"Take",["front","ann"]],
[1,2,"Open",["front","ann"]],
[2,1,"Shut",["front"]]
],
"ghosts":[],
"init":[0],
"model":"MCDoor",
"refusals":[
[0,"Open",["front","ann"],"KEY-002"],
[0,"Shut",["front"],"environment"],
[1,"Shut",["front"],"environment"],
[1,"Take",["front","ann"],"KEY-001"],
[2,"Open",["front","ann"],"KEY-003"],
[2,"Take",["front","ann"],"KEY-001"]
],
"schema":1,
"scope":{"d":"Doors","p":"People"},
"sha256":"@",
"spec":"Door",
"states":[
{"door":{"front":"shut"},"holder":{"front":"nobody"}},
{"door":{"front":"shut"},"holder":{"front":"ann"}},
{"door":{"front":"open"},"holder":{"front":"ann"}}
],
"vars":["door","holder"]}
"""


@pytest.mark.parametrize("name", ["embedded", pytest.param("tlc", marks=pytest.mark.slow)])
def test_every_byte_is_as_recorded(make_specs: MakeSpecs, name: str, request: pytest.FixtureRequest) -> None:
    checker: Checker = request.getfixturevalue(name)
    specs = make_specs({"MCDoor.cfg": ONE_DOOR})
    graph = build_graph(specs, "Door", checker)
    assert graph.sha256 == wrap(specs.model("MCDoor")).sha256
    assert graph.to_json() == ONE_DOOR_GRAPH.replace("@", graph.sha256)


def test_reading_gives_the_same_graph(make_specs: MakeSpecs, embedded: EmbeddedChecker) -> None:
    graph = build_graph(make_specs(), "Door", embedded)
    assert (len(graph.states), graph.problems()) == (25, [])
    assert parse_graph(graph.to_json()) == graph
    assert parse_graph(graph.to_json()).to_json() == graph.to_json()


def test_looking_up(make_specs: MakeSpecs, embedded: EmbeddedChecker) -> None:
    graph = build_graph(make_specs({"MCDoor.cfg": ONE_DOOR}), "Door", embedded)
    assert graph.enabled[0] == {("Take", ("front", "ann")): 1}
    assert graph.refused[2][("Open", ("front", "ann"))] == "KEY-003"


def test_the_hash_is_that_of_what_matters(make_specs: MakeSpecs) -> None:
    def digest(text: str, cfg: str = HOLDS) -> str:
        return wrap(make_specs({"Door.tla": text, "MCDoor.cfg": cfg}).model("MCDoor")).sha256

    usual = digest(DOOR)
    assert digest(DOOR.replace("A key is taken", "One takes a key")) == usual
    assert digest(DOOR, HOLDS.replace("  InvOpenedByHolder\n", "")) == usual
    assert digest(DOOR.replace("\\* KEY-001\n  /\\ holder", "\\* KEY-002\n  /\\ holder")) != usual
    assert digest(DOOR, HOLDS.replace("bob", "bea")) != usual
    assert digest(DOOR.replace('"ajar"', '"wide"')) != usual


ALTERED = {
    "never happens": ("holder[d] = p       ", 'holder[d] = "nobody else"', "Open never happens: no edge of MCDoor"),
    "a hidden guard": (
        "holder' = [holder EXCEPT ![d] = p]",
        'holder\' = IF door[d] = "shut" /\\ p = "ann" THEN [holder EXCEPT ![d] = p] ELSE holder\n'
        "  /\\ holder'[d] # Nobody",
        "Take(back, bob) does not happen in state 0, although all its guards hold",
    ),
    "two targets": (
        'door\' = [door EXCEPT ![d] = "open"]',
        '\\E how \\in {"open", "ajar"} : door\' = [door EXCEPT ![d] = how]',
        "leads from state",
    ),
}


@pytest.mark.parametrize("what", ALTERED)
def test_problems_are_told(make_specs: MakeSpecs, embedded: EmbeddedChecker, what: str) -> None:
    old, new, sentence = ALTERED[what]
    assert old in DOOR
    graph = build_graph(make_specs({"Door.tla": DOOR.replace(old, new)}), "Door", embedded)
    assert any(sentence in problem for problem in graph.problems()), graph.problems()


def test_a_refusal_beside_an_edge_is_a_problem(make_specs: MakeSpecs, embedded: EmbeddedChecker) -> None:
    graph = build_graph(make_specs({"MCDoor.cfg": ONE_DOOR}), "Door", embedded)
    odd = dataclasses.replace(graph, refusals=(*graph.refusals, (0, "Take", ("front", "ann"), "KEY-001")))
    assert odd.problems() == ["Take(front, ann) is enabled in state 0, although a guard refuses it by KEY-001"]


def test_several_initial_states(make_specs: MakeSpecs, embedded: EmbeddedChecker) -> None:
    text = DOOR.replace('door = [d \\in Doors |-> "shut"]', 'door \\in [Doors -> {"shut", "open"}]')
    graph = build_graph(make_specs({"Door.tla": text, "MCDoor.cfg": ONE_DOOR}), "Door", embedded)
    assert [graph.states[at]["door"]["front"] for at in graph.init] == ["open", "shut"]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("\\* KEY-001\n  /\\ holder'", "\n  /\\ holder'", r"Door\.tla:24: a guard names one rule"),
        ("\\E d \\in Doors : Shut(d)", 'Shut("front")', "not of the form"),
        ("Spec == Init /\\ [][Next]_vars", "Spec == Init /\\ [][Next \\/ Next]_vars", "not of the form Init"),
        ("\\E d \\in Doors : Shut(d)", "\\E d \\in Doors, p \\in People : Open(d, p)", "Open occurs twice in Next"),
    ],
)
def test_a_spec_of_another_form_is_refused(make_specs: MakeSpecs, old: str, new: str, sentence: str) -> None:
    assert old in DOOR
    with pytest.raises(SpecError, match=sentence):
        wrap(make_specs({"Door.tla": DOOR.replace(old, new)}).model("MCDoor"))


def test_an_action_that_the_manifest_does_not_list(make_specs: MakeSpecs, embedded: EmbeddedChecker) -> None:
    with pytest.raises(SpecError, match="the action Open is not listed"):
        build_graph(make_specs(area={"actions": {"Take": {"by": "request"}}}), "Door", embedded)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": 2}', '{"schema": 1}', ONE_DOOR_GRAPH.replace("1,2", "1")])
def test_what_is_no_graph(tmp_path: object, text: str) -> None:
    with pytest.raises(GraphError, match="not a state graph"):
        parse_graph(text)


def test_a_missing_file(make_specs: MakeSpecs) -> None:
    with pytest.raises(GraphError, match="cannot be read: No such file"):
        load_graph(make_specs().root / "none.json")


@pytest.mark.parametrize("area", sorted(load_specs().manifest.areas))
def test_the_graphs_of_the_project(area: str, embedded: EmbeddedChecker) -> None:
    assert build_graph(load_specs(), area, embedded).problems() == []


@pytest.mark.slow
@pytest.mark.parametrize("area", sorted(load_specs().manifest.areas))
def test_tlc_finds_the_same_graphs_of_the_project(area: str, embedded: EmbeddedChecker, tlc: TlcChecker) -> None:
    graphs: list[Graph] = [build_graph(load_specs(), area, checker) for checker in (embedded, tlc)]
    assert graphs[0].to_json() == graphs[1].to_json()
