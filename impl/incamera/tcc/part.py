"""Taking part with media: sending a source's frames to the room, and recording what the others send."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import trio

from incamera.tcc.conference import Conference
from incamera.tcc.errors import ConferenceEnded
from incamera.tcc.media import EncodedFrame, Kind, Reassembler, Recorder, Source, encode, play
from incamera.wire.control import Seat, Track
from incamera.wire.media import MalformedMedia, MediaHeader

EARLY: Final = 256
"""Datagrams kept of tracks that the room has not told yet: they may overtake the control stream."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A source with all its frames, encoded: what is sent is made before the meeting has to wait for it."""

    source: Source
    frames: Sequence[EncodedFrame]
    size: tuple[int, int]

    @classmethod
    def of(cls, source: Source) -> Clip:
        """Encode the whole source; computes for about a third of the time that it plays.  Raises `MediaError`."""
        first = next(source.pictures(), None) if source.has_video else None
        return cls(source, tuple(encode(source)), (0, 0) if first is None else first.size)

    @property
    def seconds(self) -> float:
        """How long it plays."""
        return (self.frames[-1].timestamp_ms + 1) / 1000 if self.frames else 0.0


async def offer(conference: Conference, clip: Clip) -> dict[Kind, int]:
    """Announce the clip's tracks to the room; returns their numbers."""
    tracks: dict[Kind, int] = {}
    if clip.source.has_video:
        width, height = clip.size
        tracks["video"] = (await conference.offer_track("video", "vp8", width, height)).track
    if clip.source.has_audio:
        tracks["audio"] = (await conference.offer_track("audio", "opus")).track
    return tracks


async def send(conference: Conference, clip: Clip, tracks: dict[Kind, int]) -> int:
    """Play the clip to the room in real time; returns the number of datagrams sent."""
    return await play(clip.frames, conference.send_datagram, tracks=tracks, max_datagram=conference.max_datagram)


@dataclass(slots=True)
class _Received:
    track: Track
    reassembler: Reassembler


@dataclass(slots=True)
class Recordings:
    """Records what the others send, one WebM for each seat; `path_for` says where."""

    path_for: Callable[[Seat], Path]
    recorders: dict[str, Recorder] = field(default_factory=dict)
    _tracks: dict[int, _Received] = field(default_factory=dict)
    _early: deque[tuple[MediaHeader, bytes]] = field(default_factory=lambda: deque(maxlen=EARLY))

    async def run(self, conference: Conference) -> None:
        """Record until one is no longer in the room; raises `RecordingError`."""
        try:
            while True:
                datagram = await conference.receive_datagram()
                try:
                    header, payload = MediaHeader.parse(datagram)
                except MalformedMedia:
                    continue
                await self._take(conference, header, bytes(payload))
        except ConferenceEnded:
            return

    async def close(self) -> None:
        """Finish the files."""
        with trio.CancelScope(shield=True):
            for received in self._tracks.values():
                await self._write(received, received.reassembler.flush())
            for recorder in self.recorders.values():
                await trio.to_thread.run_sync(recorder.close)

    def lost(self) -> int:
        """Frames that did not arrive whole."""
        return sum(received.reassembler.counts.lost for received in self._tracks.values())

    async def _take(self, conference: Conference, header: MediaHeader, payload: bytes) -> None:
        if header.track not in self._tracks:
            track = conference.tracks.get(header.track)
            seat = None if track is None else conference.roster.get(track.seat)
            if track is None or seat is None:
                self._early.append((header, payload))
                return
            self._tracks[header.track] = _Received(track, Reassembler(track.kind))
            if seat.seat not in self.recorders:
                self.recorders[seat.seat] = await trio.to_thread.run_sync(Recorder, self.path_for(seat))
            early = [pair for pair in self._early if pair[0].track == header.track]
            self._early = deque((pair for pair in self._early if pair[0].track != header.track), EARLY)
            for pair in early:
                await self._push(*pair)
        await self._push(header, payload)

    async def _push(self, header: MediaHeader, payload: bytes) -> None:
        received = self._tracks[header.track]
        await self._write(received, received.reassembler.push(header, payload))

    async def _write(self, received: _Received, frames: Sequence[EncodedFrame]) -> None:
        recorder = self.recorders[received.track.seat]
        for frame in frames:
            await trio.to_thread.run_sync(recorder.write, frame)
