"""The user's own file as a source."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from incamera.tcc.media import EncodedFrame, FileSource, MediaError, Recorder, TestPattern
from incamera.tcc.media.source import BLOCK, SAMPLE_RATE

RATE = 44_100
IDENTITY = bytes.fromhex("00010000 00000000 00000000 00000000 00010000 00000000 00000000 00000000 40000000")
QUARTER_RIGHT = bytes.fromhex("00000000 00010000 00000000 ffff0000 00000000 00000000 00000000 00000000 40000000")


def corner(width: int, height: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Dark, with a bright upper left quarter."""
    planes = np.full((height * 3 // 2, width), 128, np.uint8)
    planes[:height] = 30
    planes[: height // 2, : width // 2] = 220
    return planes


def film(path: Path, *, size: tuple[int, int] = (160, 120), times_ms: Iterable[int] = range(0, 400, 40)) -> Path:
    """A file of still pictures at the given times."""
    with av.open(path, "w") as container:
        stream = container.add_stream("mpeg4", rate=25, width=size[0], height=size[1], bit_rate=2_000_000)
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        for time_ms in times_ms:
            frame = av.VideoFrame.from_ndarray(corner(*size), format="yuv420p")
            frame.pts, frame.time_base = time_ms, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def song(path: Path, pieces: Iterable[tuple[float, float, float]]) -> Path:
    """A stereo file of tones: each piece begins at a time, lasts so long (both seconds) and has a pitch (Hz)."""
    with av.open(path, "w") as container:
        stream = container.add_stream("pcm_s16le", rate=RATE, layout="stereo")
        for begin, seconds, pitch in pieces:
            wave = (8000 * np.sin(np.arange(int(seconds * RATE)) * 2 * np.pi * pitch / RATE)).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(wave.repeat(2)[None], format="s16", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = RATE, int(begin * RATE), Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def test_a_recording_is_a_source_with_the_same_times(
    record: Callable[[list[EncodedFrame]], Path], pattern: TestPattern, frames: list[EncodedFrame]
) -> None:
    source = FileSource(record(frames))
    pictures, sounds = list(source.pictures()), list(source.sounds())
    assert (source.has_video, source.has_audio, source.tone_hz) == (True, True, None)
    assert source.fps == pytest.approx(pattern.fps, abs=0.1)
    assert [(p.number, p.timestamp_ms) for p in pictures] == [(p.number, p.timestamp_ms) for p in pattern.pictures()]
    assert [sound.timestamp_ms for sound in sounds] == list(range(0, 2020, 20))
    assert all(sound.samples.shape == (BLOCK,) for sound in sounds)
    assert all(pattern.shows(picture.planes, picture.number) for picture in pictures)
    assert [p.timestamp_ms for p in source.pictures()] == [p.timestamp_ms for p in pictures]


def test_only_as_much_as_asked_is_played(
    record: Callable[[list[EncodedFrame]], Path], frames: list[EncodedFrame]
) -> None:
    source = FileSource(record(frames), seconds=1)
    assert [picture.timestamp_ms for picture in source.pictures()][-1] == 933
    assert [sound.timestamp_ms for sound in source.sounds()][-1] == 980


def test_a_file_may_have_only_video_or_only_sound(tmp_path: Path) -> None:
    silent, blind = FileSource(film(tmp_path / "f.mp4")), FileSource(song(tmp_path / "s.wav", [(0, 0.5, 500)]))
    assert (silent.has_video, silent.has_audio, list(silent.sounds())) == (True, False, [])
    assert (blind.has_video, blind.has_audio, list(blind.pictures())) == (False, True, [])


@pytest.mark.parametrize(
    ("size", "fitted"),
    [
        ((160, 120), (160, 120)),
        ((1280, 720), (640, 360)),
        ((1000, 1000), (360, 360)),
        ((720, 1280), (360, 640)),
        ((1922, 240), (640, 80)),
    ],
)
def test_pictures_are_scaled_down_in_their_shape(
    tmp_path: Path, size: tuple[int, int], fitted: tuple[int, int]
) -> None:
    pictures = list(FileSource(film(tmp_path / "f.mp4", size=size, times_ms=[0, 40])).pictures())
    assert [picture.size for picture in pictures] == [fitted, fitted]
    luma = pictures[0].planes[: fitted[1]]
    assert luma[fitted[1] // 4, fitted[0] // 4] > 180
    assert luma[fitted[1] * 3 // 4, fitted[0] * 3 // 4] < 60


def test_a_film_taken_with_the_camera_turned_is_shown_upright(tmp_path: Path) -> None:
    path = film(tmp_path / "phone.mp4", size=(160, 120), times_ms=[0])
    content = path.read_bytes()
    header = content.index(b"tkhd")
    matrix = content.index(IDENTITY, header)
    path.write_bytes(content[:matrix] + QUARTER_RIGHT + content[matrix + len(IDENTITY) :])
    (picture,) = FileSource(path).pictures()
    assert picture.size == (120, 160)
    luma = picture.planes[:160]
    assert luma[40, 90] > 180  # the upper left corner has become the upper right one
    assert max(luma[40, 30], luma[120, 30], luma[120, 90]) < 60


def test_more_than_thirty_pictures_a_second_are_thinned_out(tmp_path: Path) -> None:
    source = FileSource(film(tmp_path / "f.mp4", times_ms=range(0, 1000, 10)))
    times = [picture.timestamp_ms for picture in source.pictures()]
    assert times == list(range(0, 1000, 30))
    assert source.fps == 30


def test_time_begins_with_the_media(tmp_path: Path) -> None:
    pictures = FileSource(film(tmp_path / "f.mkv", times_ms=range(5000, 5400, 40))).pictures()
    assert [picture.timestamp_ms for picture in pictures] == list(range(0, 400, 40))


def test_sound_is_resampled_mixed_down_and_keeps_its_gaps(tmp_path: Path) -> None:
    source = FileSource(song(tmp_path / "s.mkv", [(0, 0.5, 500), (1.5, 0.5, 1000)]))
    wave = np.concatenate([sound.samples for sound in source.sounds()]).astype(float)
    assert len(wave) == pytest.approx(2 * SAMPLE_RATE, abs=BLOCK)

    def peak_and_pitch(begin: float, end: float) -> tuple[float, float]:
        part = wave[int(begin * SAMPLE_RATE) : int(end * SAMPLE_RATE)]
        return float(np.abs(part).max()), int(np.argmax(np.abs(np.fft.rfft(part)))) / (end - begin)

    for begin, end, pitch in ((0.1, 0.4, 500), (1.6, 1.9, 1000)):
        peak, measured = peak_and_pitch(begin, end)
        assert peak == pytest.approx(8000, rel=0.05)
        assert measured == pytest.approx(pitch, abs=4)
    assert peak_and_pitch(0.6, 1.4)[0] == 0


def test_a_damaged_part_is_left_out(record: Callable[[list[EncodedFrame]], Path], frames: list[EncodedFrame]) -> None:
    path = record(frames)
    content = bytearray(path.read_bytes())
    for frame in frames:
        if frame.kind == "video" and frame.number in (15, 16):
            at = content.index(frame.data)
            content[at : at + 10] = b"\xff" * 10
    path.write_bytes(content)
    numbers = [picture.timestamp_ms for picture in FileSource(path).pictures()]
    assert 20 <= len(numbers) < 30


def test_a_file_cut_short_plays_up_to_there(
    record: Callable[[list[EncodedFrame]], Path], frames: list[EncodedFrame]
) -> None:
    path = record(frames)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    assert 10 <= len(list(FileSource(path).pictures())) < 30


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("none.mp4", None, "cannot be read: No such file or directory."),
        (".", None, "cannot be read: Is a directory."),
        ("empty.webm", b"", "is not a media file that can be played."),
        ("noise.mp4", bytes(range(256)) * 40, "is not a media file that can be played."),
        ("words.txt", b"To be, or not to be.\n" * 40, "is not a media file that can be played."),
        ("subtitles.srt", b"1\n00:00:00,000 --> 00:00:01,000\nHello\n", "has neither video nor sound."),
    ],
)
def test_what_is_no_media_is_refused_in_one_sentence(
    tmp_path: Path, name: str, content: bytes | None, reason: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(MediaError) as refused:
        FileSource(path)
    assert str(refused.value) == f"{path} {reason}"


@pytest.mark.parametrize("form", ["{}", "#EXTM3U\n#EXTINF:5,\n{}\n#EXT-X-ENDLIST\n", "ffconcat version 1.0\nfile {}\n"])
def test_nothing_makes_the_client_open_a_network_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/x.ts"
        path = address
        if form != "{}":
            path = "list.m3u8"
            Path(path).write_text(form.format(address))
        with pytest.raises(MediaError):
            FileSource(path)
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_a_file_whose_pictures_are_all_damaged_is_refused_while_played(
    tmp_path: Path, frames: list[EncodedFrame]
) -> None:
    video = [frame for frame in frames if frame.kind == "video"]
    path = tmp_path / "bad.webm"
    with Recorder(path, expected=["video"]) as recorder:
        for frame in video:
            recorder.write(frame)
    content = path.read_bytes()
    for frame in video:
        content = content.replace(frame.data, b"\xff" * len(frame.data))
    path.write_bytes(content)
    with pytest.raises(MediaError, match=r"bad\.webm"):
        list(FileSource(path).pictures())
