"""The demo's plot: two people meet, and then it is proven that they did."""

from __future__ import annotations

import shutil
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Final

import trio

from incamera import server
from incamera.demo import proof
from incamera.demo.steps import Outcome, Step, Steps
from incamera.tcc.api import Api
from incamera.tcc.conference import Conference, TicketKey, enter
from incamera.tcc.media import FileSource, Source, TestPattern, compare_audio, compare_video
from incamera.tcc.part import Clip, Recordings, offer, send
from incamera.tmms import create_account, generate_passphrase
from incamera.transport import Connection, PortForbidden, PortTaken, Trust, connect
from incamera.wire.api import MeetingView
from incamera.wire.control import Said, Seat

ORGANIZER: Final = "Olga"
PARTICIPANT: Final = "Paul"
SECONDS: Final = 4.0
MEDIA_SECONDS: Final = 10.0
"""Of a file that is sent instead, at most."""
TONES_HZ: Final = {ORGANIZER: 440.0, PARTICIPANT: 660.0}
LINE: Final = "Nobody else hears this."
PATIENCE_S: Final = 5.0
LINGER_S: Final = 0.3
"""For the last datagrams to arrive."""


@dataclass(frozen=True, slots=True)
class Person:
    """One of the two: their account, what they send, and the file in which the other records it."""

    name: str
    passphrase: str
    clip: Clip
    recording: Path


@dataclass(frozen=True, slots=True)
class Seated:
    """A person who is connected: their connection, and what they may ask the TMMS."""

    person: Person
    connection: Connection
    api: Api


async def play(folder: Path, *, media: Path | None, keep: Path | None, steps: Steps, port: int) -> Outcome:
    """Serve from `folder`, meet, record, and prove; `media` replaces the test picture of the organizer.

    `keep` is an existing folder that receives the recordings and the log.  Raises what servers and clients raise.
    """
    with steps:
        with steps.step("pictures and sound are encoded: VP8, Opus") as step:
            people = await _people(folder, media, step)
        async with AsyncExitStack() as stack:
            with steps.step("TMMS and TCS open, with a private CA") as step:
                running, instead = await _open(stack, folder, port)
                step.detail = f"port {running.port}{instead}: HTTP/3, WebTransport, HTTP/1.1"
            with steps.step("two accounts with generated passphrases") as step:
                for person in people:
                    await trio.to_thread.run_sync(create_account, running.journal, person.name, person.passphrase)
                step.detail = " and ".join(person.name for person in people)
            olga, paul = [await _log_in(stack, running, person, steps) for person in people]
            meeting = await _meet(olga, paul, steps)
            await _confer(olga, paul, meeting, steps)
        media_found: dict[str, object] = {}
        for person in people:
            with steps.step(f"the recording of {person.name} shows what was sent") as step:
                media_found[person.name] = await trio.to_thread.run_sync(_compare, person, step)
        log = folder / "audit.ndjson"
        replay = await proof.replay(folder, log, steps)
        if keep is not None:
            await trio.to_thread.run_sync(_keep, keep, [log, *(person.recording for person in people)])
    return Outcome(steps.ok, steps.done, media_found, replay)


async def _people(folder: Path, media: Path | None, step: Step) -> list[Person]:
    sources: dict[str, Source] = {
        name: TestPattern(SECONDS, tone_hz=tone, label=name) for name, tone in TONES_HZ.items()
    }
    if media is not None:
        sources[ORGANIZER] = await trio.to_thread.run_sync(partial(FileSource, media, seconds=MEDIA_SECONDS))
    people: list[Person] = []
    for name, source in sources.items():
        clip = await trio.to_thread.run_sync(Clip.of, source)
        people.append(Person(name, generate_passphrase(), clip, folder / f"from-{name.lower()}.webm"))
    step.detail = "; ".join(f"{len(person.clip.frames)} frames in {person.clip.seconds:.1f} s" for person in people)
    return people


async def _open(stack: AsyncExitStack, folder: Path, port: int) -> tuple[server.Running, str]:
    """The servers on the port that was asked for, else on any; then also why."""
    try:
        return await stack.enter_async_context(server.run(folder, port=port)), ""
    except PortForbidden:
        why = "not permitted"
    except PortTaken:
        why = "taken"
    return await stack.enter_async_context(server.run(folder, port=0)), f" ({port} is {why})"


async def _log_in(stack: AsyncExitStack, running: server.Running, person: Person, steps: Steps) -> Seated:
    with steps.step(f"{person.name} connects and logs in") as step:
        trust = Trust.authority(running.ca)
        connection = await stack.enter_async_context(connect("localhost", running.port, trust=trust))
        api = Api(connection)
        issued = await api.log_in(person.name, person.passphrase)
        step.detail = f"{connection.alpn} over QUIC; session until {issued.expires_at:%H:%M} UTC"
    return Seated(person, connection, api)


