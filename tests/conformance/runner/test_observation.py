"""States in the case's names and in the server's."""

from __future__ import annotations

from collections.abc import Sequence

from incamera_conformance.runner.observation import differences, flat, initial
from incamera_conformance.vectors import Area, Counts, Variable

AREA = Area(
    spec="Conference",
    model="MC",
    sha256="0" * 64,
    constants={},
    variables={
        "room": Variable(keys=("meetings",), initial="shut"),
        "ticket": Variable(keys=("meetings", "people", "tickets"), initial="none"),
    },
    actions={},
    counts=Counts(
        edge_classes=0,
        edge_classes_covered=0,
        refusal_classes=0,
        refusal_classes_covered=0,
        excluded={},
        excluded_edges={},
        cases=0,
        steps=0,
    ),
)
GIVEN = {"meetings": ("m1",), "people": ("olga",), "tickets": ("t1",)}
NAMES = {("m1",): "mtg_1", ("olga",): "acc_1", ("m1", "olga", "t1"): "tkt_1"}


def named(entities: Sequence[str]) -> str | None:
    return NAMES.get(tuple(entities)) or NAMES.get(tuple(entities[-1:]))


def test_what_the_server_does_not_keep_is_initial() -> None:
    expected = initial(AREA, GIVEN)
    assert expected == {("room", "m1"): "shut", ("ticket", "m1", "olga", "t1"): "none"}
    assert differences(expected, {}, named, AREA) == []


def test_a_state_is_compared_under_the_servers_names() -> None:
    expected = initial(AREA, GIVEN) | flat({"room": {"m1": "open"}, "ticket": {"m1": {"olga": {"t1": "granted"}}}})
    observed = {"room": {"mtg_1": "open"}, "ticket": {"mtg_1": {"acc_1": {"tkt_1": "granted"}}}}
    assert differences(expected, flat(observed), named, AREA) == []
    assert differences(expected, flat(observed | {"room": {"mtg_1": "closed"}}), named, AREA) == [
        "room[m1] is 'closed', not 'open'"
    ]
    assert differences(expected, flat({"room": {"mtg_1": "open"}}), named, AREA) == [
        "ticket[m1][olga][t1] is 'none', not 'granted'"
    ]


def test_nothing_else_may_come_into_being() -> None:
    expected = initial(AREA, GIVEN)
    other = {"ticket": {"mtg_1": {"acc_2": {"tkt_2": "granted"}}}}
    assert differences(expected, flat(other), named, AREA) == [
        "ticket[mtg_1][acc_2][tkt_2] is 'granted', of which the case knows nothing"
    ]
    assert differences(expected, flat({"ticket": {"mtg_1": {"acc_2": {"tkt_2": "none"}}}}), named, AREA) == []


def test_an_entity_that_is_not_yet_named_holds_what_it_began_with() -> None:
    def nobody(entities: Sequence[str]) -> str | None:
        return None

    expected = initial(AREA, GIVEN)
    assert differences(expected, {}, nobody, AREA) == []
    expected["room", "m1"] = "open"
    assert differences(expected, {}, nobody, AREA) == ["room[m1] is 'shut', not 'open'"]
