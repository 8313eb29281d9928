"""What is received, written to a playable WebM without decoding it.

The recorder writes what can be played: video from its first key frame on, without frames that lack an earlier one.
Times are those of the frames. The file grows by clusters of a second, so that one cut short by a crash still plays up
to there.
"""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import av
from av.container.output import OutputContainer
from av.stream import Stream

from incamera.tcc.media.errors import RecordingError
from incamera.tcc.media.frames import EncodedFrame, Kind
from incamera.tcc.media.source import SAMPLE_RATE

# A WebM names its tracks at its beginning. So the first frames wait until each expected kind has come, or until these
# are exceeded; a kind that first comes later than that is not recorded.
WAIT_MS: Final = 2000
WAIT_BYTES: Final = 4 << 20

_MILLISECOND: Final = Fraction(1, 1000)
_OPTIONS: Final = {"cluster_time_limit": "1000", "max_interleave_delta": "1000000"}


class Recorder:
    """Records one participant's video, audio or both to `path`.

    `expected` are the kinds that the participant announced. An existing file is refused unless `overwrite`. `written`
    and `skipped` count frames. All methods raise `RecordingError` when the file cannot be written; what was written
    until then stays. If nothing could be recorded, `close` leaves no file. Writes block for as long as the disk does.
    """

    def __init__(
        self, path: Path | str, *, expected: Collection[Kind] = ("video", "audio"), overwrite: bool = False
    ) -> None:
        self.path: Final = Path(path)
        self.written: dict[Kind, int] = {"video": 0, "audio": 0}
        self.skipped: dict[Kind, int] = {"video": 0, "audio": 0}
        self._expected = set(expected)
        self._waiting: list[EncodedFrame] = []
        self._last_ms: dict[Kind, int] = {}
        self._size: tuple[int, int] | None = None
        self._container: OutputContainer | None = None
        self._streams: dict[Kind, Stream] = {}
        try:
            self._file = self.path.open("wb" if overwrite else "xb", buffering=0)
        except FileExistsError:
            raise RecordingError(f"The recording {self.path} exists already.") from None
        except OSError as error:
            raise RecordingError(self._cannot(error)) from None

    def write(self, frame: EncodedFrame) -> None:
        """Takes in the next frame as it was received."""
        if self._file.closed:
            raise RecordingError(f"The recording {self.path} is closed.")
        if not self._playable(frame):
            self.skipped[frame.kind] += 1
            return
        self._last_ms[frame.kind] = frame.timestamp_ms
        if self._container is not None:
            self._mux(self._container, frame)
            return
        self._waiting.append(frame)
        waited_ms = frame.timestamp_ms - self._waiting[0].timestamp_ms
        size = sum(len(waiting.data) for waiting in self._waiting)
        if self._expected <= self._last_ms.keys() or waited_ms > WAIT_MS or size > WAIT_BYTES:
            self._begin()

    def close(self) -> None:
        """Finishes the file, so that it knows its length and can be searched. Closing again does nothing."""
        if self._file.closed:
            return
        if self._container is None and self._waiting:
            self._begin()
        if self._container is None:
            self._file.close()
            if self.path.is_file():  # and not a device
                self.path.unlink()
            return
        try:
            self._container.close()
            self._file.close()
        except (av.FFmpegError, OSError) as error:
            self._fail(error)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _playable(self, frame: EncodedFrame) -> bool:
        if not frame.decodable or not frame.data or frame.timestamp_ms <= self._last_ms.get(frame.kind, -1):
            return False
        if self._container is not None and frame.kind not in self._streams:
            return False
        if frame.kind == "video" and self._size is None:
            self._size = _vp8_size(frame)
            return self._size is not None
        return True

    def _begin(self) -> None:
        container = av.open(self._file, "w", format="webm", options=_OPTIONS)
        if "video" in self._last_ms and self._size is not None:
            width, height = self._size
            self._streams["video"] = container.add_mux_stream("vp8", width=width, height=height)
        if "audio" in self._last_ms:
            # The encoder behind this stream encodes nothing: it only makes the OpusHead that the file must begin with.
            self._streams["audio"] = container.add_stream("libopus", rate=SAMPLE_RATE, layout="mono", format="s16")
        for stream in self._streams.values():
            stream.time_base = _MILLISECOND
        self._container = container
        waiting, self._waiting = self._waiting, []
        for frame in waiting:
            self._mux(container, frame)

    def _mux(self, container: OutputContainer, frame: EncodedFrame) -> None:
        packet = av.Packet(frame.data)
        packet.stream = self._streams[frame.kind]
        packet.pts = packet.dts = frame.timestamp_ms
        packet.time_base = _MILLISECOND
        packet.is_keyframe = frame.key
        try:
            container.mux_one(packet)
        except (av.FFmpegError, OSError) as error:
            self._fail(error)
        self.written[frame.kind] += 1

    def _fail(self, error: av.FFmpegError | OSError) -> None:
        self._file.close()  # first: a container without its file writes no more
        raise RecordingError(self._cannot(error)) from None

    def _cannot(self, error: av.FFmpegError | OSError) -> str:
        return f"The recording {self.path} cannot be written: {error.strerror}."


def _vp8_size(frame: EncodedFrame) -> tuple[int, int] | None:
    """Width and height from the header of a VP8 key frame (RFC 6386, section 9.1), or None if it is none."""
    data = frame.data
    if len(data) < 10 or data[0] & 1 or data[3:6] != b"\x9d\x01\x2a":
        return None
    width = int.from_bytes(data[6:8], "little") & 0x3FFF
    height = int.from_bytes(data[8:10], "little") & 0x3FFF
    return (width, height) if width and height else None
