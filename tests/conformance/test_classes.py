"""Classes, paths and cases of a small world, made by hand: desks with lines that are opened, lost and shut."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from incamera_conformance.classes import Classes, Excluded, RefusalClass
from incamera_conformance.errors import ConformanceError, GraphError
from incamera_conformance.generate import Generator
from incamera_conformance.graph import ActionInfo, Graph
from incamera_conformance.paths import Paths
from incamera_conformance.values import canonical
from incamera_conformance.vectors import Case
from incamera_conformance.wording import REASONS, circumstances

ACCOUNTS, LINES = ["ann", "bob"], ["one"]
ACTIONS = {
    "Begin": ActionInfo(("a", "l"), ("Accounts", "Lines"), "request", "a"),
    "Resume": ActionInfo(("a", "b", "l"), ("Accounts", "Accounts", "Lines"), "request", "a"),
    "Close": ActionInfo(("a",), ("Accounts",), "operator"),
    "Lose": ActionInfo(("a", "l"), ("Accounts", "Lines"), "network"),
    "Shut": ActionInfo(("a", "l"), ("Accounts", "Lines"), "server"),
}
State = dict[str, Any]
RULES = {"LINE-001": "the desk is closed", "LINE-002": "the line is not lost", "LINE-003": "it is somebody else's"}


def outcome(state: State, action: str, params: tuple[str, ...]) -> State | str:
    """The state after an action, or the rule that refuses it.  It is the server that names a line."""
    if action == "Close":
        (a,) = params
        return "environment" if state["desk"][a] == "closed" else changed(state, a, desk="closed")
    a, name = params[-2:]
    desk, line = state["desk"][a], state["line"][a][name]
    if action == "Begin":
        if desk == "closed":
            return "LINE-001"
        return "environment" if line != "none" else changed(state, a, line="open")
    if action == "Lose":
        return "environment" if line != "open" else changed(state, a, line="lost")
    if action == "Shut":
        return changed(state, a, line="shut") if desk == "closed" and line in {"open", "lost"} else "environment"
    if line != "lost":
        return "LINE-002"
    return "LINE-003" if params[0] != a else changed(state, a, line="open")


def changed(state: State, a: str, desk: str | None = None, line: str | None = None) -> State:
    return {
        "desk": state["desk"] | ({a: desk} if desk else {}),
        "line": state["line"] | ({a: {"one": line}} if line else {}),
        "seen": {account: True for account in ACCOUNTS if state["seen"][account] or account == a}
        | {account: False for account in ACCOUNTS if not state["seen"][account] and account != a},
    }


def instances() -> list[tuple[str, tuple[str, ...]]]:
    pairs = [(a, line) for a in ACCOUNTS for line in LINES]
    return [
        *(("Close", (a,)) for a in ACCOUNTS),
        *((name, pair) for name in ("Begin", "Lose", "Shut") for pair in pairs),
        *(("Resume", (a, b, line)) for a in ACCOUNTS for b in ACCOUNTS for line in LINES),
    ]


@pytest.fixture(scope="module")
def graph() -> Graph:
    init: State = {
        "desk": dict.fromkeys(ACCOUNTS, "open"),
        "line": {a: dict.fromkeys(LINES, "none") for a in ACCOUNTS},
        "seen": dict.fromkeys(ACCOUNTS, False),
    }
    states, edges, refusals, queue = {canonical(init): init}, [], [], [init]
    for state in queue:
        for action, params in instances():
            after = outcome(state, action, params)
            if isinstance(after, str):
                refusals.append((canonical(state), action, params, after))
                continue
            edges.append((canonical(state), canonical(after), action, params))
            if canonical(after) not in states:
                states[canonical(after)] = after
                queue.append(after)
    number = {text: index for index, text in enumerate(sorted(states))}
    return Graph(
        spec="Line",
        model="MCLine",
        sha256="0" * 64,
        constants={"Accounts": {"$set": ACCOUNTS}, "Lines": {"$set": LINES}, "Most": 3},
        vars=("desk", "line", "seen"),
        ghosts=("seen",),
        actions=ACTIONS,
        scope={"a": "Accounts", "b": "Accounts", "l": "Lines"},
        init=(number[canonical(init)],),
        states=tuple(states[text] for text in number),
        edges=tuple(sorted((number[a], number[b], name, params) for a, b, name, params in edges)),
        refusals=tuple(sorted((number[a], name, params, rule) for a, name, params, rule in refusals)),
    )


@pytest.fixture(autouse=True)
def _reasons(monkeypatch: pytest.MonkeyPatch) -> None:
    for rule, reason in RULES.items():
        monkeypatch.setitem(REASONS, rule, reason)


def said(graph: Graph, known: RefusalClass) -> str:
    params = {param: graph.scope[param] for param in graph.actions[known.situation.action].params}
    return f"{known.situation.action}: {', '.join(circumstances(known.situation, params))} [{known.rule}]"


def test_a_refusal_counts_only_what_it_depends_on(graph: Graph) -> None:
    found = {said(graph, known): known.excluded for known in Classes(graph).refusals()}
    assert found == {
        # The desk decides first; but only the server names a line, so nobody begins one twice.
        "Begin: account closed, line none [LINE-001]": None,
        "Begin: account closed, line open [LINE-001]": Excluded.SERVER_NAMES,
        "Begin: account closed, line lost [LINE-001]": Excluded.SERVER_NAMES,
        "Begin: account closed, line shut [LINE-001]": Excluded.SERVER_NAMES,
        # Whether a line is open or lost, only the server knows.
        "Resume: line none [LINE-002]": None,
        "Resume: line open [LINE-002]": Excluded.CONNECTION,
        "Resume: line shut [LINE-002]": None,
        "Resume: line none, other account [LINE-002]": None,
        "Resume: line open, other account [LINE-002]": Excluded.CONNECTION,
        "Resume: line lost, other account [LINE-003]": None,
        "Resume: line shut, other account [LINE-002]": None,
    }


def test_an_edge_class_that_no_case_shows_has_a_reason(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Paths, "cover", lambda *args: iter(()))
    with pytest.raises(ConformanceError, match=r"no case shows \w+.*, and no reason does"):
        Generator(graph, tuple(ACTIONS)).generate()


def test_the_reason_is_that_of_the_states_that_come_nearest(graphs: dict[str, Graph]) -> None:
    """`transient` is only what has no stable state at all: somebody is in a room that is closed."""
    classes = Classes(graphs["Conference"])
    found = {said(graphs["Conference"], known): known.excluded for known in classes.refusals() if known.excluded}
    assert {reason for said, reason in found.items() if "meeting closed" not in said} == {Excluded.CONNECTION}
    assert {reason for said, reason in found.items() if "meeting closed" in said} == {Excluded.TRANSIENT}


def test_nothing_is_tried_while_the_server_is_about_to_act(graph: Graph) -> None:
    classes = Classes(graph)
    assert classes.transient
    for known in classes.refusals():
        assert not {state for state, _ in known.probes} & classes.transient


def test_where_slots_do_not_decide_there_are_no_classes(graph: Graph) -> None:
    state, action, params, _ = next(row for row in graph.refusals if row[3] == "LINE-002")
    twisted = [row for row in graph.refusals if row[:3] != (state, action, params)]
    broken = replace(graph, refusals=(*twisted, (state, action, params, "LINE-001")))
    with pytest.raises(GraphError, match=r"Resume.*the slots do not decide"):
        Classes(broken).refusals()


def test_cases_keep_to_the_graph_and_let_the_server_act_at_once(graph: Graph) -> None:
    generated = Generator(graph, tuple(ACTIONS)).generate()
    cases = [*generated.accepts, *generated.refusals]
    assert {case.id for case in generated.refusals} == {
        "line/refuse/begin/account-closed-line-none",
        "line/refuse/resume/line-none",
        "line/refuse/resume/line-shut",
        "line/refuse/resume/line-none-other-account",
        "line/refuse/resume/line-lost-other-account",
        "line/refuse/resume/line-shut-other-account",
    }
    for case in cases:
        follow(case)
    counts = generated.area.counts
    # Left out: to lose and to resume a line that the server is about to shut.
    assert (counts.edge_classes, counts.edge_classes_covered) == (8, 6)
    assert counts.excluded == {"connection": 2, "server-names": 3}
    assert counts.excluded_edges == {"transient": 2}


def follow(case: Case) -> None:
    """Play a case on `outcome`; fails where it is not what happens."""
    state: State = {
        "desk": dict.fromkeys(ACCOUNTS, "open"),
        "line": {a: dict.fromkeys(LINES, "none") for a in ACCOUNTS},
        "seen": dict.fromkeys(ACCOUNTS, False),
    }
    names = {"begin": "Begin", "resume": "Resume", "close": "Close", "lose": "Lose", "shut": "Shut"}
    for step in case.steps:
        info = ACTIONS[names[step.do]]
        named = dict(step.with_) | ({info.actor: step.by} if info.by == "request" and info.actor else {})
        due = [p for p in instances() if p[0] == "Shut" and not isinstance(outcome(state, *p), str)]
        assert not due or step.do == "shut"
        after = outcome(state, names[step.do], tuple(named[param] for param in info.params))
        if step.refused:
            assert after == step.refused
            assert step is case.steps[-1]
            assert step.unchanged
            continue
        assert not isinstance(after, str)
        expected = {name: dict(value) for name, value in state.items()}
        for variable, change in (step.then or {}).items():
            assert variable != "seen", "a ghost is no part of a vector"
            expected[variable] |= change
        assert (after["desk"], after["line"]) == (expected["desk"], expected["line"])
        state = after


def test_the_order_of_edges_does_not_matter(graph: Graph) -> None:
    order = random.Random(1)  # noqa: S311 - any order will do
    shuffled = replace(
        graph,
        edges=tuple(order.sample(graph.edges, len(graph.edges))),
        refusals=tuple(order.sample(graph.refusals, len(graph.refusals))),
    )
    one, two = (Generator(each, tuple(ACTIONS)).generate() for each in (graph, shuffled))
    assert one == two


def test_the_reason_stands_in_the_title(graph: Graph) -> None:
    case = next(c for c in Generator(graph, tuple(ACTIONS)).generate().refusals if c.id.endswith("lost-other-account"))
    assert case.title == "MUST refuse resume if it is somebody else's (line lost, other account) [LINE-003]"
