"""One server a data folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from incamera.journal import FolderInUse, JournalUnreachable, hold

_HOLDER = """
import sys
from pathlib import Path
from incamera.journal import FolderInUse, hold
try:
    with hold(Path(sys.argv[1])):
        print("held", flush=True)
        sys.stdin.read()
except FolderInUse as error:
    print(error, flush=True)
"""


def test_a_folder_is_made_for_its_owner_only(tmp_path: Path) -> None:
    with hold(tmp_path / "new" / "data") as folder:
        assert folder.stat().st_mode & 0o777 == 0o700


def test_a_second_holder_is_refused_and_the_folder_is_free_afterwards(tmp_path: Path) -> None:
    with hold(tmp_path), pytest.raises(FolderInUse, match=f"already using the data folder {tmp_path}"), hold(tmp_path):
        pass
    with hold(tmp_path):
        pass


def test_an_error_inside_lets_go(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), hold(tmp_path):
        raise ZeroDivisionError
    with hold(tmp_path):
        pass


def test_a_file_in_the_place_of_the_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(JournalUnreachable, match="cannot be used"), hold(tmp_path / "data"):
        pass


@pytest.mark.slow
def test_a_second_process_is_refused_until_the_first_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        second = subprocess.run(command, input="", capture_output=True, text=True, check=True, timeout=60)
        assert second.stdout == f"Another server is already using the data folder {tmp_path}.\n"
        first.kill()
    with hold(tmp_path):
        pass
