"""The capsule parser (RFC 9297 section 3.2)."""

import itertools

import pytest
from aioquic.buffer import encode_uint_var
from hypothesis import given
from hypothesis import strategies as st

from incamera.transport.capsule import CapsuleError, CapsuleParser, Close, Drain, encode_close

GREASE = encode_uint_var(0x29 * 7 + 0x17) + encode_uint_var(3) + b"abc"
DRAIN = bytes.fromhex("800078ae00")


def test_a_close_capsule_is_encoded_as_browsers_send_it() -> None:
    assert encode_close(7, "done").hex() == "6843" + "08" + "00000007" + b"done".hex()


@given(code=st.integers(0, 2**32 - 1), reason=st.text(max_size=200), cuts=st.lists(st.integers(0, 400), max_size=5))
def test_capsules_survive_any_fragmentation_with_grease_before_them(code: int, reason: str, cuts: list[int]) -> None:
    data = GREASE + DRAIN + encode_close(code, reason)
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    parser = CapsuleParser()
    seen = [capsule for begin, end in itertools.pairwise(edges) for capsule in parser.feed(data[begin:end])]
    parser.finish()
    assert seen == [Drain(), Close(code, reason)]


def test_an_unknown_capsule_is_not_kept_however_long_it_is() -> None:
    parser = CapsuleParser()
    assert list(parser.feed(encode_uint_var(0x1234) + encode_uint_var(1 << 40))) == []
    for _ in range(100):
        assert list(parser.feed(bytes(10_000))) == []
    assert len(parser._rest) == 0


def test_a_long_reason_is_cut_at_a_character() -> None:
    (close,) = CapsuleParser().feed(encode_close(0, "é" * 1000))
    assert close == Close(0, "é" * 512)


@pytest.mark.parametrize(
    "data",
    [
        bytes.fromhex("6843") + b"\x03abc",
        bytes.fromhex("6843") + encode_uint_var(5000),
        bytes.fromhex("6843") + b"\x05\x00\x00\x00\x00\xff",
        bytes.fromhex("800078ae") + b"\x01x",
    ],
    ids=["no code", "too long", "not UTF-8", "drain with content"],
)
def test_malformed_capsules_are_refused(data: bytes) -> None:
    with pytest.raises(CapsuleError):
        list(CapsuleParser().feed(data))


def test_the_end_within_a_capsule_is_refused() -> None:
    parser = CapsuleParser()
    list(parser.feed(encode_close(1, "x")[:-1]))
    with pytest.raises(CapsuleError):
        parser.finish()


@pytest.mark.parametrize("code", [-1, 1 << 32])
def test_a_code_has_32_bits(code: int) -> None:
    with pytest.raises(ValueError, match="32 bits"):
        encode_close(code, "")
