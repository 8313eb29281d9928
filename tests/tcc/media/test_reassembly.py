"""Datagrams back into frames, whatever the network does to them."""

from __future__ import annotations

import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from incamera.tcc.media import EncodedFrame, Kind, Reassembler, fragment
from incamera.tcc.media.reassembly import MAX_PENDING_BYTES, MAX_PENDING_FRAMES
from incamera.wire.media import MAX_FRAGMENTS, MAX_FRAME_BYTES, MediaHeader

WRAP = 1 << 32
MAX_DATAGRAM = 116  # 100 bytes of payload


def clip(kind: Kind = "video", *, first: int = 0, count: int = 12, pieces: int = 3, gop: int = 5) -> list[EncodedFrame]:
    return [
        EncodedFrame(
            kind,
            data=bytes([index]) * (100 * pieces - 1),
            key=kind == "audio" or index % gop == 0,
            timestamp_ms=index * 66,
            number=(first + index) % WRAP,
        )
        for index in range(count)
    ]


def cut(frames: list[EncodedFrame]) -> list[bytes]:
    return [datagram for frame in frames for datagram in fragment(frame, 1, MAX_DATAGRAM)]


def receive(reassembler: Reassembler, datagrams: list[bytes]) -> list[EncodedFrame]:
    return [frame for datagram in datagrams for frame in reassembler.push(*MediaHeader.parse(datagram))]


@pytest.mark.parametrize("first", [0, 41, WRAP - 4])
@pytest.mark.parametrize("kind", ["video", "audio"])
def test_an_undisturbed_track_arrives_frame_by_frame(kind: Kind, first: int) -> None:
    reassembler = Reassembler(kind)
    for frame in clip(kind, first=first):
        *early, last = cut([frame])
        assert receive(reassembler, early) == []
        assert receive(reassembler, [last]) == [frame]
    assert reassembler.flush() == []
    assert (reassembler.counts.delivered, reassembler.counts.lost) == (12, 0)


@settings(deadline=None)
@given(st.randoms(use_true_random=False), st.sampled_from([0, WRAP - 5]))
def test_fragments_overtaking_each_other_within_three_frames_change_nothing(dice: random.Random, first: int) -> None:
    frames = clip(first=first, pieces=2)
    datagrams = cut(frames)
    # Sorting by a jittered position moves a datagram past at most five others: not past three whole frames.
    position = {datagram: index + dice.uniform(0, 5) for index, datagram in enumerate(datagrams)}
    reassembler = Reassembler("video")
    assert receive(reassembler, sorted(datagrams, key=position.__getitem__)) + reassembler.flush() == frames


@settings(deadline=None, max_examples=40)
@given(
    st.randoms(use_true_random=False),
    st.floats(0, 0.5),
    st.floats(0, 0.3),
    st.sampled_from(["video", "audio"]),
    st.sampled_from([0, WRAP - 9]),
)
def test_a_bad_network_loses_frames_but_never_order_content_or_count(
    dice: random.Random, loss: float, repeat: float, kind: Kind, first: int
) -> None:
    frames = clip(kind, first=first, count=30)
    datagrams = [
        datagram for datagram in cut(frames) for _ in range((dice.random() >= loss) + (dice.random() < repeat))
    ]
    position = [index + dice.uniform(0, 12) for index in range(len(datagrams))]
    datagrams = [datagram for _, datagram in sorted(zip(position, datagrams, strict=True))]
    reassembler = Reassembler(kind)
    received = receive(reassembler, datagrams) + reassembler.flush()

    index_of = {frame.number: index for index, frame in enumerate(frames)}
    order = [index_of[frame.number] for frame in received]
    assert order == sorted(set(order))
    assert all(got.data == frames[index].data for got, index in zip(received, order, strict=True))
    for got, index in zip(received, order, strict=True):
        needed = range(index - index % 5, index + 1)  # from the last key frame on
        assert got.decodable == (kind == "audio" or set(needed) <= set(order))
    assert reassembler.counts.delivered == len(received)
    assert len(received) + reassembler.counts.lost <= len(frames)


def test_a_missing_frame_holds_back_only_as_many_as_patience_says() -> None:
    frames = clip(pieces=1)
    reassembler = Reassembler("video", patience=2)
    assert receive(reassembler, cut(frames[:1] + frames[2:4])) == frames[:1]
    assert [frame.number for frame in receive(reassembler, cut(frames[4:5]))] == [2, 3, 4]
    assert reassembler.counts.lost == 1


def test_an_incomplete_frame_is_given_up_and_its_rest_is_late() -> None:
    frames = clip(pieces=2)
    datagrams = cut(frames)
    reassembler = Reassembler("video", patience=1)
    received = receive(reassembler, datagrams[:2] + datagrams[3:])  # one half of frame 1 is missing
    assert [frame.number for frame in received] == [0, *range(2, 12)]
    assert receive(reassembler, [datagrams[2]]) == []
    assert (reassembler.counts.lost, reassembler.counts.late) == (1, 1)


