"""What the media tests share: one short clip, encoded once, and the way from frames to a recording."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from incamera.tcc.media import EncodedFrame, Reassembler, Recorder, TestPattern, encode, fragment
from incamera.wire.limits import MEDIA_DATAGRAM_BYTES
from incamera.wire.media import MediaHeader


@pytest.fixture(scope="session")
def pattern() -> TestPattern:
    return TestPattern(seconds=2, size=(160, 120), label="olga")


@pytest.fixture(scope="session")
def frames(pattern: TestPattern) -> list[EncodedFrame]:
    """The pattern's frames, both kinds."""
    return encode(pattern)


Record = Callable[[Iterable[EncodedFrame]], Path]


@pytest.fixture
def record(tmp_path: Path) -> Record:
    """Takes frames through datagrams and back into a recording, as a participant who loses none of them does."""

    def through(frames: Iterable[EncodedFrame]) -> Path:
        path = tmp_path / "recording.webm"
        reassemblers = {"video": Reassembler("video"), "audio": Reassembler("audio")}
        with Recorder(path, overwrite=True) as recorder:
            for frame in frames:
                for datagram in fragment(frame, 7, MEDIA_DATAGRAM_BYTES):
                    for received in reassemblers[frame.kind].push(*MediaHeader.parse(datagram)):
                        recorder.write(received)
            for reassembler in reassemblers.values():
                for received in reassembler.flush():
                    recorder.write(received)
        return path

    return through
