"""Frames into datagrams."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incamera.tcc.media import EncodedFrame, MediaError, fragment
from incamera.wire.limits import MEDIA_DATAGRAM_BYTES
from incamera.wire.media import HEADER_SIZE, MAX_FRAGMENTS, MAX_FRAME_BYTES, MediaHeader


def frame(data: bytes, *, key: bool = False, discardable: bool = False) -> EncodedFrame:
    return EncodedFrame("video", data, key, timestamp_ms=400, number=6, discardable=discardable)


@settings(deadline=None)
@given(st.binary(min_size=1, max_size=5000), st.integers(HEADER_SIZE + 5, 1200), st.booleans(), st.booleans())
def test_the_datagrams_hold_the_frame_in_order_and_none_is_too_large(
    data: bytes, max_datagram: int, key: bool, discardable: bool
) -> None:
    datagrams = fragment(frame(data, key=key, discardable=discardable), 3, max_datagram)
    assert all(HEADER_SIZE < len(datagram) <= max_datagram for datagram in datagrams)
    parsed = [MediaHeader.parse(datagram) for datagram in datagrams]
    assert b"".join(payload for _, payload in parsed) == data
    assert [header for header, _ in parsed] == [
        MediaHeader(3, 6, index, len(datagrams), 400, key, discardable) for index in range(len(datagrams))
    ]


@pytest.mark.parametrize(
    ("size", "max_datagram"),
    [
        (0, MEDIA_DATAGRAM_BYTES),
        (MAX_FRAME_BYTES + 1, MEDIA_DATAGRAM_BYTES),
        (MAX_FRAGMENTS * 100 + 1, HEADER_SIZE + 100),
    ],
)
def test_a_frame_that_the_wire_cannot_carry_is_refused(size: int, max_datagram: int) -> None:
    with pytest.raises(MediaError, match=f"^A video frame of {size} bytes cannot be sent in datagrams of"):
        fragment(frame(bytes(size)), 3, max_datagram)


def test_the_largest_frames_are_not_refused() -> None:
    assert len(fragment(frame(bytes(MAX_FRAGMENTS * 100)), 3, HEADER_SIZE + 100)) == MAX_FRAGMENTS
    assert len(fragment(frame(bytes(MAX_FRAME_BYTES)), 3, MEDIA_DATAGRAM_BYTES)) <= MAX_FRAGMENTS


def test_a_datagram_without_room_is_the_callers_mistake() -> None:
    with pytest.raises(ValueError, match="no room for a payload"):
        fragment(frame(b"x"), 3, HEADER_SIZE)
