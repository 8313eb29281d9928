"""Encoding and decoding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from incamera.tcc.media import (
    AudioDecoder,
    EncodedFrame,
    Picture,
    TestPattern,
    VideoDecoder,
    encode,
    encode_audio,
    encode_video,
)
from incamera.tcc.media.encoder import KEY_INTERVAL_MS

LOOK_AHEAD = 312  # samples by which Opus delays


def of(kind: str, frames: list[EncodedFrame]) -> list[EncodedFrame]:
    return [frame for frame in frames if frame.kind == kind]


def clouds(count: int) -> Iterator[Picture]:
    """Pictures of which none resembles the one before."""
    dice = np.random.default_rng(7)
    for number in range(count):
        coarse = dice.integers(0, 256, (180 // 12, 160 // 16), np.uint8)
        yield Picture(coarse.repeat(12, axis=0).repeat(16, axis=1), number * 40, number)


def test_a_source_becomes_frames_in_the_order_of_time(pattern: TestPattern, frames: list[EncodedFrame]) -> None:
    assert [frame.timestamp_ms for frame in frames] == sorted(frame.timestamp_ms for frame in frames)
    video, audio = of("video", frames), of("audio", frames)
    assert [(frame.number, frame.timestamp_ms) for frame in video] == [
        (picture.number, picture.timestamp_ms) for picture in pattern.pictures()
    ]
    assert [(frame.number, frame.timestamp_ms) for frame in audio] == [(number, number * 20) for number in range(101)]
    assert all(frame.key for frame in audio)


def test_encoding_the_same_again_gives_the_same(pattern: TestPattern, frames: list[EncodedFrame]) -> None:
    assert encode(pattern) == frames


@pytest.mark.parametrize("step_ms", [33, 400, 1500])
def test_a_key_frame_comes_first_and_at_least_every_interval(pattern: TestPattern, step_ms: int) -> None:
    pictures = [replace(picture, timestamp_ms=picture.number * step_ms) for picture in pattern.pictures()]
    frames = list(encode_video(pictures, fps=1000 / step_ms))
    keys = [frame.timestamp_ms for frame in frames if frame.key]
    assert keys[0] == 0
    assert len(keys) < len(frames) or step_ms > KEY_INTERVAL_MS
    assert all(later - earlier < KEY_INTERVAL_MS + step_ms for earlier, later in pairwise(keys))


def test_the_bit_rate_is_bounded_however_much_changes() -> None:
    rates = [
        8 * sum(len(frame.data) for frame in encode_video(clouds(50), fps=25, bitrate=bitrate)) / 2
        for bitrate in (300_000, 10_000_000)
    ]
    assert rates[0] < 1.2 * 300_000
    assert rates[1] > 1.5 * 300_000  # what it would like to take


def test_pictures_survive_encoding(pattern: TestPattern, frames: list[EncodedFrame]) -> None:
    decoder = VideoDecoder()
    for frame, picture in zip(of("video", frames), pattern.pictures(), strict=True):
        decoded = decoder.decode(frame)
        assert decoded is not None
        assert (decoded.size, decoded.number, decoded.timestamp_ms) == (
            picture.size,
            picture.number,
            picture.timestamp_ms,
        )
        assert np.mean((decoded.planes.astype(float) - picture.planes) ** 2) < 20
        assert pattern.shows(decoded.planes, picture.number)
    assert decoder.refused == 0


def test_sound_survives_encoding(pattern: TestPattern, frames: list[EncodedFrame]) -> None:
    decoder = AudioDecoder()
    decoded = [decoder.decode(frame) for frame in of("audio", frames)]
    got = np.concatenate([sound.samples for sound in decoded if sound is not None]).astype(float)[LOOK_AHEAD:]
    sent = np.concatenate([sound.samples for sound in pattern.sounds()]).astype(float)
    got = got[: len(sent)]
    assert got @ sent / np.sqrt((got @ got) * (sent @ sent)) > 0.99
    assert 0.9 < np.std(got) / np.std(sent) < 1.1


def test_a_damaged_or_undecodable_frame_is_refused_and_the_next_key_frame_decodes(frames: list[EncodedFrame]) -> None:
    first, *others = of("video", frames)
    later_key = next(frame for frame in others if frame.key)
    decoder = VideoDecoder()
    assert decoder.decode(replace(first, data=b"\xff" * 50)) is None
    assert decoder.decode(replace(first, data=b"")) is None
    assert decoder.decode(others[0]) is None  # its key frame never came
    assert decoder.decode(replace(first, decodable=False)) is None
    assert decoder.refused == 4
    assert decoder.decode(later_key) is not None


def test_damaged_sound_is_refused(frames: list[EncodedFrame]) -> None:
    good = of("audio", frames)[0]
    decoder = AudioDecoder()
    assert decoder.decode(replace(good, data=b"")) is None
    assert decoder.decode(replace(good, data=b"\xff\xff")) is None
    assert decoder.refused == 2
    assert decoder.decode(good) is not None


def test_nothing_becomes_nothing() -> None:
    assert list(encode_video([], fps=15)) == []
    assert list(encode_audio([])) == []