def test_after_a_loss_video_is_undecodable_until_the_next_key_frame() -> None:
    frames = clip(pieces=1)
    reassembler = Reassembler("video", patience=0)
    assert reassembler.needs_key_frame
    receive(reassembler, cut(frames[:1]))
    assert not reassembler.needs_key_frame
    received = receive(reassembler, cut(frames[2:5]))
    assert [frame.decodable for frame in received] == [False, False, False]
    assert reassembler.needs_key_frame
    assert all(frame.decodable for frame in receive(reassembler, cut(frames[5:])))


def test_who_joins_between_key_frames_is_told_what_cannot_be_decoded() -> None:
    reassembler = Reassembler("video")
    received = receive(reassembler, cut(clip()[3:]))
    assert [frame.decodable for frame in received] == [False, False] + [True] * 7
    assert reassembler.counts.lost == 0


def test_a_key_frame_overtaken_at_the_very_beginning_is_still_the_first() -> None:
    key, *others = clip(pieces=1)
    reassembler = Reassembler("video")
    assert receive(reassembler, cut(others[:2])) == []
    assert receive(reassembler, cut([key])) == [key, *others[:2]]


def test_losing_audio_makes_no_other_audio_undecodable() -> None:
    frames = clip("audio", pieces=1)
    reassembler = Reassembler("audio", patience=0)
    assert all(frame.decodable for frame in receive(reassembler, cut(frames[:3] + frames[5:])))
    assert reassembler.counts.lost == 2


def test_losing_a_frame_known_to_be_discardable_breaks_nothing() -> None:
    key, plain, after = clip(pieces=2, count=3)
    spare = EncodedFrame("video", plain.data, False, plain.timestamp_ms, plain.number, discardable=True)
    reassembler = Reassembler("video", patience=0)
    received = receive(reassembler, cut([key, spare])[:-1] + cut([after]))
    assert received == [key, after]
    assert reassembler.counts.lost == 1


def test_repeated_datagrams_are_counted_and_change_nothing() -> None:
    frames = clip(count=4)
    datagrams = cut(frames)
    reassembler = Reassembler("video")
    assert receive(reassembler, [datagram for datagram in datagrams for _ in "12"]) == frames
    assert (reassembler.counts.duplicate, reassembler.counts.late) == (len(datagrams), 0)


def test_a_fragment_that_contradicts_its_frame_is_left_out() -> None:
    reassembler = Reassembler("video")
    first = MediaHeader(track=1, frame=0, fragment=0, fragments=2, timestamp_ms=0, key=True)
    assert reassembler.push(first, b"a") == []
    for other in (
        MediaHeader(track=1, frame=0, fragment=1, fragments=3, timestamp_ms=0, key=True),
        MediaHeader(track=1, frame=0, fragment=1, fragments=2, timestamp_ms=5, key=True),
        MediaHeader(track=1, frame=0, fragment=1, fragments=2, timestamp_ms=0, key=False),
    ):
        assert reassembler.push(other, b"x") == []
    rest = MediaHeader(track=1, frame=0, fragment=1, fragments=2, timestamp_ms=0, key=True)
    assert reassembler.push(rest, b"") == []
    assert reassembler.counts.contradictory == 4
    assert [frame.data for frame in reassembler.push(rest, b"b")] == [b"ab"]


def test_no_more_than_the_bound_of_frames_waits() -> None:
    reassembler = Reassembler("video")
    extra = 10
    for number in range(MAX_PENDING_FRAMES + extra):
        reassembler.push(MediaHeader(1, number, 0, 2, 0, key=True), b"half")
    assert reassembler.counts.lost == extra


def test_no_more_than_the_bound_of_bytes_waits() -> None:
    reassembler = Reassembler("video")
    whole = MAX_PENDING_BYTES // MAX_FRAME_BYTES
    for number in range(whole + 1):
        reassembler.push(MediaHeader(1, number, 0, 2, 0, key=True), bytes(MAX_FRAME_BYTES))
    assert reassembler.counts.lost == 1


def test_no_frame_grows_beyond_the_largest() -> None:
    reassembler = Reassembler("video")
    reassembler.push(MediaHeader(1, 0, 0, 3, 0, key=True), bytes(MAX_FRAME_BYTES - 1))
    reassembler.push(MediaHeader(1, 0, 1, 3, 0, key=True), b"xx")
    assert reassembler.counts.contradictory == 1


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([0, 1, 2, 3, 70, WRAP // 2 - 1, WRAP // 2, WRAP // 2 + 1, WRAP - 70, WRAP - 2, WRAP - 1]),
            st.integers(0, 1),
            st.sampled_from([2, 3, MAX_FRAGMENTS]),
            st.booleans(),
            st.binary(max_size=2),
        ),
        max_size=60,
    )
)
@example([(0, 0, 2, False, b"x"), (WRAP // 2 - 1, 0, 2, False, b"x"), (WRAP - 2, 0, 2, False, b"x")])
def test_no_sequence_of_headers_upsets_it(told: list[tuple[int, int, int, bool, bytes]]) -> None:
    reassembler = Reassembler("video", patience=1)
    delivered: list[EncodedFrame] = []
    for number, index, fragments, key, payload in told:
        delivered += reassembler.push(MediaHeader(1, number, index, fragments, 0, key=key), payload)
    delivered += reassembler.flush()
    counts = reassembler.counts
    assert counts.delivered == len(delivered)
    assert min(counts.lost, counts.late, counts.duplicate, counts.contradictory) >= 0
    assert reassembler.flush() == []
