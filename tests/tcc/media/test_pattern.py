"""The test picture and tone."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import numpy as np
import pytest

from incamera.tcc.media import TestPattern
from incamera.tcc.media.source import BLOCK, SAMPLE_RATE


def test_pictures_and_sound_are_as_long_as_asked_and_the_same_each_time(pattern: TestPattern) -> None:
    pictures, sounds = list(pattern.pictures()), list(pattern.sounds())
    assert [picture.number for picture in pictures] == list(range(30))
    assert [picture.timestamp_ms for picture in pictures[:4]] == [0, 67, 133, 200]
    assert all(picture.size == (160, 120) for picture in pictures)
    assert [sound.timestamp_ms for sound in sounds] == list(range(0, 2000, 20))
    again = list(pattern.pictures())
    assert all(np.array_equal(one.planes, other.planes) for one, other in zip(pictures, again, strict=True))


def test_every_picture_differs_from_the_one_before_beyond_its_stamp(pattern: TestPattern) -> None:
    pictures = [picture.planes[120 // 10 :].astype(int) for picture in pattern.pictures()]
    for one, other in pairwise(pictures):
        assert np.mean((one - other) ** 2) > 20


def test_a_picture_shows_its_own_number_and_label_only(pattern: TestPattern) -> None:
    other = dataclasses.replace(pattern, label="paul")
    for picture in pattern.pictures():
        assert pattern.shows(picture.planes, picture.number)
        assert not pattern.shows(picture.planes, picture.number + 1)
        assert not other.shows(picture.planes, picture.number)


@pytest.mark.parametrize("luma", [0, 16, 128, 235, 255])
def test_a_uniform_picture_shows_no_number(pattern: TestPattern, luma: int) -> None:
    planes = np.full((180, 160), luma, np.uint8)
    assert not any(pattern.shows(planes, number) for number in (*range(30), 0xFFFF))


def test_a_picture_too_small_for_a_stamp_shows_none(pattern: TestPattern) -> None:
    assert not pattern.shows(np.zeros((6, 4), np.uint8), 0)


def test_the_tone_has_its_pitch_and_level(pattern: TestPattern) -> None:
    wave = np.concatenate([sound.samples for sound in pattern.sounds()]).astype(float)
    assert len(wave) == 100 * BLOCK
    spectrum = np.abs(np.fft.rfft(wave))
    assert int(np.argmax(spectrum)) * SAMPLE_RATE / len(wave) == pattern.tone_hz
    assert np.max(np.abs(wave)) == pytest.approx(0.25 * 32767, abs=1)


def test_a_pattern_may_have_only_one_track() -> None:
    assert list(TestPattern(seconds=1, has_video=False).pictures()) == []
    assert list(TestPattern(seconds=1, has_audio=False).sounds()) == []


@pytest.mark.parametrize("size", [(126, 240), (320, 94), (321, 240), (320, 241), (1922, 1080), (1920, 1082)])
def test_sizes_that_cannot_be_drawn_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=f"{size[0]}×{size[1]}"):
        TestPattern(size=size)


@pytest.mark.parametrize("seconds", [0.0, -1.0, 70_000 / 15])
def test_lengths_that_cannot_be_numbered_are_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="pictures a second"):
        TestPattern(seconds=seconds)
