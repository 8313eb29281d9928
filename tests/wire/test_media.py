"""The media header: what is packed is parsed, and anything else is refused with one reason."""

from __future__ import annotations

import contextlib
import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incamera.wire.media import HEADER_SIZE, MAX_FRAGMENTS, MalformedMedia, MediaHeader

U4 = st.integers(0, 0xF)
U16 = st.integers(0, 0xFFFF)
U32 = st.integers(0, 0xFFFF_FFFF)


@st.composite
def headers(draw: st.DrawFn) -> MediaHeader:
    fragments = draw(st.integers(1, MAX_FRAGMENTS))
    return MediaHeader(
        track=draw(U16),
        frame=draw(U32),
        fragment=draw(st.integers(0, fragments - 1)),
        fragments=fragments,
        timestamp_ms=draw(U32),
        key=draw(st.booleans()),
        discardable=draw(st.booleans()),
        spatial=draw(U4),
        temporal=draw(U4),
    )


# Every field differs from every other, so that no two can be swapped unseen.
EXAMPLE = MediaHeader(
    track=0x0102,
    frame=0x03040506,
    fragment=0x0007,
    fragments=0x0208,
    timestamp_ms=0x090A0B0C,
    key=True,
    spatial=1,
    temporal=2,
)
EXAMPLE_BYTES = bytes.fromhex("11 12 0102 03040506 0007 0208 090a0b0c")


def with_fragment(hexadecimal: str) -> bytes:
    """The example with other bytes 8 to 11."""
    return EXAMPLE_BYTES[:8] + bytes.fromhex(hexadecimal) + EXAMPLE_BYTES[12:]


def test_the_layout_is_the_documented_one() -> None:
    assert EXAMPLE.pack() == EXAMPLE_BYTES
    assert len(EXAMPLE_BYTES) == HEADER_SIZE
    header, payload = MediaHeader.parse(EXAMPLE_BYTES + b"picture")
    assert header == EXAMPLE
    assert bytes(payload) == b"picture"


@settings(deadline=None)
@given(headers(), st.binary(max_size=64))
def test_what_is_packed_is_parsed(header: MediaHeader, payload: bytes) -> None:
    for datagram in (header.pack() + payload, memoryview(header.pack() + payload)):
        parsed, rest = MediaHeader.parse(datagram)
        assert parsed == header
        assert rest == payload


@settings(deadline=None)
@given(st.binary(max_size=64))
def test_any_bytes_parse_to_themselves_or_are_refused(datagram: bytes) -> None:
    with contextlib.suppress(MalformedMedia):
        header, rest = MediaHeader.parse(datagram)
        assert header.pack() + bytes(rest) == datagram


@settings(deadline=None)
@given(st.sampled_from(range(HEADER_SIZE)), st.binary(min_size=1, max_size=1))
def test_a_header_with_one_byte_changed_parses_to_itself_or_is_refused(at: int, byte: bytes) -> None:
    datagram = EXAMPLE_BYTES[:at] + byte + EXAMPLE_BYTES[at + 1 :]
    with contextlib.suppress(MalformedMedia):
        header, _ = MediaHeader.parse(datagram)
        assert header.pack() == datagram


@pytest.mark.parametrize(
    ("datagram", "reason"),
    [
        (b"", "0 bytes are shorter than the header of 16"),
        (EXAMPLE_BYTES[:-1], "15 bytes are shorter than the header of 16"),
        (b"\x21" + EXAMPLE_BYTES[1:], "version 2 is not 1"),
        (b"\x01" + EXAMPLE_BYTES[1:], "version 0 is not 1"),
        (b"\x14" + EXAMPLE_BYTES[1:], "a reserved flag is set"),
        (b"\x18" + EXAMPLE_BYTES[1:], "a reserved flag is set"),
        (with_fragment("0208 0208"), "fragment 520 of 520 does not exist"),
        (with_fragment("0000 0000"), "the fragment count is 0, not 1 to 1024"),
        (with_fragment("0000 0401"), "the fragment count is 1025, not 1 to 1024"),
    ],
)
def test_each_malformation_has_its_reason(datagram: bytes, reason: str) -> None:
    with pytest.raises(MalformedMedia) as refused:
        MediaHeader.parse(datagram)
    assert str(refused.value) == reason


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("track", 1 << 16),
        ("track", -1),
        ("frame", 1 << 32),
        ("timestamp_ms", 1 << 32),
        ("timestamp_ms", -1),
        ("spatial", 16),
        ("temporal", -1),
        ("fragment", -1),
    ],
)
def test_a_header_that_cannot_be_packed_cannot_be_made(field: str, value: int) -> None:
    with pytest.raises(MalformedMedia):
        dataclasses.replace(EXAMPLE, **{field: value})  # type: ignore[arg-type]  # the field's name is a parameter
