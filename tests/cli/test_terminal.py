"""The note that a server leaves on its machine."""

from __future__ import annotations

import json
import threading
from pathlib import Path

from incamera import layout
from incamera.cli.terminal import announce_serving, find_server, withdraw_serving


def test_the_note_is_never_seen_half_written(tmp_path: Path) -> None:
    seen: list[int] = []
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            if (tmp_path / layout.SERVING_FILE).exists():
                seen.append(len(json.loads((tmp_path / layout.SERVING_FILE).read_text())))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        for port in range(1, 300):
            announce_serving(tmp_path, port)
    finally:
        done.set()
        watcher.join()
    assert set(seen) == {1}
    assert find_server(None, tmp_path) == ("localhost", 299)
    withdraw_serving(tmp_path)
    assert list(tmp_path.iterdir()) == []
