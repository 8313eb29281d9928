"""The embedded checker: tla-checker's WebAssembly module, run by wasmtime."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, cast

from ..errors import CheckerFailedError, CheckerMissingError, SpecError
from ..names import unresolved
from ..slicing import sliced
from ..specs import SpecModel
from ..syntax import Source, parse
from ..tlacfg import Config
from . import wasm
from .capability import needs_tlc
from .verdict import Outcome, Verdict, judge

# Above any model that this checker finishes; reaching it is an error, never a result.
_MAX_STATES = 10_000_000
_INVARIANT = re.compile(r"^(?:Inv|TypeOK|NotSolved)|(?:Inv|TypeOK)$")
_VIOLATED = re.compile(r"Invariant (\d+) violated")


class EmbeddedChecker:
    """Checks models without Java. What it cannot be trusted with is *needs TLC*."""

    name = "embedded"

    def __init__(self) -> None:
        if importlib.util.find_spec("wasmtime") is None:
            raise CheckerMissingError("the embedded model checker needs wasmtime: pip install 'incamera[conformance]'")
        self._wasm = wasm.locate()

    def check(self, model: SpecModel) -> Verdict:
        """Judge one model. Errors of the spec itself are the verdict's status, not exceptions."""
        begin = time.monotonic()
        try:
            outcome = self._outcome(model)
        except (SpecError, CheckerFailedError) as error:
            outcome = Outcome("error", detail=str(error))
        return judge(model.name, model.entry, self.name, outcome, time.monotonic() - begin)

    def explore(self, module: str, text: str, config: Config) -> str:
        """The whole state space as DOT, each state with its variables. Raises `CheckerFailedError`."""
        answer = self._run(
            parse(Path(f"{module}.tla"), text.encode()), config, export_dot=True, dot_mode="full", allow_deadlock=True
        )
        if not answer["success"]:
            raise CheckerFailedError(f"{module}: {answer['error_type']}: {answer['error_message']}")
        return cast(str, answer["dot"])

    def _outcome(self, model: SpecModel) -> Outcome:
        whole, config = model.flat.parsed(), model.config
        if names := unresolved(whole, config):
            return Outcome("error", detail=f"{model.module.name}: undefined: {', '.join(names)}")
        source = sliced(whole, config.roots)
        if reasons := needs_tlc(source, config):
            return Outcome("needs TLC", detail="; ".join(reasons))
        answer = self._run(source, config)
        distinct = answer["states_explored"]
        if answer["success"]:
            if distinct >= _MAX_STATES:
                return Outcome("error", detail=f"more than {_MAX_STATES} states")
            return Outcome("holds", distinct=distinct)
        trace = "\n".join(answer["trace"] or [])
        match answer["error_type"]:
            case "InvariantViolation":
                return Outcome("violated", self._invariant(config, answer["error_message"]), detail=trace)
            case "LivenessViolation":
                return Outcome("violated", self._property(source, config), detail=trace)
            case "Deadlock":
                return Outcome("violated", "Deadlock", detail=trace)
            case kind:
                return Outcome("error", detail=f"{kind}: {answer['error_message']}")

    @staticmethod
    def _invariant(config: Config, message: str) -> str:
        match = _VIOLATED.fullmatch(message)
        if match is None or int(match.group(1)) >= len(config.invariants):
            raise CheckerFailedError(f"which invariant is meant? {message}")
        return config.invariants[int(match.group(1))]

    def _property(self, source: Source, config: Config) -> str:
        """The first property that is violated by itself: the checker does not name it."""
        if len(config.properties) == 1:
            return config.properties[0]
        for name in config.properties:
            answer = self._run(source, config.only(properties=(name,)))
            if answer["error_type"] == "LivenessViolation":
                return name
        raise CheckerFailedError("the properties are violated together, but none of them alone")

    def _run(self, source: Source, config: Config, **options: object) -> dict[str, Any]:
        listed = config.only(invariants=tuple(map(_plain, config.invariants)), properties=config.properties)
        options = {
            "cfg_source": listed.render(),
            "max_states": _MAX_STATES,
            "max_depth": _MAX_STATES,
            "check_liveness": bool(config.properties),
            "allow_deadlock": not config.check_deadlock,
        } | options
        request = {
            "wasm": str(self._wasm),
            "cache": str(wasm.cache_folder()),
            "source": _only_listed(source),
            "options": options,
        }
        command = [sys.executable, "-m", f"{__package__}.job"]
        done = subprocess.run(command, input=json.dumps(request), capture_output=True, text=True)  # noqa: S603
        if done.returncode:
            lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
            raise CheckerFailedError(f"the embedded checker ended without an answer: {lines[-1]}")
        return cast(dict[str, Any], json.loads(done.stdout))


def _only_listed(source: Source) -> str:
    """The source with every name that the checker would take for an invariant by itself under another one.

    It checks whatever is called ``Inv…``, ``TypeOK…`` or ``NotSolved…`` even if the configuration does not list it, and
    counts it in when it reports a violated invariant by number.
    """
    text = source.data.decode()
    taken = [d.name for d in source.definitions.values() if not d.params and _INVARIANT.search(d.name)]
    if not taken:
        return text
    # A string may well hold such a word; it is skipped as a whole.
    words = re.compile(r'"(?:[^"\\]|\\.)*"|\b(?:' + "|".join(map(re.escape, taken)) + r")\b")
    return words.sub(lambda match: match[0] if match[0].startswith('"') else _plain(match[0]), text)


def _plain(name: str) -> str:
    return f"plain_{name}_" if _INVARIANT.search(name) else name
