"""The proof accepts honest recordings and refuses every fake we could think of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from incamera.tcc.media import (
    EncodedFrame,
    FileSource,
    Kind,
    MediaError,
    Picture,
    Recorder,
    Sound,
    Source,
    TestPattern,
    compare_audio,
    compare_video,
    encode,
    encode_audio,
    encode_video,
)
from incamera.tcc.media.source import Planes, Samples

Record = Callable[[Iterable[EncodedFrame]], Path]


@pytest.fixture(scope="session")
def unstamped(tmp_path_factory: pytest.TempPathFactory, frames: list[EncodedFrame]) -> FileSource:
    """A user's file: nothing in it tells the proof which picture is which."""
    path = tmp_path_factory.mktemp("file") / "holiday.webm"
    with Recorder(path) as recorder:
        for frame in frames:
            recorder.write(frame)
    return FileSource(path)


@pytest.fixture(params=["pattern", "unstamped"])
def source(request: pytest.FixtureRequest, pattern: TestPattern, unstamped: FileSource) -> Source:
    return pattern if request.param == "pattern" else unstamped


def with_pictures(source: Source, other: Callable[[Picture], Planes]) -> list[EncodedFrame]:
    pictures = (replace(picture, planes=other(picture)) for picture in source.pictures())
    return list(encode_video(pictures, fps=source.fps))


def with_sound(source: Source, other: Callable[[Sound], Samples]) -> list[EncodedFrame]:
    return list(encode_audio(replace(sound, samples=other(sound)) for sound in source.sounds()))


def test_an_honest_recording_is_accepted(source: Source, record: Record) -> None:
    path = record(encode(source))
    video, audio = compare_video(source, path), compare_audio(source, path)
    assert (video.ok, video.faults) == (True, ())
    assert (video.frames_sent, video.frames_recorded, video.frames_foreign) == (30, 30, 0)
    assert video.psnr_min_db > 35
    assert video.psnr_mean_db > 40
    assert video.motion == pytest.approx(1, abs=0.02)
    assert (audio.ok, audio.faults) == (True, ())
    assert audio.seconds == pytest.approx(audio.seconds_sent, abs=0.03)
    assert audio.similarity > 0.99
    assert audio.level_db == pytest.approx(-15.1, abs=0.3)
    if source.tone_hz is not None:
        assert audio.expected_hz == 440
        assert audio.measured_hz == pytest.approx(440, abs=0.1)
    else:
        assert (audio.expected_hz, audio.measured_hz) == (None, None)


def test_a_recording_at_a_miserable_bit_rate_is_still_honest(source: Source, record: Record) -> None:
    video = encode_video(source.pictures(), fps=source.fps, bitrate=60_000)
    audio = encode_audio(source.sounds(), bitrate=12_000)
    path = record(sorted([*video, *audio], key=lambda frame: frame.timestamp_ms))
    assert compare_video(source, path).faults == ()
    assert compare_audio(source, path).faults == ()


def test_the_psnr_is_that_of_the_pictures_before_encoding(pattern: TestPattern, record: Record) -> None:
    """Darkening every picture by 4 leaves an error of about 16 in Y, two thirds of the samples: 37.9 dB."""
    dark = with_pictures(
        pattern, lambda picture: np.where(np.arange(180)[:, None] < 120, picture.planes - 4, picture.planes)
    )
    assert compare_video(pattern, record(dark)).psnr_mean_db == pytest.approx(37.9, abs=1)


def fakes(source: Source) -> dict[str, Callable[[Picture], Planes]]:
    pictures = list(source.pictures())
    black = np.full_like(pictures[0].planes, 128)
    black[:120] = 16
    row = np.arange(180)[:, None]
    luma_only = np.where(row < 120, np.uint8(60), np.uint8(0))
    exchanged = np.concatenate([row[:120], row[150:], row[120:150]]).ravel()
    lower = (row >= 30) & (row < 120)
    return {
        "black": lambda picture: black,
        "grey": lambda picture: np.full_like(picture.planes, 128),
        "frozen at the start": lambda picture: pictures[0].planes,
        "frozen in the middle": lambda picture: pictures[15].planes,
        "frozen half-way": lambda picture: pictures[min(picture.number, 10)].planes,
        "backwards": lambda picture: pictures[-1 - picture.number].planes,
        "late by three": lambda picture: pictures[max(0, picture.number - 3)].planes,
        "upside down": lambda picture: np.ascontiguousarray(picture.planes[::-1]),
        "negative": lambda picture: 255 - picture.planes,
        "washed out": lambda picture: np.minimum(picture.planes, 175) + luma_only,
        "colours exchanged": lambda picture: picture.planes[exchanged],
        "one picture half grey": lambda picture: np.where(lower & (picture.number == 20), 128, picture.planes).astype(
            np.uint8
        ),
    }


@pytest.mark.parametrize(
    "fake",
    [
        "black",
        "grey",
        "frozen at the start",
        "frozen in the middle",
        "frozen half-way",
        "backwards",
        "late by three",
        "upside down",
        "negative",
        "washed out",
        "colours exchanged",
        "one picture half grey",
    ],
)
def test_other_pictures_are_refused(source: Source, record: Record, fake: str) -> None:
    video = compare_video(source, record(with_pictures(source, fakes(source)[fake])))
    assert not video.ok
    assert video.faults


