"""Locality: shown on a world small enough to write down, and on the project's specs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from incamera_conformance.errors import GraphError
from incamera_conformance.graph import ActionInfo, Graph
from incamera_conformance.situations import Local, LocalityError, Situation, situations
from incamera_conformance.slots import Slot, equal_params, involved, pairs, pattern, slot

LAMPS = ("hall", "attic")
PARAMS = {"m": "Meetings", "p": "People", "n": "Meetings", "q": "People", "t": "Tickets"}


def _lamps() -> Graph:
    """Two lamps, each off until it is switched on; a lamp that burns is not switched on again."""
    states = [{"lamp": {"hall": hall, "attic": attic}} for hall in ("off", "on") for attic in ("off", "on")]
    edges: list[tuple[int, int, str, tuple[Any, ...]]] = []
    refusals: list[tuple[int, str, tuple[Any, ...], str]] = []
    for at, state in enumerate(states):
        for lamp in LAMPS:
            if state["lamp"][lamp] == "on":
                refusals.append((at, "SwitchOn", (lamp,), "LAMP-001"))
            else:
                edges.append((at, states.index({"lamp": {**state["lamp"], lamp: "on"}}), "SwitchOn", (lamp,)))
    return Graph(
        spec="Lamps",
        model="MCLamps",
        sha256="0" * 64,
        constants={"Lamps": {"$set": sorted(LAMPS)}, "Limit": 1},
        vars=("lamp",),
        ghosts=(),
        actions={"SwitchOn": ActionInfo(("l",), ("Lamps",), "request")},
        scope={"l": "Lamps"},
        init=(0,),
        states=tuple(states),
        edges=tuple(edges),
        refusals=tuple(refusals),
    )


def test_eight_instances_are_two_situations() -> None:
    local = situations(_lamps())
    (case,) = local.cases
    assert case.slots == (Slot("lamp", ("l",)),)
    assert case.situations == (
        Situation(("off",), ("on",), 4, "SwitchOn(hall) in state 0"),
        Situation(("on",), "LAMP-001", 4, "SwitchOn(attic) in state 1"),
    )
    assert local.initial == {"lamp": "off"}


def test_an_outcome_that_depends_on_what_the_action_does_not_name() -> None:
    graph = _lamps()
    assert graph.edges[1] == (0, 1, "SwitchOn", ("attic",))
    dark = replace(
        graph,
        edges=(graph.edges[0], *graph.edges[2:]),
        refusals=((0, "SwitchOn", ("attic",), "LAMP-002"), *graph.refusals),
    )
    with pytest.raises(LocalityError) as raised:
        situations(dark)
    assert str(raised.value) == (
        'Lamps: SwitchOn(hall) in state 0 and SwitchOn(attic) in state 0 find the same (lamp[l] = "off"), and yet the '
        'first leads to (lamp[l] = "on") and the second is refused by LAMP-002'
    )


def test_another_rule_for_the_same_situation() -> None:
    graph = _lamps()
    first, *others = graph.refusals
    with pytest.raises(LocalityError, match=r"is refused by LAMP-009 .* is refused by LAMP-001"):
        situations(replace(graph, refusals=((*first[:3], "LAMP-009"), *others)))


def test_an_edge_that_changes_what_its_action_does_not_name() -> None:
    graph = _lamps()
    assert graph.edges[0] == (0, 2, "SwitchOn", ("hall",))
    both = replace(graph, edges=((0, 3, "SwitchOn", ("hall",)), *graph.edges[1:]))
    with pytest.raises(LocalityError, match=r"SwitchOn\(hall\) in state 0 changes lamp\[attic\], which it does not"):
        situations(both)


def test_an_instance_without_an_outcome() -> None:
    graph = _lamps()
    with pytest.raises(GraphError, match=r"SwitchOn\(attic\) has neither an edge nor a refusal in state 1"):
        situations(replace(graph, refusals=graph.refusals[1:]))


def test_an_instance_with_two_outcomes() -> None:
    graph = _lamps()
    with pytest.raises(GraphError, match=r"SwitchOn\(hall\) has more than one outcome in state 0"):
        situations(replace(graph, refusals=((0, "SwitchOn", ("hall",), "LAMP-001"), *graph.refusals)))


def test_entities_that_do_not_begin_alike() -> None:
    with pytest.raises(LocalityError, match="do not all begin alike"):
        situations(replace(_lamps(), init=(1,)))


def test_a_variable_whose_keys_are_no_set() -> None:
    graph = _lamps()
    with pytest.raises(GraphError, match="are those of no constant set"):
        situations(replace(graph, constants={"Limit": 1}))
    with pytest.raises(GraphError, match="are those of Lamps and of Lights"):
        situations(replace(graph, constants={**graph.constants, "Lights": {"$set": sorted(LAMPS)}}))


def test_the_specs_of_the_project_are_local(localities: dict[str, Local], graphs: dict[str, Graph]) -> None:
    """And nothing is lost: every edge and every refusal is counted in one situation."""
    assert set(localities) == {"Auth", "Meeting", "Conference"}
    for spec, local in localities.items():
        instances = len(graphs[spec].edges) + len(graphs[spec].refusals)
        assert sum(situation.count for case in local.cases for situation in case.situations) == instances


def test_slots_of_an_action_whose_entities_are_all_different() -> None:
    variables = {"room": ("Meetings",), "ticket": ("Meetings", "People", "Tickets"), "epoch": ()}
    equal = equal_params(PARAMS, ("m1", "olga", "m2", "paul", "t1"))
    assert equal == (False, False)
    assert [str(found) for found in involved(PARAMS, equal, variables)] == [
        "room[m]",
        "room[n]",
        "ticket[m][p][t]",
        "ticket[m][q][t]",
        "ticket[n][p][t]",
        "ticket[n][q][t]",
        "epoch",
    ]


def test_parameters_that_name_one_entity_share_their_slots() -> None:
    equal = equal_params(PARAMS, ("m1", "olga", "m1", "olga", "t1"))
    assert pattern(PARAMS, equal) == ("n = m", "q = p")
    assert involved(PARAMS, equal, {"ticket": ("Meetings", "People", "Tickets")}) == (slot("ticket[m][p][t]"),)


def test_entities_of_different_sets_are_never_the_same() -> None:
    assert pairs(PARAMS) == (("m", "n"), ("p", "q"))
    assert equal_params({"a": "Accounts", "s": "Sessions"}, ("x", "x")) == ()