async def _meet(olga: Seated, paul: Seated, steps: Steps) -> MeetingView:
    with steps.step("the organizer schedules a meeting") as step:
        meeting = await olga.api.schedule_meeting("First light", [paul.person.name])
        step.detail = f"{paul.person.name} is invited"
    with steps.step("the organizer opens it") as step:
        meeting = await olga.api.open_meeting(meeting.meeting)
        step.detail = f"phase: {meeting.phase}"
    with steps.step("the participant waits in the lobby") as step:
        seen = await paul.api.knock(meeting.meeting)
        step.detail = f"standing: {seen.you.standing}"
    with steps.step("the organizer sees who knocks, and admits") as step, trio.fail_after(PATIENCE_S):
        while not (knocking := [person for person in meeting.people if person.standing == "knocking"]):
            meeting = await olga.api.meeting(meeting.meeting, after=meeting.version, wait_s=PATIENCE_S)
        await olga.api.admit(meeting.meeting, knocking[0].person)
        while seen.you.standing == "knocking":
            seen = await paul.api.meeting(meeting.meeting, after=seen.version, wait_s=PATIENCE_S)
        step.detail = f"{knocking[0].name}: {seen.you.standing}"
    return meeting


async def _confer(olga: Seated, paul: Seated, meeting: MeetingView, steps: Steps) -> None:
    with steps.step("both take one-time tickets") as step:
        keys = TicketKey.generate(), TicketKey.generate()
        first = await olga.api.take_ticket(meeting.meeting, keys[0].public)
        second = await paul.api.take_ticket(meeting.meeting, keys[1].public)
        step.detail = f"for their Ed25519 keys, until {first.expires_at:%H:%M:%S} UTC"
    async with AsyncExitStack() as stack:
        with steps.step("both enter the room by WebTransport") as step:
            olga_in = await stack.enter_async_context(enter(olga.connection, first, keys[0]))
            paul_in = await stack.enter_async_context(enter(paul.connection, second, keys[1]))
            step.detail = "roster: " + ", ".join(sorted(seat.name for seat in paul_in.roster.values()))
        await _exchange((olga.person, olga_in), (paul.person, paul_in), steps)
        with steps.step("a chat line passes") as step, trio.fail_after(PATIENCE_S):
            await olga_in.say(LINE)
            said = await _next_line(paul_in)
            step.ok = (said.name, said.text) == (olga.person.name, LINE)
            step.detail = f"{said.name}: {said.text}"
        with steps.step("the organizer ends the meeting") as step, trio.fail_after(PATIENCE_S):
            await olga.api.end_meeting(meeting.meeting)
            step.detail = str(await paul_in.wait_ended())
            await olga_in.wait_ended()


async def _exchange(one: tuple[Person, Conference], two: tuple[Person, Conference], steps: Steps) -> None:
    """Each sends their clip and records the other's."""
    with steps.step("each sends, and records what arrives") as step:
        tracks = [await offer(conference, person.clip.source) for person, conference in (one, two)]
        by_name = {person.name: person.recording for person, _ in (one, two)}

        def recording_of(seat: Seat) -> Path:
            return by_name[seat.name]

        recordings = [Recordings(recording_of), Recordings(recording_of)]
        sent = [0, 0]

        async def send_all(index: int, person: Person, conference: Conference) -> None:
            sent[index] = await send(conference, person.clip, tracks[index])

        async with trio.open_nursery() as recording:
            for index, (_, conference) in enumerate((one, two)):
                recording.start_soon(recordings[index].run, conference)
            async with trio.open_nursery() as sending:
                for index, (person, conference) in enumerate((one, two)):
                    sending.start_soon(send_all, index, person, conference)
            await trio.sleep(LINGER_S)
            recording.cancel_scope.cancel()
        for recorded in recordings:
            await recorded.close()
        lost = sum(recorded.lost() for recorded in recordings)
        step.detail = f"{sent[0]} and {sent[1]} datagrams; {lost} frames lost"


async def _next_line(conference: Conference) -> Said:
    async for event in conference.events:
        if isinstance(event, Said):
            return event
    raise await conference.wait_ended()


def _keep(folder: Path, files: list[Path]) -> None:
    for file in files:
        shutil.copy(file, folder)


def _compare(person: Person, step: Step) -> dict[str, object]:
    found: dict[str, object] = {"recording": person.recording.name}
    told: list[str] = []
    source = person.clip.source
    if source.has_video:
        video = compare_video(source, person.recording)
        found["video"] = asdict(video) | {"ok": video.ok}
        told.append(
            f"{video.frames_recorded} of {video.frames_sent} pictures, PSNR {video.psnr_mean_db:.1f} dB"
            if video.ok
            else "; ".join(video.faults)
        )
        step.ok = step.ok and video.ok
    if source.has_audio:
        audio = compare_audio(source, person.recording)
        found["audio"] = asdict(audio) | {"ok": audio.ok}
        tone = "" if audio.measured_hz is None else f"{audio.measured_hz:.1f} Hz, "
        told.append(
            f"{audio.seconds:.1f} s of sound, {tone}similarity {audio.similarity:.3f}"
            if audio.ok
            else "; ".join(audio.faults)
        )
        step.ok = step.ok and audio.ok
    step.detail = "; ".join(told)
    return found
