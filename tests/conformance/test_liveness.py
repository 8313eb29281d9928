"""What the embedded checker says about liveness under weak fairness, against what TLC said about the same systems.

The answers are TLC's (version 2.20), recorded: "h" holds, "v" is violated, for each of the properties in turn. (Under
strong fairness the two differ: on `circle` under SF_vars(C) TLC finds all of them violated, and the embedded checker
only the last. So strong fairness needs TLC.)
"""

from __future__ import annotations

import json

import pytest

from incamera_conformance.checker import job, wasm

PROPERTIES = ("<>(x = 2)", "[]<>(x = 2)", "<>[](x = 2)", "(x = 1) ~> (x = 2)", "(x = 1) ~> (y = 1)", "[]<>(y = 1)")

SYSTEMS = {
    "circle": "A == x = 0 /\\ x' = 1 /\\ y' = y\nB == x = 1 /\\ x' = 0 /\\ y' = y\nC == x = 1 /\\ x' = 2 /\\ y' = y",
    "ring": "A == x < 2 /\\ x' = x + 1 /\\ y' = y\nB == x = 2 /\\ x' = 0 /\\ y' = y\nC == y' = 1 - y /\\ x' = x",
    "nested": (
        "A == x \\in {0, 1} /\\ x' = 1 - x /\\ y' = y\nB == x = 1 /\\ x' = 2 /\\ y' = y\n"
        "C == x = 2 /\\ x' = 0 /\\ y' = 1 - y"
    ),
    "idle": "A == x = 0 /\\ x' = 1 /\\ y' = y\nB == x = 1 /\\ UNCHANGED vars\nC == x = 1 /\\ x' = 2 /\\ y' = 1 - y",
}

TLC = {
    ("circle", ""): "vvvvvv",
    ("circle", "C"): "vvvvvv",
    ("circle", "AC"): "vvvvvv",
    ("ring", ""): "vvvvvv",
    ("ring", "A"): "hhvhvv",
    ("ring", "C"): "vvvvhh",
    ("ring", "AC"): "hhvhhh",
    ("ring", "B"): "vvvvvv",
    ("ring", "ABC"): "hhvhhh",
    ("nested", "AC"): "vvvvvv",
    ("nested", "ABC"): "vvvvvv",
    ("idle", "A"): "vvvvvv",
    ("idle", "B"): "vvvvvv",
    ("idle", "C"): "vvvhhv",
    ("idle", "AC"): "hhhhhh",
    ("idle", "ABC"): "hhhhhh",
}


PAIR = r"""Ids == {"a", "b"}
Init == x = [i \in Ids |-> 0]
Up(i) ==
  /\ x[i] = 0
  /\ x' = [x EXCEPT ![i] = 1]
Down(i) ==
  /\ x[i] = 1
  /\ x' = [x EXCEPT ![i] = 0]
Swap(i, j) ==
  /\ x[i] # x[j]
  /\ x' = [x EXCEPT ![i] = x[j], ![j] = x[i]]
Next ==
  \/ \E i \in Ids : Up(i)
  \/ \E i \in Ids : Down(i)
  \/ \E i \in Ids, j \in Ids : Swap(i, j)"""

PAIR_PROPERTIES = (
    "\\A i \\in Ids : []<>(x[i] = 1)",
    "[]<>(\\E i \\in Ids : x[i] = 1)",
    "\\A i \\in Ids : (x[i] = 0) ~> (x[i] = 1)",
    '(x["a"] = 0) ~> (x["a"] = 1)',
    "\\A i \\in Ids, j \\in Ids : (x[i] = 1) ~> (x[j] = 0)",
)

PAIR_TLC = {
    "\\A i \\in Ids : WF_vars(Up(i))": "hhhhv",
    "WF_vars(\\E i \\in Ids : Up(i))": "vhvvv",
    'WF_vars(Up("a"))': "vhvhv",
    "\\A i \\in Ids : WF_vars(Up(i)) /\\ WF_vars(Down(i))": "hhhhh",
    "(\\A i \\in Ids : WF_vars(Up(i))) /\\ (\\A i, j \\in Ids : WF_vars(Swap(i, j)))": "hhhhv",
    "WF_vars(Next)": "vhvvv",
    "\\A i \\in Ids, j \\in Ids : WF_vars(Swap(i, j))": "vvvvv",
    '\\A i \\in {"b"} : \\A j \\in Ids : WF_vars(Up(i)) /\\ WF_vars(Down(j))': "vhvvh",
}


def answers(lines: list[str], properties: tuple[str, ...]) -> str:
    """The embedded checker's answers for a module that ends in these lines."""
    engine, module = job.load(wasm.locate(), wasm.cache_folder())
    text = ["---- MODULE Live ----", "EXTENDS Naturals", *lines]
    text += [f"P{number} == {formula}" for number, formula in enumerate(properties)]
    source, found = "\n".join([*text, "====", ""]), ""
    for number in range(len(properties)):
        cfg = f"SPECIFICATION Spec\nPROPERTY P{number}\n"
        options = json.dumps({"cfg_source": cfg, "check_liveness": True, "allow_deadlock": True})
        answer = job.call(engine, module, "check_spec_with_options", source, options)
        assert answer["error_type"] in {None, "LivenessViolation"}, answer
        found += "h" if answer["success"] else "v"
    return found


@pytest.mark.parametrize(("system", "fair"), TLC)
def test_fairness_of_actions(system: str, fair: str) -> None:
    lines = ["VARIABLES x, y", "vars == <<x, y>>", "Init == x = 0 /\\ y = 0", SYSTEMS[system], "Next == A \\/ B \\/ C"]
    lines += ["Spec == Init /\\ [][Next]_vars" + "".join(f" /\\ WF_vars({action})" for action in fair)]
    assert answers(lines, PROPERTIES) == TLC[system, fair]


@pytest.mark.parametrize("fair", PAIR_TLC)
def test_fairness_of_actions_with_parameters(fair: str) -> None:
    lines = ["VARIABLES x", "vars == <<x>>", PAIR, f"Fair == {fair}", "Spec == Init /\\ [][Next]_vars /\\ Fair"]
    assert answers(lines, PAIR_PROPERTIES) == PAIR_TLC[fair]
