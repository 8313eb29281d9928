"""Recordings: playable, complete, and honest about a disk that is full."""

from __future__ import annotations

import gc
import shutil
from dataclasses import replace
from pathlib import Path

import av
import pytest

from incamera.tcc.media import EncodedFrame, Kind, Recorder, RecordingError

PLAYED: dict[Kind, str] = {"video": "vp8", "audio": "opus"}


def of(kind: Kind, frames: list[EncodedFrame]) -> list[EncodedFrame]:
    return [frame for frame in frames if frame.kind == kind]


def packets(path: Path) -> dict[str, list[tuple[int, bytes, bool]]]:
    """Time in milliseconds, content and key flag of each packet, by codec, as an independent demuxer reads them."""
    found: dict[str, list[tuple[int, bytes, bool]]] = {}
    with av.open(path, "r") as container:
        for packet in container.demux():
            if packet.pts is not None:
                time_ms = round(packet.pts * packet.time_base * 1000)
                found.setdefault(packet.stream.codec_context.name, []).append(
                    (time_ms, bytes(packet), packet.is_keyframe)
                )
    return found


def as_packets(frames: list[EncodedFrame]) -> list[tuple[int, bytes, bool]]:
    return [(frame.timestamp_ms, frame.data, frame.key) for frame in frames]


def test_every_frame_is_in_the_file_unchanged_at_its_time(tmp_path: Path, frames: list[EncodedFrame]) -> None:
    path = tmp_path / "both.webm"
    with Recorder(path) as recorder:
        for frame in frames:
            recorder.write(frame)
    assert packets(path) == {PLAYED[kind]: as_packets(of(kind, frames)) for kind in PLAYED}
    assert recorder.written == {"video": 30, "audio": 101}
    assert recorder.skipped == {"video": 0, "audio": 0}
    with av.open(path) as container:
        assert container.format.name == "matroska,webm"
        assert container.duration == pytest.approx(2.02 * av.time_base, abs=0.03 * av.time_base)
        assert (container.streams.video[0].width, container.streams.video[0].height) == (160, 120)
        assert [frame.pts for frame in container.decode(video=0)] == [f.timestamp_ms for f in of("video", frames)]


@pytest.mark.parametrize("kind", ["video", "audio"])
@pytest.mark.parametrize("announced", [True, False])
def test_one_track_alone_is_recorded_whether_or_not_the_other_was_expected(
    tmp_path: Path, frames: list[EncodedFrame], kind: Kind, announced: bool
) -> None:
    path = tmp_path / "one.webm"
    with Recorder(path, expected=[kind] if announced else list(PLAYED)) as recorder:
        for frame in of(kind, frames):
            recorder.write(frame)
    assert packets(path) == {PLAYED[kind]: as_packets(of(kind, frames))}


def test_a_track_that_begins_late_is_recorded_and_one_that_begins_too_late_is_counted(
    tmp_path: Path, frames: list[EncodedFrame]
) -> None:
    late = [replace(frame, timestamp_ms=frame.timestamp_ms + 1500) for frame in of("audio", frames)]
    too_late = [replace(frame, timestamp_ms=frame.timestamp_ms + 2500) for frame in of("audio", frames)]
    longer = [
        replace(frame, timestamp_ms=frame.timestamp_ms + second * 2000)
        for second in (0, 1)
        for frame in of("video", frames)
    ]
    for audio, name in ((late, "late.webm"), (too_late, "too-late.webm")):
        with Recorder(tmp_path / name) as recorder:
            for frame in sorted([*longer, *audio], key=lambda frame: frame.timestamp_ms):
                recorder.write(frame)
        assert packets(tmp_path / name)["vp8"] == as_packets(longer)
        if audio is late:
            assert packets(tmp_path / name)["opus"] == as_packets(late)
        else:
            assert recorder.skipped["audio"] == 101
            assert "opus" not in packets(tmp_path / name)


