"""`incamera why`: a rule, and where it stands."""

from __future__ import annotations

import subprocess
import sys
from typing import Annotated

import typer


def why(rule: Annotated[str, typer.Argument(help="A requirement id, such as MTG-002.")]) -> None:
    """Say what a rule demands and where specification, charts and vectors have it."""
    # A process of its own: servers and clients never import the conformance package.
    command = [sys.executable, "-m", "incamera_conformance", "why", rule]
    raise typer.Exit(subprocess.run(command, check=False).returncode)  # noqa: S603 - our own program and one argument
