"""What can go wrong for a reason the user can act on. Every message is one sentence that names the place."""

from __future__ import annotations


class ConformanceError(Exception):
    """Base of every error of this package that a command prints in one line instead of a traceback."""


class SpecError(ConformanceError):
    """A spec, a model's ``.cfg`` or the manifest cannot be understood; the message begins with ``file:line``."""


class CheckerMissingError(ConformanceError):
    """A model checker that was asked for is not on this machine; the message says how to get it."""


class CheckerFailedError(ConformanceError):
    """A model checker ran and gave no verdict (it crashed, or rejected the source)."""


class GraphError(ConformanceError):
    """A state graph cannot be read, or is not what its schema says."""
