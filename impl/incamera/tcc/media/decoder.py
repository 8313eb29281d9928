"""From frames back to pictures and sound."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

import av
import numpy as np
from av.stream import Stream

from incamera.tcc.media.frames import EncodedFrame
from incamera.tcc.media.source import SAMPLE_RATE, Picture, Samples, Sound

_MILLISECOND: Final = Fraction(1, 1000)


class VideoDecoder:
    """Decodes the VP8 frames of one track, in order. `refused` counts those that could not be decoded."""

    def __init__(self) -> None:
        self.refused = 0
        self._context = av.CodecContext.create("vp8", "r")
        self._context.thread_count = 1

    def decode(self, frame: EncodedFrame) -> Picture | None:
        """The picture, or None if the frame is damaged or lacks an earlier one: a sender cannot stop its receiver."""
        try:
            decoded = self._context.decode(_packet(frame)) if frame.decodable and frame.data else []
        except av.FFmpegError:
            decoded = []
        if not decoded:
            self.refused += 1
            return None
        planes = decoded[-1].reformat(format="yuv420p").to_ndarray()
        return Picture(np.asarray(planes, np.uint8), frame.timestamp_ms, frame.number)


class AudioDecoder:
    """Decodes the Opus packets of one track, in order. `refused` counts those that could not be decoded."""

    def __init__(self) -> None:
        self.refused = 0
        self._context = av.CodecContext.create("opus", "r")
        self._context.sample_rate = SAMPLE_RATE
        self._context.layout = "mono"

    def decode(self, frame: EncodedFrame) -> Sound | None:
        """The packet's sound (usually 20 ms), or None if it is damaged."""
        try:
            decoded = self._context.decode(_packet(frame)) if frame.data else []
        except av.FFmpegError:
            decoded = []
        if not decoded:
            self.refused += 1
            return None
        samples = np.concatenate([_mono(part) for part in decoded])
        return Sound(samples, frame.timestamp_ms, frame.number)


def _packet(frame: EncodedFrame) -> av.Packet[Stream]:
    """The frame for the library, to which an empty packet would mean the end of the track."""
    packet = av.Packet(frame.data)
    packet.pts, packet.time_base = frame.timestamp_ms, _MILLISECOND
    return packet


def _mono(frame: av.AudioFrame) -> Samples:
    """The decoder's planar floats, one row a channel, as 16 bits of one channel."""
    mean = np.asarray(frame.to_ndarray(), np.float32).mean(axis=0)
    samples: Samples = np.rint(mean.clip(-1, 1) * 32767).astype(np.int16)
    return samples