def test_video_starts_at_its_first_key_frame_and_leaves_out_what_cannot_be_played(
    tmp_path: Path, frames: list[EncodedFrame]
) -> None:
    video = of("video", frames)
    damaged = replace(video[0], data=b"\0\0\0not a key frame", timestamp_ms=0)
    undecodable = [replace(frame, decodable=False) for frame in video[20:23]]
    given = [damaged, *video[1:20], *undecodable, replace(video[23], data=b""), video[19], *video[24:]]
    path = tmp_path / "video.webm"
    with Recorder(path, expected=["video"]) as recorder:
        for frame in given:
            recorder.write(frame)
    assert [frame.number for frame in video if frame.key] == [0, 15]
    assert packets(path) == {"vp8": as_packets(video[15:20] + video[24:])}
    assert recorder.skipped["video"] == 1 + 14 + 3 + 1 + 1


@pytest.mark.parametrize("kinds", [["video", "audio"], ["video"], ["audio"]])
def test_what_was_written_plays_though_the_recorder_never_came_to_close(
    tmp_path: Path, frames: list[EncodedFrame], kinds: list[Kind]
) -> None:
    with Recorder(tmp_path / "cut.webm", expected=kinds) as recorder:
        for frame in frames:
            if frame.kind in kinds:
                recorder.write(frame)
        shutil.copy(recorder.path, tmp_path / "crash.webm")
    played = packets(tmp_path / "crash.webm")
    for kind in kinds:
        found = played[PLAYED[kind]]
        assert found == as_packets(of(kind, frames))[: len(found)]
        assert found[-1][0] >= 900


def test_a_participant_who_falls_silent_does_not_hold_back_the_picture(
    tmp_path: Path, frames: list[EncodedFrame]
) -> None:
    longer = [
        replace(frame, timestamp_ms=frame.timestamp_ms + second * 2000)
        for second in (0, 1)
        for frame in of("video", frames)
    ]
    with Recorder(tmp_path / "cut.webm") as recorder:
        for frame in [of("audio", frames)[0], *longer]:
            recorder.write(frame)
        shutil.copy(recorder.path, tmp_path / "crash.webm")
    assert packets(tmp_path / "crash.webm")["vp8"][-1][0] >= 1900


def test_nothing_received_leaves_no_file(tmp_path: Path) -> None:
    with Recorder(tmp_path / "none.webm"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_device_is_never_removed(tmp_path: Path) -> None:
    link = tmp_path / "nowhere.webm"
    link.symlink_to("/dev/null")
    with Recorder(link, overwrite=True):
        pass
    assert link.is_symlink()


def test_an_existing_file_is_not_overwritten_unasked(tmp_path: Path, frames: list[EncodedFrame]) -> None:
    path = tmp_path / "dear.webm"
    path.write_bytes(b"dear")
    with pytest.raises(RecordingError, match=r"^The recording .*dear\.webm exists already\.$"):
        Recorder(path)
    assert path.read_bytes() == b"dear"
    with Recorder(path, overwrite=True) as recorder:
        for frame in frames:
            recorder.write(frame)
    assert packets(path)["vp8"]


@pytest.mark.parametrize(
    ("path", "reason"),
    [("missing/x.webm", "No such file or directory"), ("", "Is a directory"), ("file/x.webm", "Not a directory")],
)
def test_a_path_that_cannot_be_written_is_refused_at_once(tmp_path: Path, path: str, reason: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RecordingError, match=rf"^The recording .* cannot be written: {reason}\.$"):
        Recorder(tmp_path / path, overwrite=True)


def test_a_full_disk_is_one_clear_sentence_and_ends_the_recording(frames: list[EncodedFrame]) -> None:
    def write_all(recorder: Recorder) -> None:
        for frame in frames:
            recorder.write(frame)

    recorder = Recorder("/dev/full", overwrite=True)
    with pytest.raises(RecordingError, match=r"^The recording /dev/full cannot be written: No space left on device\.$"):
        write_all(recorder)
    with pytest.raises(RecordingError, match="closed"):
        recorder.write(frames[-1])
    recorder.close()
    del recorder
    gc.collect()  # what the library does when it lets go must not fail either


def test_a_disk_that_is_full_only_at_the_end_is_told_by_close(frames: list[EncodedFrame]) -> None:
    recorder = Recorder("/dev/full", overwrite=True)
    recorder.write(frames[0])  # waits for the other track: nothing is written yet
    with pytest.raises(RecordingError, match="No space left on device"):
        recorder.close()
    recorder.close()
