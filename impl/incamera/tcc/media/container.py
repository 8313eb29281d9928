"""Media files as PyAV opens them: pictures and sound with the times they have in the file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container.input import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from incamera.tcc.media.errors import MediaError
from incamera.tcc.media.source import BLOCK, SAMPLE_RATE, Samples

# Timestamps that jump ahead by more than this are a gap to be filled with silence; by less, the container's rounding.
_GAP: Final = SAMPLE_RATE // 25
_NO_MEDIA: Final = "{} is not a media file that can be played."


@contextmanager
def opened(path: Path) -> Iterator[InputContainer]:
    """The file, open for reading. Raises `MediaError`, also for what goes wrong with it later inside the block."""
    try:
        # The prefix makes any path a file's, though it look like a network address. What a playlist names is limited
        # by the library to files in turn.
        with av.open(f"file:{path}", "r", metadata_errors="replace") as container:
            if container.format.name == "tty":  # any text whatever, played as terminal art
                raise MediaError(_NO_MEDIA.format(path))
            yield container
    except (av.InvalidDataError, av.PatchWelcomeError, av.DecoderNotFoundError):
        raise MediaError(_NO_MEDIA.format(path)) from None
    except (av.FFmpegError, OSError) as error:
        raise MediaError(f"{path} cannot be read: {error.strerror}.") from None


def video_stream(container: InputContainer) -> VideoStream | None:
    """The first video stream; a cover picture is none."""
    return next((s for s in container.streams.video if not s.disposition & Disposition.attached_pic), None)


def audio_stream(container: InputContainer) -> AudioStream | None:
    """The first audio stream."""
    return next(iter(container.streams.audio), None)


def start(container: InputContainer) -> Fraction:
    """When the file's media begins, in seconds of its own timestamps."""
    return Fraction(container.start_time or 0, av.time_base)


def video_frames(container: InputContainer, stream: VideoStream) -> Iterator[av.VideoFrame]:
    """The stream's pictures; damaged ones are left out."""
    for packet in container.demux(stream):
        try:
            yield from packet.decode()
        except av.InvalidDataError:
            continue


def audio_frames(container: InputContainer, stream: AudioStream) -> Iterator[av.AudioFrame]:
    """The stream's sound; damaged packets are left out."""
    for packet in container.demux(stream):
        try:
            yield from packet.decode()
        except av.InvalidDataError:
            continue


def blocks(frames: Iterable[av.AudioFrame], origin: Fraction) -> Iterator[Samples]:
    """Sound as mono blocks of 20 ms that start at `origin` (seconds), without a break: gaps become silence."""
    waiting = np.zeros(0, np.int16)
    for samples in _placed(frames, origin):
        waiting = np.concatenate([waiting, samples])
        whole = len(waiting) // BLOCK * BLOCK
        yield from waiting[:whole].reshape(-1, BLOCK)
        waiting = waiting[whole:]
    if len(waiting):
        yield np.pad(waiting, (0, BLOCK - len(waiting)))


def _placed(frames: Iterable[av.AudioFrame], origin: Fraction) -> Iterator[Samples]:
    resampler = av.AudioResampler("s16", "mono", SAMPLE_RATE)
    position = 0  # in samples at SAMPLE_RATE from the origin: where the next frame is expected
    for frame in frames:
        if frame.pts is not None and frame.time_base is not None:
            gap = round((frame.pts * frame.time_base - origin) * SAMPLE_RATE) - position
            if gap > _GAP:
                position += gap
                while gap > 0:  # a long silence in pieces, for its size is the file's word
                    yield np.zeros(min(gap, SAMPLE_RATE), np.int16)
                    gap -= SAMPLE_RATE
        position += round(frame.samples * SAMPLE_RATE / frame.sample_rate)
        for part in resampler.resample(frame):
            yield np.asarray(part.to_ndarray(), np.int16)[0]
    for part in resampler.resample(None) if position else ():
        yield np.asarray(part.to_ndarray(), np.int16)[0]
