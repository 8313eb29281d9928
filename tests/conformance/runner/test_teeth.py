"""The runner against a server that is right, and against the same server made wrong in one respect at a time."""

from __future__ import annotations

import json
from typing import Any

import pytest
import trio
from sqlalchemy import update

from incamera.tmms import tables
from incamera.transport import Session, Trust
from incamera.wire import problem
from incamera.wire.control import Challenge, CloseCode, Refused, encode
from incamera.wire.ids import fresh_token
from incamera_conformance import replay, resources
from incamera_conformance.runner import Report, Target, TargetError, Verdict, conference, play, run
from incamera_conformance.vectors import load_manifest

from .conftest import Answered, Fault, Stand, accepted, case_of

EXPIRES = accepted("meeting", "open-meeting", "expire-meeting")
NOT_ORGANIZER = "meeting/refuse/open-meeting/meeting-scheduled-host-invited"
UNKNOWN_LOG_IN = "auth/refuse/fail-log-in/account-absent-fails-0"
CREATED_TWICE = "auth/refuse/create-account/account-active"
LOGGED_OUT = "auth/refuse/log-out/session-closed"
DROPPED = "conference/refuse/enter-room/meeting-open-ticket-dropped"
FOREIGN_TICKET = "conference/refuse/enter-room/ticket-granted-other-meeting"
CLEARED = accepted("conference", "enter-room", "close-room", "clear", never="drop")
LEFT = "conference/refuse/enter-room/meeting-open-ticket-left"
CASES = (EXPIRES, NOT_ORGANIZER, UNKNOWN_LOG_IN, LOGGED_OUT, DROPPED, FOREIGN_TICKET, CLEARED, LEFT)
"""Cases that between them have every kind of step."""


@pytest.mark.slow
async def test_a_server_that_is_right_passes(stand: Stand) -> None:
    heard = await stand.play(*CASES)
    assert [(result.case.id, result.verdict, result.why) for result in heard.results] == [
        (name, Verdict.OK, None) for name in CASES
    ]
    assert heard.passes()
    report = heard.as_json()
    assert report["verdicts"] == {"OK": 8, "FAILED": 0, "NON-STRICT": 0, "INFORMATIONAL": 0, "UNIMPLEMENTED": 0}
    assert report["cases"][1].keys() == {"id", "verdict", "title", "ms"}
    assert report["log"] == {"records": len(heard.lines), "accepted": len(heard.lines), "error": None}


# --- what is wrong with the answers of the routes, with what the runner has to say of it


def accepts_what_is_refused(answered: Answered) -> None:
    if answered.problem:
        answered.say({}, 200)


def drops_the_rule(answered: Answered) -> None:
    if told := answered.problem:
        answered.say({name: value for name, value in told.items() if name != "rule"})


def names_another_rule(answered: Answered) -> None:
    if answered.problem:
        answered.say(problem.refusal("MTG-001").model_dump(exclude_none=True))


def has_another_status(answered: Answered) -> None:
    if answered.problem:
        answered.status = 409


def refuses_and_does_it_all_the_same(answered: Answered) -> None:
    if answered.problem and answered.path.endswith("/open"):
        set_phase(answered, "open")


def says_yes_and_does_nothing(answered: Answered) -> None:
    if answered.path.endswith("/open") and answered.status == 200:
        set_phase(answered, "scheduled")


def set_phase(answered: Answered, phase: str) -> None:
    m = answered.path.split("/")[4]
    change = update(tables.meeting).where(tables.meeting.c.id == m).values(phase=phase)
    answered.journal.transact_sync(lambda tx: tx.connection.execute(change))


def tells_another_state(answered: Answered) -> None:
    if answered.path.endswith("/open") and answered.status == 200:
        answered.say(json.loads(answered.body) | {"phase": "ended"})


def knows_more_than_the_case(answered: Answered) -> None:
    if answered.path.endswith("/state"):
        state: dict[str, dict[str, Any]] = json.loads(answered.body)
        for people in state.get("standing", {}).values():
            people["acc_of_a_stranger"] = "invited"
        answered.say(state)


def has_no_deadlines(answered: Answered) -> None:
    if answered.path.endswith("/due"):
        answered.status = 409


def issues_no_token(answered: Answered) -> None:
    if answered.path.endswith("/log-in") and answered.status == 201:
        answered.say({name: value for name, value in json.loads(answered.body).items() if name != "token"})


def does_not_notice_what_is_lost(answered: Answered) -> None:
    if answered.path.endswith("/state"):
        answered.body = answered.body.replace(b'"dropped"', b'"present"')


def explains_too_much(answered: Answered) -> None:
    if told := answered.problem:
        answered.say(told | {"detail": "There is no such account."})


