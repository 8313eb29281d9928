"""Playing in real time, in a clock that does not wait."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

import pytest
import trio
from trio.testing import MockClock

from incamera.tcc.media import EncodedFrame, fragment, play
from incamera.tcc.media.pacing import SPACING_S
from incamera.wire.media import MediaHeader


async def test_each_frame_leaves_at_its_time_in_spaced_fragments(
    frames: list[EncodedFrame], autojump_clock: MockClock
) -> None:
    await trio.sleep(3)
    began = trio.current_time()
    sent: list[tuple[float, bytes]] = []
    count = await play(
        frames,
        lambda datagram: sent.append((trio.current_time() - began, datagram)),
        tracks={"video": 1, "audio": 2},
        max_datagram=400,
    )
    assert count == len(sent)
    assert [datagram for _, datagram in sent] == [
        datagram for frame in frames for datagram in fragment(frame, {"video": 1, "audio": 2}[frame.kind], 400)
    ]
    times: dict[tuple[int, int], list[float]] = defaultdict(list)
    for at, datagram in sent:
        header, _ = MediaHeader.parse(datagram)
        times[header.track, header.frame].append(at - header.timestamp_ms / 1000)
    assert max(len(late) for late in times.values()) > 3
    for late in times.values():
        assert -1e-9 < late[0] < 0.02  # at most another frame's fragments later
        assert [b - a for a, b in pairwise(late)] == pytest.approx([SPACING_S] * (len(late) - 1))


async def test_a_kind_without_a_track_is_not_sent(frames: list[EncodedFrame], autojump_clock: MockClock) -> None:
    sent: list[bytes] = []
    await play(frames, sent.append, tracks={"audio": 2})
    assert {MediaHeader.parse(datagram)[0].track for datagram in sent} == {2}
    assert len(sent) == sum(frame.kind == "audio" for frame in frames)
