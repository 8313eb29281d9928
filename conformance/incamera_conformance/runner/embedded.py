"""A server of one's own: `incamera serve` as a process on loopback, with a data folder that is gone afterwards."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import trio

from ..errors import ConformanceError
from .target import Target, parse_target

START_S: Final = 30.0
STOP_S: Final = 10.0
SERVING: Final = "serving.json"
CA: Final = Path("pki") / "ca.pem"


class ServerFailedError(ConformanceError):
    """The embedded server did not start; the message is what it said."""


@asynccontextmanager
async def embedded() -> AsyncIterator[Target]:
    """Where a fresh server answers while the context lasts. Raises `ServerFailedError`."""
    with TemporaryDirectory(prefix="incamera-conformance-") as name:
        folder = Path(name)
        command = [sys.executable, "-m", "incamera", "serve", "--testability", "--quiet"]
        command += ["--data", str(folder), "--host", "127.0.0.1", "--port", "0"]
        with (folder / "server.log").open("wb") as said:
            process = await trio.lowlevel.open_process(
                command, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT
            )
        try:
            yield await _started(process, folder)
        finally:
            with trio.CancelScope(shield=True):
                await _stop(process)


async def _started(process: trio.Process, folder: Path) -> Target:
    with trio.move_on_after(START_S):
        while process.poll() is None:
            if (folder / SERVING).exists():
                url = json.loads((folder / SERVING).read_text(encoding="utf-8"))["url"]
                return parse_target(url.replace("localhost", "127.0.0.1"), folder / CA)
            await trio.sleep(0.02)
    said = (folder / "server.log").read_text(encoding="utf-8", errors="replace").strip().splitlines()
    raise ServerFailedError(f"the server did not start: {said[-1] if said else 'it said nothing'}")


async def _stop(process: trio.Process) -> None:
    if process.poll() is None:
        process.terminate()
        with trio.move_on_after(STOP_S):
            await process.wait()
    if process.poll() is None:
        process.kill()
        await process.wait()
