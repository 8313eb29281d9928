"""A test picture that moves, and a tone.

The picture has structure that an encoder must keep and motion that it must follow: a drifting gradient, a disc and a
bar that move, colours that turn. All of it depends on the label, and each picture is stamped with its number and the
label.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from incamera.tcc.media import stamp
from incamera.tcc.media.source import BLOCK, BLOCK_MS, SAMPLE_RATE, Picture, Planes, Samples, Sound

_MIN_WIDTH, _MIN_HEIGHT = 128, 96
_MAX_WIDTH, _MAX_HEIGHT = 1920, 1080
_FULL_SCALE: Final = 32767


@dataclass(frozen=True, slots=True)
class TestPattern:
    """`seconds` of picture and tone, made anew each time they are asked for, always the same for the same arguments.

    `size` is width and height in pixels, both even; `fps` pictures a second; `tone_hz` the pitch of the tone and
    `level` its amplitude as a part of full scale. Patterns with different labels look different and are told apart.
    """

    __test__: ClassVar[bool] = False  # pytest would take the name for a test's

    seconds: float = 4.0
    size: tuple[int, int] = (320, 240)
    fps: float = 15.0
    tone_hz: float = 440.0
    label: str = "pattern"
    level: float = 0.25
    has_video: bool = True
    has_audio: bool = True

    def __post_init__(self) -> None:
        width, height = self.size
        if not (_MIN_WIDTH <= width <= _MAX_WIDTH and _MIN_HEIGHT <= height <= _MAX_HEIGHT) or width % 2 or height % 2:
            raise ValueError(f"a pattern of {width}×{height} is too small, too large or of odd size")
        if not 0 < self.frames <= stamp.MAX_NUMBER:
            raise ValueError(f"{self.seconds} s at {self.fps} pictures a second are none, or more than can be numbered")

    @property
    def frames(self) -> int:
        """How many pictures there are."""
        return round(self.seconds * self.fps)

    def pictures(self) -> Iterator[Picture]:
        for number in range(self.frames if self.has_video else 0):
            yield Picture(self.planes(number), round(number * 1000 / self.fps), number)

    def sounds(self) -> Iterator[Sound]:
        step = math.tau * self.tone_hz / SAMPLE_RATE
        for number in range(round(self.seconds * 1000 / BLOCK_MS) if self.has_audio else 0):
            wave = self.level * _FULL_SCALE * np.sin(step * np.arange(number * BLOCK, (number + 1) * BLOCK))
            samples: Samples = np.rint(wave).astype(np.int16)
            yield Sound(samples, number * BLOCK_MS, number)

    def shows(self, planes: Planes, number: int) -> bool:
        luma = planes[: planes.shape[0] * 2 // 3]
        return stamp.read(luma) == (number, stamp.tag_of(self.label))

    def planes(self, number: int) -> Planes:
        """The picture with this number, as `Picture.planes`."""
        width, height = self.size
        seconds = number / self.fps
        tag = stamp.tag_of(self.label)
        way = 1 if tag & 1 else -1
        x = np.arange(width, dtype=np.float32)[None, :]
        y = np.arange(height, dtype=np.float32)[:, None]

        # The gradient is a triangle wave: a sawtooth's edge would be the only thing an encoder spends bits on.
        steepness = 0.5 + (tag >> 1 & 3) / 2
        luma = 40 + np.abs((x * steepness + y * (2.5 - steepness) + way * 90 * seconds) % 256 - 128)
        disc_x = width * (0.5 + 0.32 * math.sin(1.7 * seconds + tag))
        disc_y = height * (0.58 + 0.22 * math.cos(2.3 * seconds + tag))
        luma[(x - disc_x) ** 2 + (y - disc_y) ** 2 < (height / 6) ** 2] = 210 if tag & 8 else 50
        bar = int(way * width * seconds / 4) % width
        luma[:, bar : bar + width // 32] = 190

        planes: Planes = np.empty((height * 3 // 2, width), np.uint8)
        planes[:height] = luma
        stamp.draw(planes[:height], number, tag)
        turn = math.tau * tag / 256 + seconds / 2
        slope_x, slope_y = 60 * math.cos(turn), 60 * math.sin(turn)
        chroma = planes[height:].reshape(2, height // 2, width // 2)
        chroma[0] = 128 + slope_x * (x[:, ::2] / width - 0.5) + slope_y * (y[::2] / height - 0.5)
        chroma[1] = 128 - slope_y * (x[:, ::2] / width - 0.5) + slope_x * (y[::2] / height - 0.5)
        return planes
