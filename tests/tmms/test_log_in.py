"""Logging in and out: Auth.tla over HTTP."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
import trio
from sqlalchemy.event import listen, remove

from incamera.tmms import passphrase
from incamera.wire import limits
from incamera.wire.ids import UNKNOWN, fresh_token

from .conftest import PASSPHRASE, House

WRONG = "not the passphrase of anybody here"
MICROSECOND = timedelta(microseconds=1)


async def fail(house: House, name: str, times: int) -> None:
    for _ in range(times):
        assert (await house.log_in(name, WRONG)).status_code == 401


async def account(house: House, a: str) -> tuple[str, int]:
    auth = await house.tmms.state("Auth")
    return auth["account"][a], auth["fails"][a]


def refused(answer: httpx.Response, rule: str, status: int) -> None:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["rule"] == rule


async def test_a_log_in_issues_a_session(house: House) -> None:
    a = await house.account("Olga")
    answer = await house.log_in("Olga")
    assert answer.status_code == 201
    issued = answer.json()
    assert (issued["account"], issued["name"]) == (a, "Olga")
    assert datetime.fromisoformat(issued["expires_at"]) == house.clock.now() + limits.SESSION_TIME
    ((action, params, rule),) = house.acts(after=1)
    assert (action, params["a"], rule) == ("LogIn", a, None)
    assert (await house.tmms.state("Auth"))["session"] == {a: {params["s"]: "live"}}
    assert [record.action for record in house.log()] == ["Begin", "CreateAccount", "LogIn"]


@pytest.mark.parametrize("name", ["olga", "OLGA", " Olga ", "Ｏｌｇａ"])
async def test_a_name_is_the_same_name_however_it_is_written(house: House, name: str) -> None:
    await house.account("Olga")
    assert (await house.log_in(name)).json()["name"] == "Olga"


async def test_a_passphrase_is_the_same_however_its_letters_are_encoded(house: House) -> None:
    await house.account("Olga", "Ångström und Größe zählen ﬁn")
    assert (await house.log_in("Olga", "A\u030angstro\u0308m und Gro\u0308ße za\u0308hlen fin")).status_code == 201


async def test_every_failure_has_the_same_answer_to_the_byte(house: House) -> None:
    await house.account("Olga")
    await house.account("Paul")
    await fail(house, "Paul", limits.MAX_FAIL)
    answers = [
        await house.log_in("Nobody", PASSPHRASE),
        await house.log_in("Olga", WRONG),
        await house.log_in("Paul", PASSPHRASE),
        await house.log_in("Paul", WRONG),
    ]
    for answer in answers:
        refused(answer, "AUTH-001", 401)
        assert answer.content == answers[0].content
        assert answer.headers == answers[0].headers


@pytest.mark.slow
async def test_every_failure_costs_a_computation_of_the_same_kind(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = []
    equal = passphrase._equal

    def noted(stored: str, words: str) -> bool:
        settings.append(stored.split("$")[1:4])
        return equal(stored, words)

    monkeypatch.setattr(passphrase, "_equal", noted)
    await house.account("Olga")
    for name in ("Nobody", "Olga"):
        await house.log_in(name, WRONG)
    assert settings == [["argon2id", "v=19", "m=19456,t=2,p=1"]] * 2


async def test_every_failure_costs_the_same_statements_and_wakes_nobody(house: House) -> None:
    await house.account("Olga")
    service = house.tmms._service
    statements: list[str] = []
    engine = house.journal._engine

    def noted(*event: Any) -> None:
        statements.append(event[2].split()[0])

    listen(engine, "before_cursor_execute", noted)
    counts = []
    for name in ("Nobody", "Olga"):
        statements.clear()
        await house.log_in(name, WRONG)
        counts.append(sorted(verb for verb in statements if verb in {"SELECT", "UPDATE", "INSERT"}))
        assert not service._alarm.is_set()
    assert counts[0] == counts[1]
    remove(engine, "before_cursor_execute", noted)
    await fail(house, "Olga", limits.MAX_FAIL - 1)
    assert service._alarm.is_set()  # now there is a lock to end


async def test_a_session_that_is_over_is_recorded_so_even_if_it_only_looks(house: House) -> None:
    olga = await house.person("Olga")
    house.advance(limits.SESSION_TIME)
    refused(await olga.ask("GET", "/session"), "AUTH-005", 401)
    assert house.acts()[-1][0] == "ExpireSession"


async def test_failures_are_recorded_as_what_they_are(house: House) -> None:
    a = await house.account("Olga")
    await house.log_in("Nobody", WRONG)
    await house.log_in(WRONG[:20], WRONG)
    await fail(house, "Olga", limits.MAX_FAIL)
    await house.log_in("Olga", WRONG)
    await house.log_in("Olga", PASSPHRASE)
    *others, (last, params, rule) = house.acts(after=1)
    assert others == [
        ("FailLogIn", {"a": UNKNOWN}, "AUTH-001"),
        ("FailLogIn", {"a": UNKNOWN}, "AUTH-001"),
        *[("FailLogIn", {"a": a}, None)] * limits.MAX_FAIL,
        ("FailLogIn", {"a": a}, "AUTH-001"),
    ]
    assert (last, params["a"], rule) == ("LogIn", a, "AUTH-001")


async def test_an_account_locks_at_the_limit_and_not_before(house: House) -> None:
    a = await house.account("Olga")
    await fail(house, "Olga", limits.MAX_FAIL - 1)
    assert await account(house, a) == ("active", limits.MAX_FAIL - 1)
    await fail(house, "Olga", 1)
    assert await account(house, a) == ("locked", limits.MAX_FAIL)
    before = await house.state()
    refused(await house.log_in("Olga"), "AUTH-001", 401)
    assert await house.state() == before


async def test_a_success_clears_the_count(house: House) -> None:
    a = await house.account("Olga")
    for _ in range(2):
        await fail(house, "Olga", limits.MAX_FAIL - 1)
        assert (await house.log_in("Olga")).status_code == 201
        assert await account(house, a) == ("active", 0)


async def test_a_lock_ends_when_its_time_is_over(house: House) -> None:
    a = await house.account("Olga")
    await fail(house, "Olga", limits.MAX_FAIL)
    house.advance(limits.LOCK_TIME - MICROSECOND)
    refused(await house.log_in("Olga"), "AUTH-001", 401)
    house.advance(MICROSECOND)
    last = house.last
    assert (await house.log_in("Olga")).status_code == 201
    assert [act for act, _, _ in house.acts(after=last)] == ["Unlock", "LogIn"]
    assert await account(house, a) == ("active", 0)


async def test_trying_while_locked_does_not_prolong_the_lock(house: House) -> None:
    await house.account("Olga")
    await fail(house, "Olga", limits.MAX_FAIL)
    house.advance(limits.LOCK_TIME / 2)
    await fail(house, "Olga", 3)
    house.advance(limits.LOCK_TIME / 2)
    assert (await house.log_in("Olga")).status_code == 201


async def test_a_lock_leaves_sessions_alone(house: House) -> None:
    olga = await house.person("Olga")
    await fail(house, "Olga", limits.MAX_FAIL)
    assert (await olga.see("/session"))["account"] == olga.id


async def test_a_session_tells_whose_it_is(house: House) -> None:
    olga = await house.person("Olga")
    assert await olga.see("/session") == {
        "account": olga.id,
        "name": "Olga",
        "expires_at": (house.clock.now() + limits.SESSION_TIME).isoformat().replace("+00:00", "Z"),
    }


async def test_logging_out_closes_this_session_and_no_other(house: House) -> None:
    olga = await house.person("Olga")
    other = (await house.log_in("Olga")).json()["token"]
    assert (await olga.ask("POST", "/log-out")).status_code == 204
    assert house.acts()[-1][0] == "LogOut"
    refused(await olga.ask("GET", "/session"), "AUTH-005", 401)
    olga.token = other
    assert (await olga.ask("GET", "/session")).status_code == 200


async def test_a_closed_session_is_not_closed_again(house: House) -> None:
    olga = await house.person("Olga")
    await olga.do("/log-out")
    _, params, _ = house.acts()[-1]
    before = await house.state()
    refused(await olga.ask("POST", "/log-out"), "AUTH-005", 401)
    assert house.acts()[-1] == ("LogOut", params, "AUTH-005")
    assert await house.state() == before


async def test_a_session_ends_when_its_time_is_over(house: House) -> None:
    olga = await house.person("Olga")
    (s,) = (await house.tmms.state("Auth"))["session"][olga.id]
    house.advance(limits.SESSION_TIME - MICROSECOND)
    assert (await olga.ask("GET", "/session")).status_code == 200
    house.advance(MICROSECOND)
    refused(await olga.ask("GET", "/session"), "AUTH-005", 401)
    refused(await olga.ask("POST", "/log-out"), "AUTH-005", 401)
    assert house.acts(after=2) == [
        ("ExpireSession", {"a": olga.id, "s": s}, None),
        ("LogOut", {"a": olga.id, "s": s}, "AUTH-005"),
    ]


ROUTES: list[tuple[str, str, Any]] = [
    ("GET", "/session", None),
    ("GET", "/meetings", None),
    ("POST", "/meetings", {"title": "Talk"}),
    ("GET", "/meetings/{m}", None),
    ("POST", "/meetings/{m}/invite", {"name": "Olga"}),
    ("POST", "/meetings/{m}/open", None),
    ("POST", "/meetings/{m}/knock", None),
    ("POST", "/meetings/{m}/leave", None),
    ("POST", "/meetings/{m}/end", None),
    ("POST", "/meetings/{m}/lobby/{p}/admit", None),
    ("POST", "/meetings/{m}/lobby/{p}/refuse", None),
    ("POST", "/meetings/{m}/take-ticket", {"key": "A" * 43}),
    ("POST", "/log-out", None),
]


@pytest.mark.parametrize(("method", "path", "body"), ROUTES, ids=[path for _, path, _ in ROUTES])
async def test_every_route_but_log_in_asks_for_a_live_session(house: House, method: str, path: str, body: Any) -> None:
    olga = await house.person("Olga")
    meeting = await olga.do("/meetings", {"title": "Talk"})
    path = path.format(m=meeting["meeting"], p=olga.id)
    before, records = await house.state(), house.last
    for header in (None, "", "Bearer", "Bearer ", f"Basic {olga.token}", f"Bearer {olga.token[:-1]}", "Bearer ünknown"):
        headers = {} if header is None else {"authorization": header.encode()}
        answer = await house.http.request(method, f"/tmms/v1{path}", json=body, headers=headers)  # type: ignore[arg-type]
        refused(answer, "AUTH-005", 401)
        assert answer.headers["www-authenticate"] == "Bearer"
    olga.token = fresh_token()
    refused(await olga.ask(method, path, body), "AUTH-005", 401)
    assert await house.state() == before
    # To log out is the one action of which the specification says who is nobody, and repeats are not recorded.
    tried = [("LogOut", {"a": UNKNOWN, "s": UNKNOWN}, "AUTH-005")] if path == "/log-out" else []
    assert house.acts(after=records) == tried


async def test_twenty_log_ins_at_once_keep_the_chain(house: House) -> None:
    a = await house.account("Olga")
    answers = []

    async def log_in() -> None:
        answers.append(await house.log_in("Olga"))

    async with trio.open_nursery() as nursery:
        for _ in range(20):
            nursery.start_soon(log_in)
    assert [answer.status_code for answer in answers] == [201] * 20
    assert len({answer.json()["token"] for answer in answers}) == 20
    assert list((await house.tmms.state("Auth"))["session"][a].values()) == ["live"] * 20
    assert house.journal.verify() == 22


async def test_wrong_passphrases_at_once_are_all_counted(house: House) -> None:
    a = await house.account("Olga")
    async with trio.open_nursery() as nursery:
        for _ in range(20):
            nursery.start_soon(house.log_in, "Olga", WRONG)
    assert await account(house, a) == ("locked", limits.MAX_FAIL)
    outcomes = [rule for _, _, rule in house.acts(after=1)]
    assert outcomes == [None] * limits.MAX_FAIL + ["AUTH-001"] * (20 - limits.MAX_FAIL)


async def test_a_queue_that_is_full_says_when_to_come_back(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(house.tmms._service._verifier, "_waiting", 0)
    await house.account("Olga")
    limiter = house.tmms._service._verifier._threads
    async with trio.open_nursery():
        for borrower in range(passphrase.AT_ONCE):
            await limiter.acquire_on_behalf_of(borrower)
        answer = await house.log_in("Olga")
        for borrower in range(passphrase.AT_ONCE):
            limiter.release_on_behalf_of(borrower)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert answer.json()["type"] == "urn:incamera:problem:busy"
    assert (await house.log_in("Olga")).status_code == 201