def creates_whom_it_refuses(answered: Answered) -> None:
    if answered.path.endswith("/accounts"):
        answered.say(problem.refusal("AUTH-004").model_dump(exclude_none=True), 409)


def creates_nobody_by_id(answered: Answered) -> None:
    if answered.path.endswith("/accounts"):
        answered.say({"id": "x"}, 201)


def loses_what_is_lost(answered: Answered) -> None:
    if answered.path.endswith("/state"):
        answered.body = answered.body.replace(b'"dropped"', b'"expired"')


def has_another_media_type(answered: Answered) -> None:
    if answered.problem:
        answered.headers[b"content-type"] = b"application/json"


def creates_with_200(answered: Answered) -> None:
    if answered.path.endswith("/meetings") and answered.status == 201:
        answered.status = 200


def has_no_such_route(answered: Answered) -> None:
    if answered.path.endswith("/log-out"):
        answered.headers[b"content-type"] = b"application/json"
        answered.say({"detail": "Not Found"}, 404)


FAULTS: list[tuple[Fault, str, Verdict, str]] = [
    (accepts_what_is_refused, UNKNOWN_LOG_IN, Verdict.FAILED, "accepted with status 200"),
    (accepts_what_is_refused, NOT_ORGANIZER, Verdict.FAILED, "the answer is no MeetingView"),
    (drops_the_rule, NOT_ORGANIZER, Verdict.FAILED, "status 403 and no rule, not by MTG-002"),
    (names_another_rule, NOT_ORGANIZER, Verdict.FAILED, "by MTG-001, not by MTG-002"),
    (has_another_status, NOT_ORGANIZER, Verdict.FAILED, "status 409 by MTG-002, not by MTG-002 with status 403"),
    (refuses_and_does_it_all_the_same, NOT_ORGANIZER, Verdict.FAILED, "phase[m1] is 'open', not 'scheduled'"),
    (says_yes_and_does_nothing, EXPIRES, Verdict.FAILED, "phase[m1] is 'scheduled', not 'open'"),
    (tells_another_state, EXPIRES, Verdict.FAILED, "the answer tells phase[m1] as 'ended'"),
    (knows_more_than_the_case, EXPIRES, Verdict.FAILED, "[acc_of_a_stranger] is 'invited', of which the case knows"),
    (has_no_deadlines, EXPIRES, Verdict.FAILED, "no deadline ExpireMeeting"),
    (issues_no_token, LOGGED_OUT, Verdict.FAILED, "the answer is no SessionIssued: token: Field required"),
    (does_not_notice_what_is_lost, DROPPED, Verdict.INFORMATIONAL, "is 'present', not 'dropped'"),
    (explains_too_much, UNKNOWN_LOG_IN, Verdict.FAILED, "the member detail differs from other refusals"),
    (explains_too_much, NOT_ORGANIZER, Verdict.NON_STRICT, "the member detail is"),
    (creates_whom_it_refuses, UNKNOWN_LOG_IN, Verdict.FAILED, "their name is taken"),
    (creates_nobody_by_id, CREATED_TWICE, Verdict.FAILED, "the answer is no Account: account"),
    (loses_what_is_lost, DROPPED, Verdict.FAILED, "is 'expired', not 'dropped'"),
    (has_another_media_type, NOT_ORGANIZER, Verdict.NON_STRICT, "the media type is application/json"),
    (creates_with_200, EXPIRES, Verdict.NON_STRICT, "the status is 200, not 201"),
    (has_no_such_route, LOGGED_OUT, Verdict.UNIMPLEMENTED, "the server has no such route (status 404)"),
]


