"""The runner: plays the cases of `vectors/` against a server, over HTTP/3 and WebTransport, and judges it.

It knows the server only by its address and speaks nothing but the protocol; `embedded` starts one of our own for it.
"""

from .answers import Verdict
from .embedded import embedded
from .play import Result
from .run import Report, first, run
from .target import Target, TargetError, parse_target

__all__ = ["Report", "Result", "Target", "TargetError", "Verdict", "embedded", "first", "parse_target", "run"]
