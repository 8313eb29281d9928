"""The user's own file as a source."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import av
import numpy as np

from incamera.tcc.media.container import audio_frames, audio_stream, blocks, opened, start, video_frames, video_stream
from incamera.tcc.media.errors import MediaError
from incamera.tcc.media.source import BLOCK_MS, Picture, Planes, Sound

MAX_LONG: Final = 640
MAX_SHORT: Final = 360
MAX_FPS: Final = 30.0


class FileSource:
    """A media file: any container and codecs that PyAV reads, with video, sound or both, at most its first `seconds`.

    Pictures are scaled down to at most MAX_LONG × MAX_SHORT pixels in their own shape, turned upright, and thinned
    out to MAX_FPS; sound becomes mono. Time zero is where the file's media begins. Raises `MediaError`, here and
    while played.
    """

    def __init__(self, path: Path | str, *, seconds: float | None = None) -> None:
        self.path: Final = Path(path)
        self._end_ms = float("inf") if seconds is None else seconds * 1000
        with opened(self.path) as container:
            video = video_stream(container)
            self._video = video is not None
            self._audio = audio_stream(container) is not None
            rate = video.average_rate if video is not None else None
        if not self._video and not self._audio:
            raise MediaError(f"{self.path} has neither video nor sound.")
        self._fps = min(MAX_FPS, float(rate or MAX_FPS))

    @property
    def has_video(self) -> bool:
        return self._video

    @property
    def has_audio(self) -> bool:
        return self._audio

    @property
    def fps(self) -> float:
        return self._fps

    @property
    def tone_hz(self) -> None:
        return None

    def pictures(self) -> Iterator[Picture]:
        with opened(self.path) as container:
            stream = video_stream(container)
            if stream is None:
                return
            origin = start(container)
            size: tuple[int, int] | None = None
            number = 0
            due_ms = 0.0
            for frame in video_frames(container, stream):
                if frame.pts is None or frame.time_base is None:
                    timestamp_ms = round(due_ms)
                else:
                    timestamp_ms = round((frame.pts * frame.time_base - origin) * 1000)
                if timestamp_ms >= self._end_ms:
                    break
                if timestamp_ms < due_ms:
                    continue
                size = size or _fit(frame)
                yield Picture(_upright(frame.reformat(*size, format="yuv420p")), timestamp_ms, number)
                number += 1
                # A little early is still in time: the file's own rate may be MAX_FPS, in rounded milliseconds.
                due_ms = timestamp_ms + 900 / MAX_FPS
            if number == 0:
                raise MediaError(f"No picture of {self.path} can be decoded.")

    def sounds(self) -> Iterator[Sound]:
        with opened(self.path) as container:
            stream = audio_stream(container)
            if stream is None:
                return
            number = 0
            for samples in blocks(audio_frames(container, stream), start(container)):
                if number * BLOCK_MS >= self._end_ms:
                    break
                yield Sound(samples, number * BLOCK_MS, number)
                number += 1
            if number == 0:
                raise MediaError(f"No sound of {self.path} can be decoded.")

    def shows(self, planes: Planes, number: int) -> bool:
        return True


def _fit(frame: av.VideoFrame) -> tuple[int, int]:
    """The even size within the bounds that the frame is scaled to, before it is turned."""
    width, height = frame.width, frame.height
    scale = min(1.0, MAX_LONG / max(width, height), MAX_SHORT / min(width, height))
    return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)


def _upright(frame: av.VideoFrame) -> Planes:
    planes = np.asarray(frame.to_ndarray(), np.uint8)
    turns = round(frame.rotation / 90) % 4
    if not turns:
        return planes
    height, width = frame.height, frame.width
    luma = np.rot90(planes[:height], turns)
    chroma = np.rot90(planes[height:].reshape(2, height // 2, width // 2), turns, axes=(1, 2))
    return np.concatenate([luma, chroma.reshape(-1, luma.shape[1])])