@pytest.mark.slow
async def test_every_fault_of_a_route_is_found(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(play, "SETTLE_S", 0.2)
    for fault, case, verdict, why in FAULTS:
        report = await stand.play(case, fault=fault)
        (result,) = report.results
        assert (fault.__name__, result.verdict) == (fault.__name__, verdict), result.why
        assert why in (result.why or ""), fault.__name__
        assert not report.passes()
        assert not report.passes([verdict]), "none is OK"


async def test_a_log_that_was_altered_is_not_passed(stand: Stand) -> None:
    def alters_the_log(answered: Answered) -> None:
        if answered.path.endswith("/log"):
            answered.body = answered.body.replace(b'"by":"tmms"', b'"by":"demo"')

    report = await stand.play(UNKNOWN_LOG_IN, fault=alters_the_log)
    assert report.results[0].verdict is Verdict.OK
    assert not report.passes([*Verdict])
    assert report.log.error is not None
    assert report.log.error.why.startswith("its hash does not fit")


@pytest.mark.parametrize("case", [UNKNOWN_LOG_IN, EXPIRES])
async def test_a_log_that_does_not_say_what_was_played_is_not_passed(stand: Stand, case: str) -> None:
    """Legal, for all that the specification knows: nothing has happened yet."""

    def only_begins(answered: Answered) -> None:
        if answered.path.endswith("/log"):
            answered.body = answered.body.partition(b"\n")[0] + b"\n" if b"Begin" in answered.body else b""
            answered.headers[b"content-length"] = str(len(answered.body)).encode()

    report = await stand.play(case, fault=only_begins)
    assert report.log.error is None
    assert report.results[0].verdict is Verdict.FAILED
    assert "the server's log does not say: " in (report.results[0].why or "")
    assert not report.passes([*Verdict])


@pytest.mark.parametrize(
    ("verdicts", "allowed", "passes"),
    [
        ({Verdict.OK}, (), True),
        ((), (), False),
        ({Verdict.UNIMPLEMENTED}, (Verdict.UNIMPLEMENTED,), False),
        ({Verdict.OK, Verdict.UNIMPLEMENTED}, (), False),
        ({Verdict.OK, Verdict.UNIMPLEMENTED}, (Verdict.UNIMPLEMENTED,), True),
        ({Verdict.OK, Verdict.NON_STRICT}, (), False),
        ({Verdict.OK, Verdict.FAILED}, tuple(Verdict), False),
    ],
)
def test_what_passes(verdicts: set[Verdict], allowed: tuple[Verdict, ...], passes: bool) -> None:
    results = tuple(play.Result(case_of(EXPIRES), verdict, None, 1) for verdict in verdicts)
    assert Report(results, replay.Report(1, 1), ()).passes(allowed) is passes


async def test_a_control_that_shows_no_state_is_told_in_one_sentence(stand: Stand) -> None:
    def babbles(answered: Answered) -> None:
        if answered.path.endswith("/state"):
            answered.body = b"all is well" * 9
            answered.headers[b"content-length"] = str(len(answered.body)).encode()

    with pytest.raises(TargetError, match=r"^the target shows no state of Auth: Invalid JSON"):
        await stand.play(UNKNOWN_LOG_IN, fault=babbles)


# --- what is wrong at the door and in the room


async def refuses_everybody(session: Session) -> None:
    stream = await session.accept_stream()
    await stream.receive_some()
    await stream.send_all(encode(Challenge(nonce=fresh_token())))
    await stream.receive_some()
    await stream.send_all(encode(Refused(problem=problem.refusal("CONF-002"))))
    await session.close(CloseCode.REFUSED)


async def closes_without_a_word(session: Session) -> None:
    await session.close(CloseCode.INTERNAL_ERROR)


class Ending:
    """A session that is closed with `code` whatever the server wanted; with None not at all."""

    def __init__(self, session: Session, code: int | None) -> None:
        self._session = session
        self._code = code

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    async def close(self, code: int = 0, reason: str = "") -> None:
        if self._code is None:
            await trio.sleep_forever()
        else:
            await self._session.close(self._code, reason)


@pytest.mark.slow
async def test_every_fault_of_the_door_is_found(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conference, "PATIENCE_S", 0.2)

    def ending(code: int | None) -> Any:
        return lambda session: stand.sessions(Ending(session, code))  # type: ignore[arg-type]

    for door, case, verdict, why in [
        (refuses_everybody, CLEARED, Verdict.FAILED, "refused with status 403 by CONF-002, and had to be accepted"),
        (refuses_everybody, FOREIGN_TICKET, Verdict.FAILED, "by CONF-002, not by CONF-003"),
        (closes_without_a_word, CLEARED, Verdict.FAILED, "closed without an answer (code 1)"),
        (ending(None), CLEARED, Verdict.FAILED, "the session is still open"),
        (ending(9), CLEARED, Verdict.NON_STRICT, "the session was closed with code 9, not 3 (MEETING_ENDED)"),
        (ending(9), FOREIGN_TICKET, Verdict.NON_STRICT, "the session was closed with code 9"),
    ]:
        stand.door = door
        report = await stand.play(case)
        (result,) = report.results
        assert result.verdict is verdict, result.why
        assert why in (result.why or "")


# --- no target at all


async def test_a_target_that_does_not_answer_is_told_in_one_sentence() -> None:
    nobody = Target("127.0.0.1", 1, Trust.system())
    with pytest.raises(TargetError, match=r"^https://127\.0\.0\.1:1: "):
        await run(nobody, load_manifest(resources.vectors()), [])


async def test_a_target_without_the_control_is_told_in_one_sentence(stand: Stand) -> None:
    def has_no_control(answered: Answered) -> None:
        if answered.path.startswith("/testability"):
            answered.status = 404

    with pytest.raises(TargetError, match=r"^the target has no testability control \(status 404"):
        await stand.play(UNKNOWN_LOG_IN, fault=has_no_control)
