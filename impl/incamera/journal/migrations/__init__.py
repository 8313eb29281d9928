"""How the tables came to be, one step a file, applied in order to whatever version a journal has.

`alembic` runs `env.py` of this folder; `versions/` has the steps.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection

from incamera.journal.errors import JournalTooNew

_ONE_AT_A_TIME: Final = threading.Lock()  # alembic hands its context to the steps through module globals


def upgrade(connection: Connection) -> None:
    """Bring the tables to the present version, within the transaction of `connection`; raises `JournalTooNew`."""
    config = Config()
    # Alembic interpolates its options as configparser does.
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    with _ONE_AT_A_TIME:
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise JournalTooNew("The journal was written by a newer version of this program.") from error
