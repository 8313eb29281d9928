"""``incamera-conformance setup``."""

from __future__ import annotations

from rich.console import Console

from ..checker import wasm


def setup() -> None:
    """Install the embedded checker unless it is there; prints where."""
    console = Console(stderr=True)
    with console.status("fetching the embedded model checker with npm"):
        path = wasm.install()
    console.print(f"tla-checker {wasm.VERSION}: {path}", soft_wrap=True, highlight=False)
