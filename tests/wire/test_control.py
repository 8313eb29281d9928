"""The control stream's framing: whatever way the bytes are cut, the same messages; malformed ones are refused."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incamera.wire import limits
from incamera.wire.control import (
    FROM_CLIENT,
    FROM_SERVER,
    Challenge,
    Deframer,
    EnterRoom,
    LeaveRoom,
    MalformedControl,
    Say,
    decode_bytes,
    encode,
    encode_bytes,
    proof_text,
)

TOKEN = "t" * 43
MESSAGES = (EnterRoom(token=TOKEN, proof="p" * 86), Say(text="Grüß Gott"), LeaveRoom())


@given(st.lists(st.sampled_from(MESSAGES), max_size=6), st.data())
def test_bytes_may_be_cut_anywhere(messages: list[EnterRoom | Say | LeaveRoom], data: st.DataObject) -> None:
    stream = b"".join(encode(message) for message in messages)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    deframer = Deframer(FROM_CLIENT)
    received: list[object] = []
    for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        received += deframer.feed(stream[begin:end])
    assert received == messages


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_messages_or_malformed(data: bytes) -> None:
    deframer = Deframer(FROM_CLIENT)
    try:
        assert all(message.type for message in deframer.feed(data))
    except MalformedControl as error:
        assert str(error)  # noqa: PT017 - either outcome is right; what must not happen is another exception


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{}", "type"),
        (b'{"type":"nonsense"}', "nonsense"),
        (b'{"type":"say"}', "text"),
        (b'{"type":"say","text":""}', "text"),
        (b'{"type":"leave-room","extra":1}', "extra"),
        (b"\xff", "JSON"),
    ],
)
def test_a_malformed_message_says_what_is_wrong(body: bytes, reason: str) -> None:
    with pytest.raises(MalformedControl, match=reason):
        list(Deframer(FROM_CLIENT).feed(struct.pack("!I", len(body)) + body))


def test_a_message_that_is_too_long_is_refused_before_it_is_read() -> None:
    with pytest.raises(MalformedControl, match=str(limits.CONTROL_MESSAGE_BYTES)):
        list(Deframer(FROM_CLIENT).feed(struct.pack("!I", limits.CONTROL_MESSAGE_BYTES + 1)))


def test_each_direction_has_its_own_messages() -> None:
    with pytest.raises(MalformedControl):
        list(Deframer(FROM_SERVER).feed(encode(Say(text="hello"))))
    assert list(Deframer(FROM_SERVER).feed(encode(Challenge(nonce=TOKEN)))) == [Challenge(nonce=TOKEN)]


def test_what_is_signed_binds_meeting_ticket_and_challenge() -> None:
    texts = {proof_text(m, t, n) for m in ("m1", "m2") for t in ("t1", "t2") for n in ("n1", "n2")}
    assert len(texts) == 8
    assert all(b"t1" not in text for text in texts)


@given(st.binary(max_size=80))
def test_base64url_round_trip(raw: bytes) -> None:
    assert decode_bytes(encode_bytes(raw)) == raw


@pytest.mark.parametrize(
    "body",
    [
        b'{"type": "hello", "version": true}',
        b'{"type": "offer-track", "kind": "audio", "codec": "vp8"}',
        b'{"type": "offer-track", "kind": "video", "codec": "opus"}',
        b'{"type": "offer-track", "kind": "video", "codec": "vp8", "width": "12", "height": 12}',
    ],
)
def test_what_is_only_nearly_a_message(body: bytes) -> None:
    with pytest.raises(MalformedControl):
        list(Deframer(FROM_CLIENT).feed(len(body).to_bytes(4, "big") + body))
