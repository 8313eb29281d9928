"""Chromium takes part in a meeting: it takes a ticket, enters the room, and speaks and listens there.

What it does is written by the protocol document, without a line of our client.
"""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
import trio

from incamera import server
from incamera.tcc.api import Api
from incamera.tcc.conference import Conference, TicketKey, enter
from incamera.tmms import create_account, generate_passphrase
from incamera.transport import Identity, Trust, connect
from incamera.wire.control import RosterChanged, Said, TrackOffered
from incamera.wire.media import MediaHeader

E = TypeVar("E", RosterChanged, TrackOffered, Said)

SCRIPT = """
async ({ meeting, session }) => {
  const text = new TextEncoder(), plain = new TextDecoder();
  const base64url = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

  const key = await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify']);
  const answer = await fetch(`/tmms/v1/meetings/${meeting}/take-ticket`, {
    method: 'POST',
    headers: { 'authorization': `Bearer ${session}`, 'content-type': 'application/json' },
    body: JSON.stringify({ key: base64url(await crypto.subtle.exportKey('raw', key.publicKey)) }),
  });
  const ticket = await answer.json();

  const room = new WebTransport(location.origin + ticket.path);
  await room.ready;
  const stream = await room.createBidirectionalStream();
  const writer = stream.writable.getWriter(), reader = stream.readable.getReader();
  const say = (message) => {
    const body = text.encode(JSON.stringify(message)), framed = new Uint8Array(4 + body.length);
    new DataView(framed.buffer).setUint32(0, body.length);
    framed.set(body, 4);
    return writer.write(framed);
  };
  let waiting = new Uint8Array(0);
  const hear = async (type) => {
    for (;;) {
      const length = waiting.length >= 4 ? new DataView(waiting.buffer, waiting.byteOffset).getUint32(0) : Infinity;
      if (waiting.length >= 4 + length) {
        const message = JSON.parse(plain.decode(waiting.subarray(4, 4 + length)));
        waiting = waiting.slice(4 + length);
        if (message.type === type) return message;
      } else {
        const { done, value } = await reader.read();
        if (done) throw new Error(`the stream ended before ${type}`);
        waiting = new Uint8Array([...waiting, ...value]);
      }
    }
  };

  await say({ type: 'hello', version: 1 });
  const { nonce } = await hear('challenge');
  const digest = await crypto.subtle.digest('SHA-256', text.encode(ticket.token));
  const hex = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
  const proof = text.encode(`in camera, room entry 1\\n${meeting}\\n${hex}\\n${nonce}`);
  const signature = await crypto.subtle.sign('Ed25519', key.privateKey, proof);
  await say({ type: 'enter-room', token: ticket.token, proof: base64url(signature) });
  const entered = await hear('entered');

  await say({ type: 'offer-track', kind: 'audio', codec: 'opus' });
  const { track } = await hear('track');
  const words = text.encode('sound from the browser'), datagram = new Uint8Array(16 + words.length);
  const header = new DataView(datagram.buffer);
  header.setUint8(0, 0x11); header.setUint16(2, track.track); header.setUint16(10, 1); header.setUint32(12, 40);
  datagram.set(words, 16);
  const out = (room.datagrams.createWritable?.() ?? room.datagrams.writable).getWriter();
  const sending = setInterval(() => out.write(datagram), 20);  // datagrams may be lost
  const arrived = (await room.datagrams.readable.getReader().read()).value;

  await say({ type: 'say', text: 'a line from the browser' });
  let said;
  do said = await hear('said'); while (said.seat === entered.seat);
  clearInterval(sending);
  await say({ type: 'leave-room' });
  const { closeCode, reason } = await room.closed;
  return {
    status: answer.status, roster: entered.roster.map(({ name }) => name).sort(), own: track.seat === entered.seat,
    arrived: Array.from(arrived), said: [said.name, said.text], closed: [closeCode, reason],
  };
}
"""


async def certificate(port: int) -> Identity:
    """The server's own, as it shows it to whoever connects."""
    pem = await trio.to_thread.run_sync(ssl.get_server_certificate, ("localhost", port))
    return Identity(pem.encode(), b"")


@pytest.mark.slow
async def test_a_browser_meets_somebody(tmp_path: Path, in_chromium: Callable[..., Awaitable[Any]]) -> None:
    passphrase = generate_passphrase()
    seen: dict[str, Any] = {}
    async with server.run(tmp_path / "deployment", port=0) as running, trio.open_nursery() as nursery:
        for name in ("olga", "paul"):
            await trio.to_thread.run_sync(create_account, running.journal, name, passphrase)
        async with connect("localhost", running.port, trust=Trust.authority(running.ca)) as connection:
            olga, paul = Api(connection), Api(connection)
            await olga.log_in("olga", passphrase)
            session = await paul.log_in("paul", passphrase)
            meeting = (await olga.schedule_meeting("Tea", ["paul"])).meeting
            await olga.open_meeting(meeting)
            await paul.knock(meeting)
            await olga.admit(meeting, session.account)

            async def browse() -> None:
                page = f"https://localhost:{running.port}/tmms/v1/openapi.json"
                argument = {"meeting": meeting, "session": session.token}
                seen.update(await in_chromium(await certificate(running.port), page, SCRIPT, argument))

            key = TicketKey.generate()
            with trio.fail_after(40):
                async with enter(connection, await olga.take_ticket(meeting, key.public), key) as room:
                    track = (await room.offer_track("audio", "opus")).track
                    datagram = MediaHeader(track, 0, 0, 1, 0, key=True).pack() + b"sound from Python"
                    nursery.start_soon(browse)
                    came = await event(room, RosterChanged)
                    offered = (await event(room, TrackOffered)).track
                    header, payload = MediaHeader.parse(await room.receive_datagram())
                    async with trio.open_nursery() as sending:
                        sending.start_soon(send_until_cancelled, room, datagram)
                        line = await event(room, Said)
                        sending.cancel_scope.cancel()
                    await room.say("a line from Python")
                    went = await event(room, RosterChanged)
        of_paul = [r.action for r in running.journal.records() if r.params.get("p") == session.account]

    assert seen == {
        "status": 201,
        "roster": ["olga", "paul"],
        "own": True,
        "arrived": list(datagram),
        "said": ["olga", "a line from Python"],
        "closed": [0, ""],
    }
    assert [(e.event, e.seat.name, e.seat.seat == offered.seat) for e in (came, went)] == [
        ("entered", "paul", True),
        ("left", "paul", True),
    ]
    assert (offered.kind, offered.codec) == ("audio", "opus")
    assert header == MediaHeader(offered.track, 0, 0, 1, timestamp_ms=40, key=True)
    assert bytes(payload) == b"sound from the browser"
    assert (line.name, line.text) == ("paul", "a line from the browser")
    assert of_paul[-4:] == ["TakeTicket", "Grant", "EnterRoom", "LeaveRoom"]


async def event(room: Conference, kind: type[E]) -> E:
    """The next event of this kind that is about somebody else."""
    async for told in room.events:
        if isinstance(told, kind) and room.seat not in told.model_dump_json():
            return told
    raise await room.wait_ended()


async def send_until_cancelled(room: Conference, datagram: bytes) -> None:
    """Send the datagram now and then: one may be lost."""
    while True:
        room.send_datagram(datagram)
        await trio.sleep(0.02)
