"""From pictures and sound to frames: VP8 and Opus, as for a live conversation.

This is CPU work without a pause in it: call it in a worker thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import chain
from typing import Final

import av
from av.audio.codeccontext import AudioCodecContext
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType

from incamera.tcc.media.frames import EncodedFrame
from incamera.tcc.media.source import BLOCK, BLOCK_MS, SAMPLE_RATE, Picture, Sound, Source

VIDEO_BITRATE: Final = 600_000
AUDIO_BITRATE: Final = 48_000
KEY_INTERVAL_MS: Final = 1000

_MILLISECOND: Final = Fraction(1, 1000)
_SAMPLE: Final = Fraction(1, SAMPLE_RATE)


def encode_video(
    pictures: Iterable[Picture], *, fps: float, bitrate: int = VIDEO_BITRATE, key_interval_ms: int = KEY_INTERVAL_MS
) -> Iterator[EncodedFrame]:
    """Encodes pictures of one size to VP8, with a key frame at least every `key_interval_ms`.

    At most about `bitrate` bits a second, as far as the coarsest quality allows: no picture is left out to save more.
    `fps` guides only the rate control; the pictures' own timestamps are kept.
    """
    context: VideoCodecContext | None = None
    last_key_ms = 0
    number = 0
    for picture in pictures:
        context = context or _vp8(picture.size, fps, bitrate)
        frame = av.VideoFrame.from_ndarray(picture.planes, format="yuv420p")
        frame.pts, frame.time_base = picture.timestamp_ms, _MILLISECOND
        if number == 0 or picture.timestamp_ms - last_key_ms >= key_interval_ms:
            frame.pict_type = PictureType.I
        for packet in context.encode(frame):
            if packet.is_keyframe:
                last_key_ms = picture.timestamp_ms
            # Without look-ahead the packet is the picture's just given.
            yield EncodedFrame("video", bytes(packet), packet.is_keyframe, picture.timestamp_ms, number)
            number += 1


def encode_audio(sounds: Iterable[Sound], *, bitrate: int = AUDIO_BITRATE) -> Iterator[EncodedFrame]:
    """Encodes unbroken sound to Opus packets of 20 ms; the encoder's look-ahead of 6.5 ms adds one packet at the
    end."""
    context = _opus(bitrate)
    start_ms: int | None = None
    number = 0
    for sound in chain(sounds, [None]):
        if sound is not None:
            start_ms = sound.timestamp_ms if start_ms is None else start_ms
            frame = av.AudioFrame.from_ndarray(sound.samples[None], format="s16", layout="mono")
            frame.sample_rate, frame.time_base, frame.pts = SAMPLE_RATE, _SAMPLE, sound.number * BLOCK
        elif start_ms is None:
            return
        for packet in context.encode(frame if sound is not None else None):
            yield EncodedFrame("audio", bytes(packet), True, start_ms + number * BLOCK_MS, number)
            number += 1


def encode(source: Source) -> list[EncodedFrame]:
    """All frames of a source, video and audio in the order of their timestamps: to be sent without further work."""
    video = encode_video(source.pictures(), fps=source.fps)
    audio = encode_audio(source.sounds())
    return sorted([*audio, *video], key=lambda frame: frame.timestamp_ms)


def _vp8(size: tuple[int, int], fps: float, bitrate: int) -> VideoCodecContext:
    context = av.CodecContext.create("libvpx", "w")
    context.width, context.height = size
    context.pix_fmt = "yuv420p"
    context.time_base, context.framerate = _MILLISECOND, Fraction(fps).limit_denominator(1001)
    context.bit_rate = bitrate
    context.thread_count = 1
    context.gop_size = 1 << 16  # key frames come by time, not by count
    context.options = {
        "deadline": "realtime",
        "cpu-used": "-6",  # a negative speed is fixed: the result does not depend on how busy the machine is
        "lag-in-frames": "0",
        "auto-alt-ref": "0",
        "minrate": str(bitrate),  # equal rates mean constant bit rate, without frames being dropped
        "maxrate": str(bitrate),
        "bufsize": str(bitrate),
        "drop-threshold": "0",
    }
    return context


def _opus(bitrate: int) -> AudioCodecContext:
    context = av.CodecContext.create("libopus", "w")
    context.sample_rate = SAMPLE_RATE
    context.layout = "mono"
    context.format = "s16"
    context.time_base, context.bit_rate = _SAMPLE, bitrate
    context.options = {"application": "audio", "frame_duration": str(BLOCK_MS)}
    return context
