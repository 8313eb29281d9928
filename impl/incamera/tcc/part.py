"""Taking part with media: sending a source's frames to the room, and recording what the others send."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from heapq import merge
from itertools import chain, islice
from operator import attrgetter
from pathlib import Path
from typing import Final

import trio

from incamera.tcc.conference import Conference
from incamera.tcc.errors import ConferenceEnded
from incamera.tcc.media import (
    EncodedFrame,
    Kind,
    Reassembler,
    Recorder,
    RecordingError,
    Source,
    encode,
    encode_audio,
    encode_video,
    play,
)
from incamera.wire.control import Seat, Track
from incamera.wire.media import MalformedMedia, MediaHeader

EARLY: Final = 256
"""Datagrams kept of tracks that the room has not told yet: they may overtake the control stream."""

PIECE: Final = 8
"""Frames that are encoded at once while a film plays: a tenth of a second of it, for which the others do not wait."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A source with all its frames, encoded: for short ones, of which no part shall wait for the encoder."""

    source: Source
    frames: Sequence[EncodedFrame]

    @classmethod
    def of(cls, source: Source) -> Clip:
        """Encode the whole source; computes for about a third of the time that it plays.  Raises `MediaError`."""
        return cls(source, encode(source))

    @property
    def seconds(self) -> float:
        """How long it plays."""
        return (self.frames[-1].timestamp_ms + 1) / 1000 if self.frames else 0.0


@dataclass(frozen=True, slots=True)
class Film:
    """A source of any length, encoded while it is sent; so it is sent once."""

    source: Source
    frames: Iterator[EncodedFrame]

    @classmethod
    def of(cls, source: Source) -> Film:
        """Encode its beginning only: a file that cannot be played is found out now.  Raises `MediaError`."""
        video = encode_video(source.pictures(), fps=source.fps)
        frames = merge(encode_audio(source.sounds()), video, key=attrgetter("timestamp_ms"))
        return cls(source, chain(list(islice(frames, PIECE)), frames))


async def offer(conference: Conference, source: Source) -> dict[Kind, int]:
    """Announce the source's tracks to the room; returns their numbers."""
    tracks: dict[Kind, int] = {}
    if source.has_video:
        first = await trio.to_thread.run_sync(next, source.pictures())
        tracks["video"] = (await conference.offer_track("video", "vp8", *first.size)).track
    if source.has_audio:
        tracks["audio"] = (await conference.offer_track("audio", "opus")).track
    return tracks


async def send(conference: Conference, media: Clip | Film, tracks: dict[Kind, int]) -> int:
    """Play to the room in real time; returns the number of datagrams sent.

    Raises `ConferenceEnded`, and `MediaError` for a film that is found damaged on the way.
    """
    to_room = partial(
        play,
        send=conference.send_datagram,
        tracks=tracks,
        max_datagram=conference.max_datagram,
        began=trio.current_time(),
    )
    if isinstance(media, Clip):
        return await to_room(media.frames)
    sent = 0
    while piece := await trio.to_thread.run_sync(list, islice(media.frames, PIECE)):
        sent += await to_room(piece)
    return sent


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
        """Finish the files, each whatever becomes of the others; raises the first `RecordingError`."""
        errors: list[RecordingError] = []
        with trio.CancelScope(shield=True):
            for received in self._tracks.values():
                try:
                    await self._write(received, received.reassembler.flush())
                except RecordingError as error:
                    errors.append(error)
            for recorder in self.recorders.values():
                try:
                    await trio.to_thread.run_sync(recorder.close)
                except RecordingError as error:
                    errors.append(error)
        if errors:
            raise errors[0]

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
            if seat.seat not in self.recorders:
                self.recorders[seat.seat] = await trio.to_thread.run_sync(Recorder, self.path_for(seat))
            self._tracks[header.track] = _Received(track, Reassembler(track.kind))
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
