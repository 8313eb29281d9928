"""Taking part with media: what is sent, and what is recorded of what arrives."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest
import trio

from incamera.tcc.conference import Conference
from incamera.tcc.errors import ConferenceEnded
from incamera.tcc.media import FileSource, MediaError, RecordingError, TestPattern, compare_audio, compare_video
from incamera.tcc.media.frames import fragment
from incamera.tcc.part import Clip, Film, Recordings, offer, send
from incamera.wire.control import CloseCode, Seat, Track
from incamera.wire.ids import fresh_id

PATTERN = TestPattern(1.0, size=(160, 120))
SEAT = Seat(seat=fresh_id("tkt"), person=fresh_id("acc"), name="Paul")


@dataclass
class Room:
    """The part of a conference that is used here: tracks that are offered, datagrams that arrive or are sent."""

    arriving: deque[bytes | list[Track]] = field(default_factory=deque)
    sent: list[bytes] = field(default_factory=list)
    tracks: dict[int, Track] = field(default_factory=dict)
    roster: dict[str, Seat] = field(default_factory=lambda: {SEAT.seat: SEAT})
    max_datagram: int = 1_152

    async def offer_track(self, kind: str, codec: str, width: int = 0, height: int = 0) -> Track:
        await trio.lowlevel.checkpoint()
        track = Track.model_validate(
            {
                "track": len(self.tracks),
                "seat": SEAT.seat,
                "kind": kind,
                "codec": codec,
                "width": width,
                "height": height,
            }
        )
        self.tracks[track.track] = track
        return track

    def send_datagram(self, datagram: bytes) -> bool:
        self.sent.append(datagram)
        return True

    async def receive_datagram(self) -> bytes:
        await trio.lowlevel.checkpoint()
        while self.arriving:
            match self.arriving.popleft():
                case bytes(datagram):
                    return datagram
                case tracks:
                    self.tracks |= {track.track: track for track in tracks}
        raise ConferenceEnded(CloseCode.MEETING_ENDED, "")


def room_of(room: Room) -> Conference:
    return cast(Conference, room)


def test_a_film_is_the_same_frames_as_a_clip() -> None:
    clip = Clip.of(PATTERN)
    assert list(Film.of(PATTERN).frames) == list(clip.frames)
    assert 0.9 < clip.seconds < 1.1


def test_a_film_that_cannot_be_played_is_found_out_before_it_is_sent(tmp_path: Path) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("This is a letter to my aunt.")
    with pytest.raises(MediaError):
        Film.of(FileSource(letter))


async def test_clip_and_film_are_sent_alike(autojump_clock: trio.testing.MockClock) -> None:
    rooms = Room(), Room()
    both: tuple[Clip | Film, ...] = (Clip.of(PATTERN), Film.of(PATTERN))
    for room, media in zip(rooms, both, strict=True):
        tracks = await offer(room_of(room), media.source)
        assert [(t.kind, t.width, t.height) for t in room.tracks.values()] == [("video", 160, 120), ("audio", 0, 0)]
        began = trio.current_time()
        assert await send(room_of(room), media, tracks) == len(room.sent)
        assert 0.9 < trio.current_time() - began < 1.2
    assert rooms[0].sent == rooms[1].sent


@pytest.mark.parametrize("late", [0, 20], ids=["told in time", "told late"])
async def test_what_arrives_is_recorded_even_before_its_track_is_told(tmp_path: Path, late: int) -> None:
    video = Track(track=3, seat=SEAT.seat, kind="video", codec="vp8", width=160, height=120)
    audio = Track(track=4, seat=SEAT.seat, kind="audio", codec="opus")
    datagrams = [
        datagram
        for frame in Clip.of(PATTERN).frames
        for datagram in fragment(frame, {"video": 3, "audio": 4}[frame.kind], 1_152)
    ]
    room = Room(deque([*datagrams[:late], b"no media", [video, audio], *datagrams[late:]]))
    recordings = Recordings(lambda seat: tmp_path / f"{seat.name}.webm")
    await recordings.run(room_of(room))
    await recordings.close()
    assert recordings.lost() == 0
    assert list(recordings.recorders) == [SEAT.seat]
    assert compare_video(PATTERN, tmp_path / "Paul.webm").faults == ()
    assert compare_audio(PATTERN, tmp_path / "Paul.webm").faults == ()


async def test_one_recording_that_fails_does_not_cost_the_others(tmp_path: Path) -> None:
    other = Seat(seat=fresh_id("tkt"), person=fresh_id("acc"), name="Quin")
    tracks = [
        Track(track=3, seat=SEAT.seat, kind="audio", codec="opus"),
        Track(track=4, seat=other.seat, kind="audio", codec="opus"),
    ]
    sound = [frame for frame in Clip.of(PATTERN).frames if frame.kind == "audio"]
    datagrams = [datagram for frame in sound for track in (3, 4) for datagram in fragment(frame, track, 1_152)]
    del datagrams[-4:-2]  # one frame of each is lost, so the last one is still held back when everything is over
    room = Room(deque([tracks, *datagrams]), roster={SEAT.seat: SEAT, other.seat: other})
    recordings = Recordings(lambda seat: tmp_path / f"{seat.name}.webm")
    await recordings.run(room_of(room))
    recordings.recorders[SEAT.seat].close()  # from now on it takes nothing: what is left at the end fails
    with pytest.raises(RecordingError):
        await recordings.close()
    assert compare_audio(PATTERN, tmp_path / "Quin.webm").seconds > 0.9


async def test_a_recording_that_cannot_begin_is_closed_quietly(tmp_path: Path) -> None:
    audio = Track(track=3, seat=SEAT.seat, kind="audio", codec="opus")
    sound = [frame for frame in Clip.of(PATTERN).frames if frame.kind == "audio"]
    room = Room(deque([[audio], *(datagram for frame in sound for datagram in fragment(frame, 3, 1_152))]))
    recordings = Recordings(lambda seat: tmp_path / "missing" / f"{seat.name}.webm")
    with pytest.raises(RecordingError):
        await recordings.run(room_of(room))
    await recordings.close()
