"""Clients that nobody here wrote."""

import base64
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import trio
from playwright.sync_api import sync_playwright

from incamera.transport import Identity

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
)

InChromium = Callable[..., Awaitable[Any]]


@pytest.fixture
def in_chromium(tmp_path: Path) -> InChromium:
    """``await in_chromium(identity, url, script, argument)``: what an async function returns in a page.

    The browser trusts the server by its public key. ``url`` is a page of our own server, as browsers let no other
    reach it.
    """
    assert CHROMIUM.exists(), "this test needs Debian's chromium package"

    def run(identity: Identity, url: str, script: str, argument: object) -> Any:
        pin = base64.b64encode(bytes.fromhex(identity.key_fingerprint)).decode()
        with sync_playwright() as playwright:
            context = playwright.chromium.launch_persistent_context(
                tmp_path / "profile",
                executable_path=CHROMIUM,
                headless=True,
                bypass_csp=True,  # our pages connect to nothing
                args=[
                    *FLAGS,
                    f"--ignore-certificate-errors-spki-list={pin}",
                    # Over QUIC the pin counts only for an origin that is named here.
                    f"--origin-to-force-quic-on={urlsplit(url).netloc}",
                ],
            )
            try:
                page = context.pages[0]
                page.goto(url)
                return page.evaluate(script, argument)
            finally:
                context.close()

    async def run_in_thread(identity: Identity, url: str, script: str, argument: object = None) -> Any:
        return await trio.to_thread.run_sync(run, identity, url, script, argument)

    return run_in_thread
