"""Whether a recording shows and sounds what was sent.

Each comparison is with the source as it was *before* encoding, and is made to fail for every way in which a recording
can be something else: another clip, black, frozen, out of order, silent, another tone. The thresholds stand between
what honest recordings reach and what those fakes reach; `tests/tcc/media/test_proof.py` makes both.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice, zip_longest
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from incamera.tcc.media.container import audio_frames, audio_stream, blocks, opened, video_frames, video_stream
from incamera.tcc.media.source import BLOCK, BLOCK_MS, SAMPLE_RATE, Planes, Samples, Source

MIN_SHARE: Final = 0.75  # of what was sent: a network may lose a key frame and what hangs on it
MIN_PSNR_MEAN_DB: Final = 28.0  # real clips at our bit rate reach 37 and more, at a quarter of it 31
MIN_PSNR_DB: Final = 20.0  # as above: 33 and 29
MIN_MOTION: Final = 0.5  # as above: 0.9 and 0.78; a frozen, reversed or late picture: below 0.1
MIN_SIMILARITY: Final = 0.8  # real sound reaches 0.99, other sound 0.1
MAX_HZ_OFF: Final = 2.0
SILENCE_DB: Final = -80.0

_SAME_MS: Final = 5  # a recording keeps timestamps to the millisecond; containers round
_CAP_DB: Final = 99.0  # stands for "identical", which has no finite PSNR
_STILL: Final = 1.0  # mean squared change between pictures below which nothing moves
_WINDOW: Final = SAMPLE_RATE // BLOCK
_LAG: Final = BLOCK  # how far sound may be shifted: more than any codec's delay
_FFT: Final = 50_000  # holds a window of a second and the lag, and factors well
_MAX_TONE_WINDOWS: Final = 10  # enough for a pitch, however long the tone
_FULL_SCALE: Final = 32768.0

Wave = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class VideoProof:
    """`frames_recorded` of `frames_sent` pictures were found in the recording at their time, compared by PSNR;
    `frames_foreign` pictures in it are none of the source's. `motion` is how much of the source's change from picture
    to picture the recording shows: 1 all, 0 none; None if the source does not move."""

    frames_sent: int
    frames_recorded: int
    frames_foreign: int
    psnr_mean_db: float
    psnr_min_db: float
    motion: float | None

    @property
    def ok(self) -> bool:
        return not self.faults

    @property
    def faults(self) -> tuple[str, ...]:
        """Why the recording is not what was sent, one clause each."""
        return _clauses(
            (self.frames_recorded == 0 and self.frames_sent > 0, "none of the pictures sent was recorded"),
            (
                0 < self.frames_recorded < MIN_SHARE * self.frames_sent,
                f"only {self.frames_recorded} of {self.frames_sent} pictures were recorded",
            ),
            (self.frames_foreign > 0, f"{self.frames_foreign} recorded pictures were not sent"),
            (
                self.frames_recorded > 0 and (self.psnr_mean_db < MIN_PSNR_MEAN_DB or self.psnr_min_db < MIN_PSNR_DB),
                f"the pictures differ from those sent (PSNR {self.psnr_mean_db:.1f} dB)",
            ),
            (self.motion is not None and self.motion < MIN_MOTION, "the picture does not move as it was sent"),
        )


@dataclass(frozen=True, slots=True)
class AudioProof:
    """`measured_hz` is the strongest frequency of the recording, measured if the source is a tone (`expected_hz`);
    `level_db` its level relative to full scale; `similarity` the correlation of its waveform with the source's, 1 the
    same, 0 nothing in common."""

    seconds_sent: float
    seconds: float
    expected_hz: float | None
    measured_hz: float | None
    level_db: float
    similarity: float

    @property
    def ok(self) -> bool:
        return not self.faults

    @property
    def faults(self) -> tuple[str, ...]:
        """Why the recording is not what was sent, one clause each."""
        tone_off = self.expected_hz is not None and (
            self.measured_hz is None or abs(self.measured_hz - self.expected_hz) > MAX_HZ_OFF
        )
        return _clauses(
            (self.seconds == 0 and self.seconds_sent > 0, "no sound was recorded"),
            (
                0 < self.seconds < MIN_SHARE * self.seconds_sent,
                f"only {self.seconds:.1f} of {self.seconds_sent:.1f} s of sound were recorded",
            ),
            (
                self.seconds > 0 and tone_off,
                f"the tone is {self.measured_hz or 0:.1f} Hz, not {self.expected_hz or 0:.1f} Hz",
            ),
            (
                self.seconds > 0 and self.similarity < MIN_SIMILARITY,
                f"the sound differs from what was sent (similarity {self.similarity:.2f})",
            ),
        )


def compare_video(source: Source, recording: Path | str) -> VideoProof:
    """Compares each recorded picture with the source's of the same time, which the picture's stamp must confirm if the
    source has one. Raises `MediaError` if the recording, or a source file, cannot be read."""
    sent = recorded = foreign = 0
    psnr: list[float] = []
    change = shown = 0.0
    before: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None
    shots = _recorded_pictures(Path(recording))
    shot = next(shots, None)
    for picture in source.pictures():
        sent += 1
        while shot is not None and shot[0] < picture.timestamp_ms - _SAME_MS:
            foreign += 1
            shot = next(shots, None)
        if shot is None or shot[0] > picture.timestamp_ms + _SAME_MS:
            continue
        planes = shot[1]
        shot = next(shots, None)
        if planes.shape != picture.planes.shape or not source.shows(planes, picture.number):
            foreign += 1
            continue
        recorded += 1
        wanted, got = picture.planes.astype(np.float32), planes.astype(np.float32)
        psnr.append(_psnr(wanted, got))
        if before is not None:
            moved = (wanted - before[0]).ravel()
            if float(moved @ moved) / moved.size >= _STILL:
                change += float(moved @ moved)
                shown += float(moved @ (got - before[1]).ravel())
        before = wanted, got
    foreign += (shot is not None) + sum(1 for _ in shots)
    return VideoProof(
        frames_sent=sent,
        frames_recorded=recorded,
        frames_foreign=foreign,
        psnr_mean_db=sum(psnr) / len(psnr) if psnr else 0.0,
        psnr_min_db=min(psnr, default=0.0),
        motion=shown / change if change else None,
    )


def compare_audio(source: Source, recording: Path | str) -> AudioProof:
    """Compares the recorded sound with the source's, second by second, and measures the pitch of a tone. Raises
    `MediaError` as `compare_video` does."""
    sent = recorded = 0
    alike = weight = power = 0.0
    heard: list[Wave] = []
    pairs = zip_longest((sound.samples for sound in source.sounds()), _recorded_sound(Path(recording)))
    while window := list(islice(pairs, _WINDOW)):
        wanted, got = (_joined(side) for side in zip(*window, strict=True))
        sent += sum(samples is not None for samples, _ in window)
        recorded += sum(samples is not None for _, samples in window)
        energy = float(wanted @ wanted)
        alike += energy * _similarity(wanted, got)
        weight += energy
        power += float(got @ got)
        if source.tone_hz is not None and len(heard) < _MAX_TONE_WINDOWS:
            heard.append(got)
    mean_square = power / max(1, recorded * BLOCK) / _FULL_SCALE**2
    level_db = max(SILENCE_DB, 10 * math.log10(mean_square)) if mean_square else SILENCE_DB
    if not weight:  # silence was sent: only silence is like it
        alike, weight = float(level_db <= SILENCE_DB), 1.0
    return AudioProof(
        seconds_sent=sent * BLOCK_MS / 1000,
        seconds=recorded * BLOCK_MS / 1000,
        expected_hz=source.tone_hz,
        measured_hz=_pitch(np.concatenate(heard)) if heard and level_db > SILENCE_DB else None,
        level_db=level_db,
        similarity=alike / weight,
    )


def _clauses(*faults: tuple[bool, str]) -> tuple[str, ...]:
    return tuple(clause for found, clause in faults if found)


def _recorded_pictures(path: Path) -> Iterator[tuple[int, Planes]]:
    """Time in milliseconds and planes of each recorded picture."""
    with opened(path) as container:
        stream = video_stream(container)
        for frame in video_frames(container, stream) if stream is not None else ():
            if frame.pts is not None and frame.time_base is not None:
                yield (
                    round(frame.pts * frame.time_base * 1000),
                    np.asarray(frame.to_ndarray(format="yuv420p"), np.uint8),
                )


def _recorded_sound(path: Path) -> Iterator[Samples]:
    with opened(path) as container:
        stream = audio_stream(container)
        if stream is not None:
            yield from blocks(audio_frames(container, stream), Fraction(0))


def _joined(parts: Iterable[Samples | None]) -> Wave:
    """A window's blocks in a row, missing ones as silence."""
    silence = np.zeros(BLOCK, np.int16)
    return np.concatenate([silence if part is None else part for part in parts]).astype(np.float64)


