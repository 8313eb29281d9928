"""niquests, whose HTTP/3 is qh3's, uses our server as any other."""

from pathlib import Path
from typing import Any

import niquests
import trio
from fastapi import FastAPI, Request, Response

from incamera.transport import Authority, serve

BODY = bytes(range(256)) * 2000

app = FastAPI()


@app.get("/greet")
async def greet(request: Request) -> dict[str, str]:
    return {"http": request.scope["http_version"], "query": request.url.query}


@app.post("/echo")
async def echo(request: Request) -> Response:
    return Response(await request.body(), media_type="application/octet-stream")


async def test_get_and_post_over_http3(tmp_path: Path) -> None:
    authority = Authority.create("interop")
    ca_file = authority.save(tmp_path)

    def visit(port: int) -> list[tuple[Any, ...]]:
        here = ("localhost", port)
        with niquests.Session(quic_cache_layer={here: here}) as session:
            base = f"https://localhost:{port}"
            got = session.get(f"{base}/greet?x=1", verify=str(ca_file), timeout=10)
            posted = session.post(f"{base}/echo", data=BODY, verify=str(ca_file), timeout=10)
            return [(got.http_version, got.status_code, got.json()), (posted.http_version, posted.content == BODY)]

    async with serve(app, None, identity=authority.issue(), port=0) as server:
        with trio.fail_after(30):
            seen = await trio.to_thread.run_sync(visit, server.port)
    assert seen == [(30, 200, {"http": "3", "query": "x=1"}), (30, True)]


async def test_alt_svc_leads_from_tcp_to_http3(tmp_path: Path) -> None:
    authority = Authority.create("interop")
    ca_file = authority.save(tmp_path)

    def visit(port: int) -> list[Any]:
        with niquests.Session() as session:
            urls = [f"https://localhost:{port}/greet"] * 2
            return [session.get(url, verify=str(ca_file), timeout=10).json()["http"] for url in urls]

    async with serve(app, None, identity=authority.issue(), port=0) as server:
        with trio.fail_after(30):
            versions = await trio.to_thread.run_sync(visit, server.port)
    assert versions == ["1.1", "3"]
