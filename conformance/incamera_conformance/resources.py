"""Where the generated files are: the checkout's `vectors/`, else what ships with the package."""

from __future__ import annotations

from pathlib import Path

from .specs import checkout


def vectors() -> Path:
    """The folder of generated cases and tables.  It need not exist yet in a checkout."""
    root = checkout()
    return root / "vectors" if root else Path(__file__).resolve().parent / "data" / "vectors"


def tables() -> Path:
    """The folder of behaviour tables, one `SPEC.json` each."""
    return vectors() / "tables"
