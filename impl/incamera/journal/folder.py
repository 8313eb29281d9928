"""One server a data folder."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from incamera.journal.errors import FolderInUse, JournalUnreachable

LOCK_NAME: Final = "server.lock"


@contextmanager
def hold(folder: Path) -> Iterator[Path]:
    """Have `folder` to oneself as a server, making it if need be; raises `FolderInUse` or `JournalUnreachable`.

    The kernel lets go of the lock when the process ends, however it ends.  Programs that only open the journal, such as
    the one that adds an account, need no hold.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise JournalUnreachable(f"The data folder {folder} cannot be used: {error.strerror}.") from error
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FolderInUse(f"Another server is already using the data folder {folder}.") from None
        yield folder
    finally:
        os.close(lock)
