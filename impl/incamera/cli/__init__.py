"""The `incamera` command: one module a subcommand, and one place where errors become one clear line."""

from incamera.cli.app import main

__all__ = ["main"]
