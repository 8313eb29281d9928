"""The two model checkers behind one interface."""

from __future__ import annotations

from typing import Literal, Protocol

from ..specs import SpecModel
from ..tlacfg import Config
from .verdict import Outcome, Verdict, judge

__all__ = ["Checker", "CheckerName", "Outcome", "Verdict", "judge", "make_checker"]

CheckerName = Literal["embedded", "tlc"]


class Checker(Protocol):
    """What a model checker does for us."""

    @property
    def name(self) -> str: ...

    def check(self, model: SpecModel) -> Verdict:
        """Judge one model against the manifest."""
        ...

    def explore(self, module: str, text: str, config: Config) -> str:
        """Explore a self-contained module completely and return the states and steps as DOT."""
        ...


def make_checker(name: CheckerName) -> Checker:
    """The named checker, ready to run. Raises `CheckerMissingError` saying how to get it."""
    if name == "tlc":
        from .tlc import TlcChecker

        return TlcChecker()
    from .embedded import EmbeddedChecker

    return EmbeddedChecker()
