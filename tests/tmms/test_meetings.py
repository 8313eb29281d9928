"""A meeting from its scheduling to its end: Meeting.tla over HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
import trio

from incamera.wire import limits
from incamera.wire.ids import UNKNOWN, digest, fresh_id
from incamera.wire.link import CloseRoom, Dismiss, Grant, OpenRoom
from incamera.wire.rules import RULES

from .conftest import KEY, House, Person


@dataclass
class Cast:
    """Olga organizes the meeting `m`; Paul is invited; Quin has nothing to do with it."""

    house: House
    olga: Person
    paul: Person
    quin: Person
    m: str

    async def bring(self, phase: str, standing: str) -> None:
        """The meeting into a phase, Paul into a standing."""
        path = f"/meetings/{self.m}"
        if phase != "scheduled":
            await self.olga.do(f"{path}/open")
        if standing != "invited":
            await self.paul.do(f"{path}/knock")
        if standing == "admitted":
            await self.olga.do(f"{path}/lobby/{self.paul.id}/admit")
        if standing == "refused":
            await self.olga.do(f"{path}/lobby/{self.paul.id}/refuse")
        if standing == "left":
            await self.paul.do(f"{path}/leave")
        if phase == "ended":
            await self.olga.do(f"{path}/end")

    def standings(self, view: dict[str, Any]) -> dict[str, str]:
        return {person["name"]: person["standing"] for person in view["people"]}


@pytest.fixture
async def cast(house: House) -> Cast:
    olga, paul, quin = [await house.person(name) for name in ("Olga", "Paul", "Quin")]
    m = (await olga.do("/meetings", {"title": "Talk", "invite": ["Paul"]}))["meeting"]
    return Cast(house, olga, paul, quin, m)


async def test_scheduling_invites_and_is_recorded(house: House) -> None:
    olga, paul = await house.person("Olga"), await house.person("Paul")
    last = house.last
    view = await olga.do("/meetings", {"title": "  Talk ", "invite": ["paul"]})
    m = view["meeting"]
    assert (view["title"], view["phase"]) == ("Talk", "scheduled")
    assert view["you"] == {"person": olga.id, "name": "Olga", "standing": "organizing"}
    assert view["people"] == [view["you"], {"person": paul.id, "name": "Paul", "standing": "invited"}]
    assert datetime.fromisoformat(view["starts_at"]) == house.clock.now()
    assert datetime.fromisoformat(view["expires_at"]) == house.clock.now() + limits.MEETING_TIME
    assert house.acts(after=last) == [
        ("ScheduleMeeting", {"m": m, "host": olga.id}, None),
        ("Invite", {"m": m, "host": olga.id, "p": paul.id}, None),
    ]
    assert house.link.told == []


async def test_a_person_named_twice_or_oneself_is_invited_once_or_not(house: House) -> None:
    olga = await house.person("Olga")
    await house.person("Paul")
    view = await olga.do("/meetings", {"title": "Talk", "invite": ["Paul", "Olga", "PAUL"]})
    assert [person["standing"] for person in view["people"]] == ["organizing", "invited"]


async def test_a_meeting_is_scheduled_with_everybody_or_not_at_all(house: House) -> None:
    olga = await house.person("Olga")
    await house.person("Paul")
    before, last = await house.state(), house.last
    answer = await olga.ask("POST", "/meetings", {"title": "Talk", "invite": ["Paul", "Nobody"]})
    assert answer.status_code == 404
    assert answer.json() == {
        "type": "urn:incamera:problem:unknown-person",
        "title": "Nobody here has this name.",
        "status": 404,
        "detail": "Nobody",
    }
    assert await house.state() == before
    assert house.last == last


async def test_a_meeting_starts_when_it_is_said_to(house: House) -> None:
    olga = await house.person("Olga")
    view = await olga.do("/meetings", {"title": "Talk", "starts_at": "2026-12-24T18:00:00+01:00"})
    assert view["starts_at"] == "2026-12-24T17:00:00Z"
    assert view["expires_at"] == "2026-12-25T17:00:00Z"


@pytest.mark.parametrize(
    "start",
    ["2026-11-22T16:00:00Z", "2029-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"],
)
async def test_a_meeting_does_not_start_at_an_impossible_time(house: House, start: str) -> None:
    olga = await house.person("Olga")
    last = house.last
    answer = await olga.ask("POST", "/meetings", {"title": "Talk", "starts_at": start})
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("starts_at: ")
    assert house.last == last


async def test_a_meeting_all_the_way(cast: Cast) -> None:
    house, olga, paul, m = cast.house, cast.olga, cast.paul, cast.m
    path, last = f"/meetings/{m}", house.last
    assert (await olga.do(f"{path}/open"))["phase"] == "open"
    assert house.link.told == [OpenRoom(meeting=m)]
    assert (await paul.do(f"{path}/knock"))["you"]["standing"] == "knocking"
    assert cast.standings(await olga.do(f"{path}/lobby/{paul.id}/admit")) == {"Olga": "organizing", "Paul": "admitted"}
    ticket = (await paul.ask("POST", f"{path}/take-ticket", {"key": KEY})).json()
    assert ticket["path"] == f"/tcs/v1/meetings/{m}"
    assert datetime.fromisoformat(ticket["expires_at"]) == house.clock.now() + limits.TICKET_TIME
    granted = Grant(
        meeting=m,
        person=paul.id,
        name="Paul",
        ticket=ticket["ticket"],
        digest=digest(ticket["token"]),
        key=KEY,
        expires_at=house.clock.now() + limits.TICKET_TIME,
    )
    assert house.link.told[1:] == [granted]
    assert (await paul.do(f"{path}/leave"))["you"]["standing"] == "left"
    assert house.link.told[2:] == [Dismiss(meeting=m, person=paul.id)]
    assert (await paul.do(f"{path}/knock"))["you"]["standing"] == "knocking"
    assert cast.standings(await olga.do(f"{path}/lobby/{paul.id}/refuse"))["Paul"] == "refused"
    assert (await olga.do(f"{path}/end"))["phase"] == "ended"
    assert house.link.told[3:] == [CloseRoom(meeting=m)]
    host, guest = {"m": m, "host": olga.id}, {"m": m, "p": paul.id}
    assert house.acts(after=last) == [
        ("OpenMeeting", host, None),
        ("Knock", guest, None),
        ("Admit", host | guest, None),
        ("TakeTicket", guest, None),
        ("Leave", guest, None),
        ("Knock", guest, None),
        ("Refuse", host | guest, None),
        ("EndMeeting", host, None),
    ]


async def test_the_organizer_takes_tickets_and_each_is_another(cast: Cast) -> None:
    await cast.bring("open", "invited")
    first, second = [await cast.olga.do(f"/meetings/{cast.m}/take-ticket", {"key": KEY}) for _ in range(2)]
    assert first["ticket"] != second["ticket"]
    assert first["token"] != second["token"]


async def test_a_meeting_that_never_opened_can_be_ended(cast: Cast) -> None:
    assert (await cast.olga.do(f"/meetings/{cast.m}/end"))["phase"] == "ended"


async def test_inviting_later(cast: Cast) -> None:
    view = await cast.olga.do(f"/meetings/{cast.m}/invite", {"name": "Quin"})
    assert cast.standings(view) == {"Olga": "organizing", "Paul": "invited", "Quin": "invited"}


HOSTS = ("invite", "open", "end", "admit", "refuse")
GUESTS = ("knock", "leave", "take-ticket")
REFUSALS: list[tuple[str, str, str, str, str]] = [
    *[("quin", act, phase, "invited", "MTG-001") for act in HOSTS + GUESTS for phase in ("scheduled", "open", "ended")],
    *[("paul", act, "open", "admitted", "MTG-002") for act in HOSTS],
    *[("paul", act, "ended", "invited", "MTG-002") for act in HOSTS],
    *[("olga", act, "ended", "knocking", "MTG-004") for act in HOSTS + GUESTS],
    *[("paul", act, "ended", "admitted", "MTG-004") for act in GUESTS],
    *[("paul", act, "scheduled", "invited", "MTG-003") for act in ("knock", "take-ticket")],
    ("olga", "take-ticket", "scheduled", "invited", "MTG-003"),
    *[("olga", "invite", "open", now, "MTG-005") for now in ("invited", "knocking", "admitted", "refused", "left")],
    ("olga", "open", "open", "invited", "MTG-006"),
    *[("paul", "knock", "open", now, "MTG-007") for now in ("knocking", "admitted", "refused")],
    ("olga", "knock", "open", "invited", "MTG-007"),
    *[
        ("olga", act, "open", now, "MTG-008")
        for act in ("admit", "refuse")
        for now in ("invited", "admitted", "refused", "left")
    ],
    *[("paul", "leave", "open", now, "MTG-009") for now in ("invited", "refused", "left")],
    ("olga", "leave", "open", "invited", "MTG-009"),
    ("paul", "leave", "scheduled", "invited", "MTG-009"),
    *[("paul", "take-ticket", "open", now, "MTG-010") for now in ("invited", "knocking", "refused", "left")],
]
ACTIONS = {
    "invite": "Invite",
    "open": "OpenMeeting",
    "end": "EndMeeting",
    "admit": "Admit",
    "refuse": "Refuse",
    "knock": "Knock",
    "leave": "Leave",
    "take-ticket": "TakeTicket",
}


async def attempt(cast: Cast, who: str, act: str, *, m: str | None = None, p: str | None = None) -> Any:
    m, p = m or cast.m, p or cast.paul.id
    path = f"/meetings/{m}/lobby/{p}/{act}" if act in ("admit", "refuse") else f"/meetings/{m}/{act}"
    body = {"invite": {"name": "Paul"}, "take-ticket": {"key": KEY}}.get(act)
    return await getattr(cast, who).ask("POST", path, body)


def params_of(cast: Cast, who: str, act: str, m: str | None = None, p: str | None = None) -> dict[str, str]:
    actor = getattr(cast, who).id
    params = {"m": m or cast.m} | ({"host": actor} if act in HOSTS else {"p": actor})
    return params | ({"p": p or cast.paul.id} if act in ("invite", "admit", "refuse") else {})


@pytest.mark.parametrize(("who", "act", "phase", "standing", "rule"), REFUSALS)
async def test_a_refusal_names_its_rule_and_changes_nothing(
    cast: Cast, who: str, act: str, phase: str, standing: str, rule: str
) -> None:
    house = cast.house
    await cast.bring(phase, standing)
    before, last = await house.state(), house.last
    answer = await attempt(cast, who, act)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": f"urn:incamera:rule:{rule}",
        "title": RULES[rule].sentence,
        "status": RULES[rule].status,
        "rule": rule,
    }
    assert answer.status_code == RULES[rule].status
    assert await house.state() == before
    assert house.acts(after=last) == [(ACTIONS[act], params_of(cast, who, act), rule)]


@pytest.mark.parametrize("act", HOSTS + GUESTS)
async def test_a_meeting_that_does_not_exist_is_like_one_that_is_not_for_you(cast: Cast, act: str) -> None:
    nowhere = fresh_id("mtg")
    last = cast.house.last
    assert (await attempt(cast, "olga", act, m=nowhere)).content == (await attempt(cast, "quin", act)).content
    record, _ = cast.house.acts(after=last)
    assert record == (ACTIONS[act], params_of(cast, "olga", act, m=nowhere), "MTG-001")


@pytest.mark.parametrize("act", ["admit", "refuse"])
async def test_nobody_who_does_not_exist_is_let_in(cast: Cast, act: str) -> None:
    await cast.bring("open", "knocking")
    before = await cast.house.state()
    answer = await attempt(cast, "olga", act, p=fresh_id("acc"))
    assert answer.json()["rule"] == "MTG-008"
    assert await cast.house.state() == before
    assert cast.house.acts()[-1] == (ACTIONS[act], {"m": cast.m, "host": cast.olga.id, "p": UNKNOWN}, "MTG-008")


async def test_only_who_may_invite_learns_that_nobody_has_a_name(cast: Cast) -> None:
    path, last = f"/meetings/{cast.m}/invite", cast.house.last
    answer = await cast.olga.ask("POST", path, {"name": "Nobody"})
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:incamera:problem:unknown-person")
    assert cast.house.last == last
    for person, rule in ((cast.quin, "MTG-001"), (cast.paul, "MTG-002")):
        assert (await person.ask("POST", path, {"name": "Nobody"})).json()["rule"] == rule
        params = {"m": cast.m, "host": person.id, "p": UNKNOWN}
        assert cast.house.acts()[-1] == ("Invite", params, rule)


async def test_a_meeting_is_over_when_its_time_is(cast: Cast) -> None:
    await cast.bring("open", "knocking")
    cast.house.advance(limits.MEETING_TIME)
    for person in (cast.olga, cast.paul):
        person.token = (await cast.house.log_in(person.name)).json()["token"]
    last = cast.house.last
    answer = await attempt(cast, "olga", "admit")
    assert answer.json()["rule"] == "MTG-004"
    assert [(act, rule) for act, _, rule in cast.house.acts(after=last)] == [
        ("ExpireMeeting", None),
        ("Admit", "MTG-004"),
    ]
    assert cast.house.link.types == ["open-room", "close-room"]
    assert (await cast.paul.see(f"/meetings/{cast.m}"))["phase"] == "ended"


async def test_looking_at_a_meeting_whose_time_is_over_ends_it(cast: Cast) -> None:
    await cast.bring("open", "invited")
    cast.house.advance(limits.MEETING_TIME)
    cast.olga.token = (await cast.house.log_in("Olga")).json()["token"]
    assert (await cast.olga.see(f"/meetings/{cast.m}"))["phase"] == "ended"
    assert cast.house.acts()[-1] == ("ExpireMeeting", {"m": cast.m}, None)
    assert cast.house.link.types == ["open-room", "close-room"]


async def test_a_guest_sees_the_organizer_and_themselves_only(cast: Cast) -> None:
    await cast.olga.do(f"/meetings/{cast.m}/invite", {"name": "Quin"})
    assert cast.standings(await cast.paul.see(f"/meetings/{cast.m}")) == {"Olga": "organizing", "Paul": "invited"}
    assert set(cast.standings(await cast.olga.see(f"/meetings/{cast.m}"))) == {"Olga", "Paul", "Quin"}


async def test_an_outsider_sees_nothing_and_no_record_is_made_of_looking(cast: Cast) -> None:
    last = cast.house.last
    answer = await cast.quin.ask("GET", f"/meetings/{cast.m}")
    assert (answer.status_code, answer.json()["rule"]) == (404, "MTG-001")
    assert answer.content == (await cast.quin.ask("GET", f"/meetings/{fresh_id('mtg')}")).content
    assert cast.house.last == last


async def test_one_lists_the_meetings_one_has_to_do_with_newest_first(cast: Cast) -> None:
    cast.house.advance(timedelta(minutes=1))
    own = (await cast.paul.do("/meetings", {"title": "Mine"}))["meeting"]
    assert [view["meeting"] for view in (await cast.paul.see("/meetings"))["meetings"]] == [own, cast.m]
    assert [view["title"] for view in (await cast.olga.see("/meetings"))["meetings"]] == ["Talk"]
    assert (await cast.quin.see("/meetings"))["meetings"] == []


async def test_the_version_grows_with_every_change_and_with_nothing_else(cast: Cast) -> None:
    path = f"/meetings/{cast.m}"
    versions = [(await cast.olga.see(path))["version"]]
    for person, act in ((cast.olga, "open"), (cast.paul, "knock"), (cast.paul, "leave"), (cast.paul, "knock")):
        versions.append((await person.do(f"{path}/{act}"))["version"])
    assert versions == sorted(set(versions))
    await cast.olga.do(f"{path}/take-ticket", {"key": KEY})
    await attempt(cast, "paul", "knock")
    assert (await cast.olga.see(path))["version"] == versions[-1]


async def test_twenty_people_knock_at_once(house: House) -> None:
    olga = await house.person("Olga")
    guests = [await house.person(f"Guest {i}") for i in range(20)]
    view = await olga.do("/meetings", {"title": "Talk", "invite": [guest.name for guest in guests]})
    m = view["meeting"]
    await olga.do(f"/meetings/{m}/open")
    last = house.last
    async with trio.open_nursery() as nursery:
        for guest in guests:
            nursery.start_soon(guest.do, f"/meetings/{m}/knock")
    assert {params["p"] for _, params, _ in house.acts(after=last)} == {guest.id for guest in guests}
    standings = (await house.tmms.state("Meeting"))["standing"][m]
    assert sorted(standings.values()) == ["knocking"] * 20 + ["organizing"]
    assert house.journal.verify() == last + 21
