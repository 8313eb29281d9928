"""Logs that the specifications allow, and logs that they do not."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from incamera.wire.audit import GENESIS, Record, seal
from incamera.wire.ids import UNKNOWN
from incamera_conformance import resources
from incamera_conformance.cli import app
from incamera_conformance.graph import Graph
from incamera_conformance.replay import Illegal, Replay, Report, validate
from incamera_conformance.tables import Table, load_tables

AT = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
Act = tuple[str, str, dict[str, str | int], str | None]
"""Spec, action, params and the rule that refuses it, or None."""

OLGA, PAUL, MALLORY = "acc_olga", "acc_paul", "acc_mallory"
MEETING, OTHER = "mtg_one", "mtg_two"


def auth(action: str, rule: str | None = None, **params: str) -> Act:
    return "Auth", action, dict(params), rule


def meeting(action: str, rule: str | None = None, **params: str) -> Act:
    return "Meeting", action, {"m": MEETING, **params}, rule


def conference(action: str, rule: str | None = None, **params: str) -> Act:
    return "Conference", action, {"m": MEETING, **params}, rule


BY = {"Conference": "tcs-1"}
"""Who decides; the rest is up to the TMMS."""

BEGIN: Act = ("Log", "Begin", {"MaxFail": 5}, None)

STORY: list[Act] = [
    BEGIN,
    auth("CreateAccount", a=OLGA),
    auth("CreateAccount", a=PAUL),
    auth("LogIn", a=OLGA, s="ses_1"),
    auth("FailLogIn", "AUTH-001", a=UNKNOWN),
    auth("FailLogIn", a=PAUL),
    auth("LogIn", a=PAUL, s="ses_2"),
    meeting("Knock", "MTG-001", p=PAUL),
    meeting("ScheduleMeeting", host=OLGA),
    meeting("Invite", host=OLGA, p=PAUL),
    meeting("Invite", "MTG-002", host=PAUL, p=MALLORY),
    meeting("Invite", "MTG-005", host=OLGA, p=OLGA),
    meeting("Knock", "MTG-003", p=PAUL),
    meeting("OpenMeeting", host=OLGA),
    conference("OpenRoom"),
    meeting("Knock", p=PAUL),
    meeting("TakeTicket", "MTG-010", p=PAUL),
    meeting("Admit", host=OLGA, p=PAUL),
    meeting("TakeTicket", p=PAUL),
    conference("Grant", p=PAUL, t="tkt_1"),
    meeting("TakeTicket", p=OLGA),
    conference("Grant", p=OLGA, t="tkt_2"),
    conference("EnterRoom", "CONF-002", p=UNKNOWN, n=MEETING, q=UNKNOWN, t=UNKNOWN),
    conference("EnterRoom", "CONF-004", p=UNKNOWN, n=MEETING, q=PAUL, t="tkt_1"),
    conference("EnterRoom", "CONF-003", m=OTHER, p=PAUL, n=MEETING, q=PAUL, t="tkt_1"),
    conference("EnterRoom", p=PAUL, n=MEETING, q=PAUL, t="tkt_1"),
    conference("EnterRoom", "CONF-002", p=PAUL, n=MEETING, q=PAUL, t="tkt_1"),
    conference("EnterRoom", p=OLGA, n=MEETING, q=OLGA, t="tkt_2"),
    conference("Drop", p=PAUL, t="tkt_1"),
    conference("ReturnToRoom", p=PAUL, n=MEETING, q=PAUL, t="tkt_1"),
    meeting("EndMeeting", host=OLGA),
    conference("CloseRoom"),
    conference("Clear", p=PAUL, t="tkt_1"),
    conference("Clear", p=OLGA, t="tkt_2"),
    meeting("EndMeeting", "MTG-004", host=OLGA),
    auth("LogOut", a=OLGA, s="ses_1"),
    auth("LogOut", "AUTH-005", a=OLGA, s="ses_1"),
    auth("ExpireSession", a=PAUL, s="ses_2"),
]


@pytest.fixture(scope="module")
def tables() -> dict[str, Table]:
    return load_tables(resources.tables())


def log(acts: Iterable[Act]) -> list[Record]:
    """The records of these acts, properly chained, a second apart."""
    records: list[Record] = []
    for n, (spec, action, params, rule) in enumerate(acts):
        prev = records[-1].hash if records else GENESIS
        outcome, by = "accepted" if rule is None else "refused", BY.get(spec, "tmms-1")
        records.append(seal(n, AT + timedelta(seconds=n), by, spec, action, params, outcome, rule, prev))  # type: ignore[arg-type]
    return records


def judge(acts: Iterable[Act], tables: dict[str, Table]) -> Report:
    return validate([record.line() for record in log(acts)], tables)


def illegal(acts: Iterable[Act], tables: dict[str, Table]) -> Illegal:
    """What is illegal, which must be the last of the acts."""
    report = judge(acts, tables)
    assert report.error is not None
    assert report.error.n == report.accepted == report.records - 1
    return report.error


def test_a_whole_meeting(tables: dict[str, Table]) -> None:
    assert judge(STORY, tables) == Report(len(STORY), len(STORY))


@pytest.mark.parametrize("at", range(1, len(STORY)))
def test_every_record_matters(tables: dict[str, Table], at: int) -> None:
    """A record that says the opposite, in a chain that is whole, is found at its index."""
    spec, action, params, rule = STORY[at]
    opposite: Act = (spec, action, params, "MTG-009" if rule is None else None)
    report = judge([*STORY[:at], opposite, *STORY[at + 1 :]], tables)
    assert (report.records, report.accepted) == (len(STORY), at)
    assert report.error is not None
    assert report.error.n == at
    said = report.error.allowed[0]
    assert (said.spec, said.action, dict(said.params), said.rule) == (spec, action, params, rule)
    assert said.outcome == ("accepted" if rule is None else "refused")


@pytest.mark.parametrize("at", [at for at, act in enumerate(STORY) if act[3] is not None])
def test_a_refusal_by_another_rule(tables: dict[str, Table], at: int) -> None:
    spec, action, params, rule = STORY[at]
    error = illegal([*STORY[:at], (spec, action, params, "CONF-009")], tables)
    assert error.why == f"the log says that it was refused by CONF-009, and the specification refuses it by {rule}"


def test_it_is_told_what_decides_and_what_else_could_happen(tables: dict[str, Table]) -> None:
    error = illegal([*STORY[:16], meeting("Admit", host=PAUL, p=PAUL)], tables)
    assert error.why == "the log says that it was accepted, and the specification refuses it by MTG-002"
    assert error.state == {f"phase[{MEETING}]": "open", f"standing[{MEETING}][{PAUL}]": "knocking"}
    others = [(allowed.action, dict(allowed.params)) for allowed in error.allowed[1:]]
    assert others == [("Leave", {"m": MEETING, "p": PAUL}), ("ExpireMeeting", {"m": MEETING})]


def test_what_cannot_be_caused(tables: dict[str, Table]) -> None:
    error = illegal([BEGIN, auth("Unlock", a=OLGA)], tables)
    assert (
        error.why == "the log says that it was accepted, and the specification refuses it: nothing could cause it here"
    )


def test_an_account_locks_at_the_limit_and_not_before(tables: dict[str, Table]) -> None:
    tried = [BEGIN, auth("CreateAccount", a=OLGA), *[auth("FailLogIn", a=OLGA)] * 5]
    locked = [auth("LogIn", "AUTH-001", a=OLGA, s="ses_1"), auth("Unlock", a=OLGA), auth("LogIn", a=OLGA, s="ses_1")]
    assert judge([*tried, *locked], tables).error is None
    assert "allows it" in illegal([*tried[:-1], locked[0]], tables).why
    assert "AUTH-001" in illegal([*tried, auth("LogIn", a=OLGA, s="ses_1")], tables).why


def test_many_entities_do_not_meet(tables: dict[str, Table]) -> None:
    """The table was made in a world of one account, and every account has its own count and its own sessions."""
    accounts = [f"acc_{number}" for number in range(50)]
    acts = [BEGIN, *(auth("CreateAccount", a=name) for name in accounts)]
    acts += [auth("FailLogIn", a=name) for _ in range(4) for name in accounts]
    acts += [auth("LogIn", a=name, s="ses_same_name") for name in accounts]
    assert judge(acts, tables).error is None
    assert judge([*acts, auth("CreateAccount", a=accounts[7])], tables).accepted == len(acts)


def test_outside_what_the_model_explored(tables: dict[str, Table]) -> None:
    """Replay does not guess the outcome of a situation that the table does not have."""
    create = tables["Auth"].actions["CreateAccount"]
    rows = {before: outcome for before, outcome in create.cases[()].rows.items() if before != ("absent",)}
    fewer = replace(create, cases={(): replace(create.cases[()], rows=rows)})
    auth_table = replace(tables["Auth"], actions={**tables["Auth"].actions, "CreateAccount": fewer})
    error = illegal([BEGIN, auth("CreateAccount", a=OLGA)], {**tables, "Auth": auth_table})
    assert "outside what the model explored" in error.why
    assert error.state == {f"account[{OLGA}]": "absent"}


@pytest.mark.parametrize(
    ("act", "why"),
    [
        (("Floor", "Take", {"p": OLGA}, None), "there is no specification Floor; there are Auth, Conference, Meeting"),
        (("Auth", "Guess", {"a": OLGA}, None), "Auth has no action Guess; it has CreateAccount, "),
        (("Auth", "LogIn", {"a": OLGA}, None), "LogIn names a, s; this names a"),
        (("Auth", "LogIn", {"a": OLGA, "s": "ses_1", "p": PAUL}, None), "LogIn names a, s; this names a, p, s"),
        (("Auth", "CreateAccount", {"a": 7}, None), "a parameter is the id of an entity, and one of these is a number"),
        (BEGIN, "a log begins only once"),
    ],
)
def test_records_that_are_of_no_specification(tables: dict[str, Table], act: Act, why: str) -> None:
    assert illegal([BEGIN, act], tables).why.startswith(why)


def test_an_accepted_act_names_no_rule(tables: dict[str, Table]) -> None:
    begin, created = log([BEGIN, auth("CreateAccount", a=OLGA)])
    ruled = created.model_copy(update={"rule": "AUTH-004"})
    ruled = ruled.model_copy(update={"hash": ruled.expected_hash()})
    report = validate([begin.line(), ruled.line()], tables)
    assert report.error is not None
    assert report.error.why == "it was accepted, and yet it names a rule, AUTH-004"


def test_what_nothing_could_cause_is_refused_by_no_rule(tables: dict[str, Table]) -> None:
    assert "nothing could cause it here" in illegal([BEGIN, auth("Unlock", "environment", a=OLGA)], tables).why


def test_who_does_not_exist_does_nothing(tables: dict[str, Table]) -> None:
    assert "nobody is that" in illegal([BEGIN, auth("CreateAccount", a=UNKNOWN)], tables).why


def test_a_refusal_names_its_rule(tables: dict[str, Table]) -> None:
    begin, refused = log([BEGIN, meeting("Knock", "MTG-001", p=PAUL)])
    silent = refused.model_copy(update={"rule": None})
    silent = silent.model_copy(update={"hash": silent.expected_hash()})
    report = validate([begin.line(), silent.line()], tables)
    assert report.error is not None
    assert (
        report.error.why == "the log says that it was refused by no rule, and the specification refuses it by MTG-001"
    )


@pytest.mark.parametrize(
    "first",
    [auth("CreateAccount", a=OLGA), ("Log", "Begin", {"MaxFail": 3}, None), ("Log", "Begin", {}, None)],
    ids=["no beginning", "another policy", "no policy"],
)
def test_how_a_log_begins(tables: dict[str, Table], first: Act) -> None:
    error = illegal([first], tables)
    assert [dict(allowed.params) for allowed in error.allowed] == [{"MaxFail": 5}]


def test_an_empty_log_does_not_begin(tables: dict[str, Table]) -> None:
    report = validate([], tables)
    assert (report.records, report.accepted) == (0, 0)
    assert report.error is not None
    assert "empty" in report.error.why


AT_TEN = 10


def _altered(records: list[Record]) -> list[str]:
    lines = [record.line() for record in records]
    lines[AT_TEN] = lines[AT_TEN].replace(MALLORY, OLGA)
    return lines


def _resealed(records: list[Record]) -> list[str]:
    other = records[AT_TEN].model_copy(update={"by": "tmms-2"})
    return _lines(records, other.model_copy(update={"hash": other.expected_hash()}))


def _removed(records: list[Record]) -> list[str]:
    return [record.line() for record in records if record.n != AT_TEN]


def _swapped(records: list[Record]) -> list[str]:
    lines = [record.line() for record in records]
    lines[AT_TEN], lines[AT_TEN + 1] = lines[AT_TEN + 1], lines[AT_TEN]
    return lines


def _lines(records: list[Record], instead: Record) -> list[str]:
    return [(instead if record.n == instead.n else record).line() for record in records]


def _spelled(old: str, new: str) -> Any:
    """The same record to whoever parses it, in other bytes."""

    def tamper(records: list[Record]) -> list[str]:
        lines = [record.line() for record in records]
        assert old in lines[AT_TEN]
        lines[AT_TEN] = lines[AT_TEN].replace(old, new)
        return lines

    return tamper


def _said(**update: Any) -> Any:
    """The last record with something else in it, and the hash that then fits."""

    def tamper(records: list[Record]) -> list[str]:
        other = records[AT_TEN].model_copy(update=update)
        return [*(r.line() for r in records[:AT_TEN]), other.model_copy(update={"hash": other.expected_hash()}).line()]

    return tamper


def _torn(records: list[Record]) -> list[str]:
    lines = [record.line() for record in records]
    lines[AT_TEN] = lines[AT_TEN][:40]
    return lines


def _more(records: list[Record]) -> list[str]:
    lines = [record.line() for record in records]
    lines[AT_TEN] = json.dumps(json.loads(lines[AT_TEN]) | {"note": "said later"})
    return lines


@pytest.mark.parametrize(
    ("tamper", "at", "why"),
    [
        (_altered, AT_TEN, "altered after it was written"),
        (_resealed, AT_TEN + 1, "not the hash of the record before"),
        (_removed, AT_TEN, "number 10 is due here, and this is number 11"),
        (_swapped, AT_TEN, "number 10 is due here, and this is number 11"),
        (_torn, AT_TEN, "no record: Invalid JSON"),
        (_more, AT_TEN, "no record: note: Extra inputs are not permitted"),
        (_spelled('"n":10', '"n":9,"n":10'), AT_TEN, "canonical"),
        (_spelled('"n":10', '"n":"10"'), AT_TEN, "canonical"),
        (_spelled("00:10Z", "00:10+00:00"), AT_TEN, "canonical"),
        (_spelled('"2026-11-23T16:00:10Z"', str((AT + timedelta(seconds=10)).timestamp())), AT_TEN, "canonical"),
        (_spelled('","', '", "'), AT_TEN, "canonical"),
        (_spelled('"prev"', '\n"prev"'), AT_TEN, "canonical"),
        (lambda records: [*(r.line() for r in records), "\n"], len(STORY), "no record: Invalid JSON"),
        (_said(at=AT), AT_TEN, "its instant is before that of the record before"),
        (_said(at=(AT + timedelta(hours=1)).replace(tzinfo=None)), AT_TEN, "its instant is not in UTC"),
        (_said(at=AT.astimezone(timezone(timedelta(hours=2)))), AT_TEN, "its instant is not in UTC"),
        (_said(by="tcs-1"), AT_TEN, "Meeting is decided by tmms, and this was decided by tcs-1"),
        (_said(by=""), AT_TEN, "Meeting is decided by tmms, and this was decided by nobody"),
        (_said(params={"m": MEETING, "host": PAUL, "p": ""}), AT_TEN, "one of these is empty"),
    ],
)
def test_a_log_that_was_tampered_with(tables: dict[str, Table], tamper: Any, at: int, why: str) -> None:
    lines = tamper(log(STORY))
    report = validate(lines, tables)
    assert report.error is not None
    assert (report.records, report.accepted, report.error.n) == (len(lines), at, at)
    assert why in report.error.why


@pytest.mark.slow
@pytest.mark.parametrize("spec", ["Auth", "Conference", "Meeting"])
def test_every_path_and_every_refusal_of_the_graph(
    tables: dict[str, Table], graphs: dict[str, Graph], spec: str
) -> None:
    """In every state, reached by acts, replay agrees with the graph about every act, accepted or refused."""
    graph = graphs[spec]
    paths: dict[int, list[Act]] = {graph.init[0]: []}
    for source, target, action, args in graph.edges:  # states are numbered by their distance
        if target not in paths:
            paths[target] = [*paths[source], _act(graph, action, args, None)]
    for state, path in paths.items():
        replay = Replay(tables)
        assert all(replay.judge(record) is None for record in _unchained([BEGIN, *path]))
        refused = [_act(graph, action, args, rule) for (action, args), rule in graph.refused[state].items()]
        assert all((replay.judge(record) is None) == (record.rule != "environment") for record in _unchained(refused))
        taken = [_act(graph, action, args, None) for action, args in graph.refused[state]]
        assert all(replay.judge(record) is not None for record in _unchained(taken))
        untaken = [_act(graph, action, args, "XXX-000") for action, args in graph.enabled[state]]
        assert all(replay.judge(record) is not None for record in _unchained(untaken))


def _act(graph: Graph, action: str, args: tuple[Any, ...], rule: str | None) -> Act:
    return graph.spec, action, dict(zip(graph.actions[action].params, args, strict=True)), rule


def _unchained(acts: Iterable[Act]) -> Iterable[Record]:
    """Records without a chain, which `Replay` does not look at, and which cost much less."""
    for spec, action, params, rule in acts:
        outcome = "accepted" if rule is None else "refused"
        yield Record.model_construct(n=0, spec=spec, action=action, params=params, outcome=outcome, rule=rule)


def _write(folder: Path, acts: Iterable[Act]) -> Path:
    file = folder / "audit.ndjson"
    file.write_text("".join(record.line() + "\n" for record in log(acts)), encoding="utf-8")
    return file


def test_the_command_on_a_legal_log(tmp_path: Path) -> None:
    file = _write(tmp_path, STORY)
    result = CliRunner().invoke(app, ["validate", str(file), "--json"])
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {"records": len(STORY), "accepted": len(STORY), "error": None}
    assert "38 records" in CliRunner().invoke(app, ["validate", str(file)]).stdout


def test_the_command_on_an_illegal_log(tmp_path: Path) -> None:
    file = _write(tmp_path, [*STORY[:16], meeting("Admit", host=PAUL, p=PAUL)])
    result = CliRunner().invoke(app, ["validate", str(file), "--json"])
    assert result.exit_code == 1
    report = json.loads(result.stdout)
    assert (report["records"], report["accepted"], report["error"]["n"]) == (17, 16, 16)
    assert report["error"]["record"]["action"] == "Admit"
    assert report["error"]["allowed"][0]["rule"] == "MTG-002"
    told = CliRunner().invoke(app, ["validate", str(file)])
    assert told.exit_code == 1
    assert "record 16" in told.stdout
    assert "Only the organizer runs a meeting" in told.stdout
    assert f"standing[{MEETING}][{PAUL}]" in told.stdout


def test_control_characters_of_a_log_stay_on_paper(tmp_path: Path) -> None:
    file = _write(tmp_path, [BEGIN, auth("Guess\x1b[2J", a="[red]")])
    told = CliRunner().invoke(app, ["validate", str(file)])
    assert "\x1b[2J" not in told.stdout
    assert "\\u001b[2J(a=[red])" in told.stdout


def test_replay_needs_nothing_but_what_runs_the_servers(tmp_path: Path) -> None:
    file = _write(tmp_path, STORY)
    blocked = ["wasmtime", "tree_sitter", "tree_sitter_tlaplus", "networkx", "jsonschema"]
    program = f"""
import sys
sys.modules |= dict.fromkeys({blocked!r})
sys.argv = ["incamera-conformance", "validate", {str(file)!r}, "--json"]
from incamera_conformance.cli import main
main()
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env={"PATH": ""})
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["accepted"] == len(STORY)
