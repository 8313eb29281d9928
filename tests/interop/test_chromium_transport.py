"""Chromium opens WebTransport sessions to our server and uses all of them."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio
from fastapi import FastAPI, Response

from incamera.transport import Authority, Session, SessionClosed, serve

SCRIPT = """
async ({ url, hash }) => {
  const text = new TextEncoder(), plain = new TextDecoder(), seen = {};
  const all = async (readable) => {
    const reader = readable.getReader(); let got = '';
    for (;;) { const { done, value } = await reader.read(); if (done) return got; got += plain.decode(value); }
  };
  const next = async (readable) => (await readable.getReader().read()).value;
  const value = new Uint8Array(hash.match(/../g).map((byte) => parseInt(byte, 16)));
  const trust = { serverCertificateHashes: [{ algorithm: 'sha-256', value }] };
  const session = new WebTransport(url, trust);
  await session.ready;

  const datagrams = (session.datagrams.createWritable?.() ?? session.datagrams.writable).getWriter();
  await datagrams.write(text.encode('ping'));
  seen.datagram = plain.decode(await next(session.datagrams.readable));

  const stream = await session.createBidirectionalStream();
  const writer = stream.writable.getWriter();
  writer.write(new Uint8Array(100000).fill(97)); writer.close();
  seen.echoed = (await all(stream.readable)).length;

  const offered = await next(session.incomingBidirectionalStreams);
  const answer = offered.writable.getWriter();
  await answer.write(text.encode('from the browser')); await answer.close();
  seen.offered = await all(offered.readable);

  const out = (await session.createUnidirectionalStream()).getWriter();
  await out.write(text.encode('one way')); await out.close();
  seen.returned = await all(await next(session.incomingUnidirectionalStreams));

  const dismissed = new WebTransport(url + '?dismiss', trust);
  await dismissed.ready;
  seen.dismissed = await dismissed.closed.then(({ closeCode, reason }) => ({ closeCode, reason }));

  session.close({ closeCode: 7, reason: 'done' });
  await session.closed;
  return seen;
}
"""

app = FastAPI()


@app.get("/")
async def page() -> Response:
    return Response("<!doctype html><title>transport</title>", media_type="text/html")


@pytest.mark.slow
async def test_datagrams_streams_and_both_ways_of_closing(in_chromium: Callable[..., Awaitable[Any]]) -> None:
    heard: list[bytes] = []
    ended: list[SessionClosed] = []
    origins: list[str | None] = []

    async def serve_session(session: Session) -> None:
        origins.append(session.origin)
        if session.path.endswith("?dismiss"):
            await session.close(9, "go away")
            return
        session.send_datagram(b"pong, " + await session.receive_datagram())
        echo = await session.accept_stream()
        async for data in echo:
            await echo.send_all(data)
        await echo.aclose()
        offered = await session.open_stream()
        await offered.send_all(b"to the browser")
        await offered.send_eof()
        heard.append(b"".join([data async for data in offered]))
        incoming = await session.accept_uni_stream()
        back = await session.open_uni_stream()
        await back.send_all(b"back: " + b"".join([data async for data in incoming]))
        await back.aclose()
        ended.append(await session.wait_closed())

    identity = Authority.create("interop").issue()
    async with serve(app, serve_session, identity=identity, port=0) as server:
        url = f"https://localhost:{server.port}/"
        with trio.fail_after(30):
            seen = await in_chromium(identity, url, SCRIPT, {"url": url + "wt", "hash": identity.fingerprint})

    assert seen == {
        "datagram": "pong, ping",
        "echoed": 100_000,
        "offered": "to the browser",
        "returned": "back: one way",
        "dismissed": {"closeCode": 9, "reason": "go away"},
    }
    assert heard == [b"from the browser"]
    assert [(how.code, how.reason, how.clean) for how in ended] == [(7, "done", True)]
    assert origins == [url.rstrip("/")] * 2
