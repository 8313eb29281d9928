"""niquests, whose HTTP/3 is qh3's, organises a meeting: on a deployment as people run it."""

from pathlib import Path

import niquests
import pytest
import trio

from incamera import server
from incamera.tmms import create_account, generate_passphrase

HTTP_1_1, HTTP_3 = 11, 30


def organise(session: niquests.Session, base: str, passphrase: str, ca: Path) -> list[niquests.Response]:
    """Log in, schedule, read back."""
    headers: dict[str, str] = {}

    def ask(method: str, path: str, body: object = None) -> niquests.Response:
        return session.request(method, base + path, json=body, headers=headers, verify=str(ca), timeout=10)

    log_in = ask("POST", "/log-in", {"name": "olga", "passphrase": passphrase})
    headers["authorization"] = f"Bearer {log_in.json()['token']}"
    scheduled = ask("POST", "/meetings", {"title": "Tea", "invite": ["paul"]})
    return [log_in, scheduled, ask("GET", f"/meetings/{scheduled.json()['meeting']}")]


@pytest.mark.parametrize("version", [HTTP_3, HTTP_1_1])
async def test_a_meeting_is_scheduled(tmp_path: Path, version: int) -> None:
    passphrase = generate_passphrase()

    def visit(port: int, ca: Path) -> list[niquests.Response]:
        here = ("localhost", port)
        over = {"quic_cache_layer": {here: here}} if version == HTTP_3 else {"disable_http3": True}
        with niquests.Session(**over) as session:
            return organise(session, f"https://localhost:{port}/tmms/v1", passphrase, ca)

    async with server.run(tmp_path / "deployment", host="localhost", port=0) as running:
        for name in ("olga", "paul"):
            await trio.to_thread.run_sync(create_account, running.journal, name, passphrase)
        with trio.fail_after(30):
            log_in, scheduled, read = await trio.to_thread.run_sync(visit, running.port, running.ca)
        actions = [record.action for record in running.journal.records() if record.outcome == "accepted"]
    answers = (log_in, scheduled, read)
    assert [(answer.http_version, answer.status_code) for answer in answers] == [
        (version, 201),
        (version, 201),
        (version, 200),
    ]
    # Who is not yet on HTTP/3 learns of it with every answer.
    h3 = f'h3=":{running.port}"'
    assert [h3 in answer.headers.get("alt-svc", "") for answer in answers] == [version == HTTP_1_1] * 3
    meeting = read.json()
    assert meeting == scheduled.json()
    assert (meeting["title"], meeting["phase"], meeting["you"]["standing"]) == ("Tea", "scheduled", "organizing")
    assert [(person["name"], person["standing"]) for person in meeting["people"]] == [
        ("olga", "organizing"),
        ("paul", "invited"),
    ]
    assert actions[-3:] == ["LogIn", "ScheduleMeeting", "Invite"]
