"""Where media comes from: pictures and sound as values, before any encoding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE: Final = 48_000
BLOCK_MS: Final = 20
BLOCK: Final = SAMPLE_RATE * BLOCK_MS // 1000

Planes = NDArray[np.uint8]
Samples = NDArray[np.int16]


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One picture in planar YUV 4:2:0, limited range: `planes` has `height` rows of Y, then U and V, each row `width`
    wide (shape `(height * 3 // 2, width)`, the layout that PyAV calls yuv420p). Both sizes are even."""

    planes: Planes
    timestamp_ms: int
    number: int

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        rows, width = self.planes.shape
        return width, rows * 2 // 3


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """20 ms of mono sound: BLOCK samples at SAMPLE_RATE."""

    samples: Samples
    timestamp_ms: int
    number: int


class Source(Protocol):
    """Media that can be played any number of times, and is the same each time.

    Timestamps are milliseconds from the beginning, common to both tracks, and strictly increase. `tone_hz` is set
    when the sound is known to be one sine tone.
    """

    @property
    def has_video(self) -> bool: ...

    @property
    def has_audio(self) -> bool: ...

    @property
    def fps(self) -> float: ...

    @property
    def tone_hz(self) -> float | None: ...

    def pictures(self) -> Iterator[Picture]: ...

    def sounds(self) -> Iterator[Sound]: ...

    def shows(self, planes: Planes, number: int) -> bool:
        """False if the planes, after encoding and decoding, visibly carry another number than this one or none,
        though the source's pictures carry theirs."""