@pytest.mark.parametrize("late_by", [1, 100])
def test_a_frozen_or_late_picture_is_refused_though_it_hardly_differs(
    pattern: TestPattern, record: Record, tmp_path: Path, late_by: int
) -> None:
    pale = record(with_pictures(pattern, lambda picture: picture.planes // 8 + 100)).rename(tmp_path / "pale.webm")
    source = FileSource(pale)
    pictures = list(source.pictures())
    video = compare_video(
        source, record(with_pictures(source, lambda picture: pictures[max(0, picture.number - late_by)].planes))
    )
    assert video.psnr_mean_db > 30
    assert video.faults == ("the picture does not move as it was sent",)
    assert compare_video(source, record(encode(source))).ok


def test_anothers_clip_is_refused(source: Source, record: Record) -> None:
    other = TestPattern(seconds=2, size=(160, 120), label="paul", tone_hz=660)
    path = record(encode(other))
    assert compare_video(source, path).faults
    assert compare_audio(source, path).faults


def test_a_clip_of_another_size_is_refused(source: Source, record: Record) -> None:
    video = compare_video(source, record(encode(TestPattern(seconds=2, size=(320, 240), label="olga"))))
    assert video.faults == ("none of the pictures sent was recorded", "30 recorded pictures were not sent")


def test_a_recording_that_lasts_longer_or_shorter_is_refused(pattern: TestPattern, record: Record) -> None:
    path = record(encode(replace(pattern, seconds=3)))
    assert compare_video(pattern, path).faults == ("15 recorded pictures were not sent",)
    path = record(encode(replace(pattern, seconds=1)))
    assert compare_video(pattern, path).faults == ("only 15 of 30 pictures were recorded",)
    assert compare_audio(pattern, path).faults[0] == "only 1.0 of 2.0 s of sound were recorded"


def test_a_picture_that_stands_still_needs_no_motion(pattern: TestPattern, record: Record, tmp_path: Path) -> None:
    still = record(with_pictures(pattern, fakes(pattern)["frozen at the start"]))
    kept = still.rename(tmp_path / "still.webm")
    video = compare_video(FileSource(kept), record(encode(FileSource(kept))))
    assert (video.ok, video.motion) == (True, None)


def test_what_the_network_lost_is_counted_and_the_rest_still_proves(
    pattern: TestPattern, record: Record, frames: list[EncodedFrame]
) -> None:
    lost = [
        f for f in frames if not (f.kind == "video" and f.number == 25) and not (f.kind == "audio" and f.number == 50)
    ]
    path = record(lost)
    video, audio = compare_video(pattern, path), compare_audio(pattern, path)
    assert (video.ok, video.frames_recorded, video.frames_foreign) == (True, 25, 0)
    assert audio.ok
    assert 0.97 < audio.similarity < 0.999


def other_sound(source: Source, name: str) -> Callable[[Sound], Samples]:
    dice = np.random.default_rng(3)
    sounds = [sound.samples for sound in source.sounds()]
    ramp = np.arange(len(sounds) * 960)
    shrill = (8000 * np.sin(ramp * 2 * np.pi * 445 / 48_000)).astype(np.int16)
    return {
        "silence": lambda sound: np.zeros_like(sound.samples),
        "noise": lambda sound: dice.integers(-8000, 8000, 960).astype(np.int16),
        "445 Hz for 440": lambda sound: shrill[sound.number * 960 :][:960],
        "in another order": lambda sound: sounds[-1 - sound.number],
        "stuck": lambda sound: sounds[11],
        "silent after a second": lambda sound: sound.samples * (sound.number < 50),
    }[name]


@pytest.mark.parametrize(
    "fake", ["silence", "noise", "445 Hz for 440", "in another order", "stuck", "silent after a second"]
)
def test_other_sound_is_refused(source: Source, record: Record, fake: str) -> None:
    audio = compare_audio(source, record(with_sound(source, other_sound(source, fake))))
    assert not audio.ok
    assert any("sound differs" in fault for fault in audio.faults)
    if source.tone_hz is not None and fake in ("silence", "noise", "445 Hz for 440"):
        assert any(fault.startswith("the tone is ") for fault in audio.faults)


def test_silence_is_like_silence_and_like_nothing_else(record: Record, pattern: TestPattern) -> None:
    silent = replace(pattern, level=0.0)
    audio = compare_audio(silent, record(encode(silent)))
    assert (audio.similarity, audio.measured_hz) == (1.0, None)
    assert compare_audio(silent, record(encode(pattern))).similarity == 0


@pytest.mark.parametrize("kind", ["video", "audio"])
def test_a_missing_track_is_refused(
    pattern: TestPattern, record: Record, frames: list[EncodedFrame], kind: Kind
) -> None:
    path = record(frame for frame in frames if frame.kind != kind)
    if kind == "video":
        assert compare_video(pattern, path).faults == ("none of the pictures sent was recorded",)
    else:
        assert compare_audio(pattern, path).faults[0] == "no sound was recorded"


def test_a_source_without_a_track_wants_none(pattern: TestPattern, record: Record, frames: list[EncodedFrame]) -> None:
    unseen, unheard = replace(pattern, has_video=False), replace(pattern, has_audio=False)
    assert compare_video(unseen, record(encode(unseen))).ok
    assert compare_audio(unheard, record(encode(unheard))).ok
    assert compare_video(unseen, record(frames)).faults == ("30 recorded pictures were not sent",)
    assert not compare_audio(unheard, record(frames)).ok


def test_a_recording_that_cannot_be_read_is_an_error(pattern: TestPattern, tmp_path: Path) -> None:
    (tmp_path / "broken.webm").write_bytes(b"\0" * 500)
    for compare in (compare_video, compare_audio):
        with pytest.raises(MediaError, match="not a media file"):
            compare(pattern, tmp_path / "broken.webm")