def _psnr(wanted: NDArray[np.float32], got: NDArray[np.float32]) -> float:
    """Peak signal-to-noise ratio in dB over all three planes."""
    error = float(np.mean(np.square(wanted - got)))
    return min(_CAP_DB, 10 * math.log10(255**2 / error)) if error else _CAP_DB


def _similarity(wanted: Wave, got: Wave) -> float:
    """The highest normalised cross-correlation of two windows within the lag; 0 if one is silent."""
    norm = math.sqrt(float(wanted @ wanted) * float(got @ got))
    if not norm:
        return 0.0
    product = np.fft.rfft(got, _FFT) * np.conj(np.fft.rfft(wanted, _FFT))
    correlation = np.fft.irfft(product, _FFT)
    return float(max(correlation[: _LAG + 1].max(), correlation[-_LAG:].max())) / norm


def _pitch(wave: Wave) -> float:
    """The strongest frequency in Hz, to a small part of a spectrum's bin by a parabola through its peak."""
    spectrum = np.log(np.abs(np.fft.rfft(wave * np.hanning(len(wave)))) + 1e-9)
    peak = 1 + int(np.argmax(spectrum[1:-1]))
    left, top, right = (float(value) for value in spectrum[peak - 1 : peak + 2])
    bend = left - 2 * top + right
    offset = (left - right) / (2 * bend) if bend else 0.0
    return (peak + offset) * SAMPLE_RATE / len(wave)
