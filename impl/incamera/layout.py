"""Where things lie in a deployment's folder."""

from __future__ import annotations

from pathlib import Path
from typing import Final

STORE_FILE: Final = "store.sqlite3"
PKI_FOLDER: Final = "pki"
CA_FILE: Final = "ca.pem"
SERVING_FILE: Final = "serving.json"
"""Says, while a server runs, at which URL it answers."""


def store(folder: Path) -> Path:
    """The store of the deployment in `folder`, which is made, for its owner alone, if it is missing."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder / STORE_FILE


def ca(folder: Path) -> Path:
    """The certificate of the deployment's own CA."""
    return folder / PKI_FOLDER / CA_FILE
