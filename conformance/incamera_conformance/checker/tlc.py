"""TLC, the reference model checker, from the jar that ``TLA2TOOLS_JAR`` names."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from ..errors import CheckerFailedError, CheckerMissingError, SpecError
from ..specs import SpecModel
from ..tlacfg import Config
from .verdict import Outcome, Verdict, judge

ENVIRONMENT = "TLA2TOOLS_JAR"
# Small models: the start of the JVM is most of the time, so one garbage collector thread and the quick compiler.
_JAVA = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xss16m")
# TLC's message codes (tlc2.output.EC), between the markers that -tool prints.
_MESSAGE = re.compile(r"@!@!@STARTMSG (\d+):(\d+) @!@!@\n(.*?)\n@!@!@ENDMSG \1 @!@!@", re.DOTALL)
_SUCCESS, _STATISTICS, _STATE = 2193, 2199, 2217
_DEADLOCK, _LIVENESS = 2114, 2116
_INVARIANT = {2107, 2110, 2111, 2112, 2147}  # initially, later, evaluation failed, action property, []-property
_SEVERITY_ERROR = "1"
_NAMED = re.compile(r"(?:Invariant|Property|property) (\w+)")
_DISTINCT = re.compile(r"([\d,]+) distinct states found, 0 states left on queue")


class TlcChecker:
    """Checks everything, given Java and the jar; works on the files as they stand."""

    name = "tlc"

    def __init__(self) -> None:
        jar = os.environ.get(ENVIRONMENT)
        if not jar:
            raise CheckerMissingError(f"{ENVIRONMENT} is not set: it names TLC's tla2tools.jar")
        if not Path(jar).is_file():
            raise CheckerMissingError(f"{ENVIRONMENT} names {jar}, which is no file")
        java = shutil.which("java")
        if java is None:
            raise CheckerMissingError("TLC needs Java 11 or newer, and there is no `java` on PATH")
        self._jar, self._java = Path(jar).resolve(), java

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
        with tempfile.TemporaryDirectory(prefix="incamera-tlc-") as folder:
            file, dump = Path(folder) / f"{module}.tla", Path(folder) / "states.dot"
            file.write_text(text, encoding="utf-8")
            output = self._run(file, config, Path(folder), ("-dump", "dot", str(dump)))
            outcome = _outcome(output, config)
            if outcome.kind != "holds":
                raise CheckerFailedError(f"{module}: {outcome.name} {outcome.detail}".strip())
            return dump.read_text(encoding="utf-8")

    def _outcome(self, model: SpecModel) -> Outcome:
        with tempfile.TemporaryDirectory(prefix="incamera-tlc-") as folder:

            def run(config: Config) -> Outcome:
                return _outcome(self._run(model.module, config, Path(folder), (), model.folders), config)

            outcome = run(model.config)
            if outcome.kind == "violated" and not outcome.name:
                # Several properties, and TLC says only that one of them is violated.
                for name in model.config.properties:
                    if run(model.config.only(properties=(name,))).kind == "violated":
                        return Outcome("violated", name, detail=outcome.detail)
            return outcome

    def _run(
        self, module: Path, config: Config, scratch: Path, options: tuple[str, ...], folders: tuple[Path, ...] = ()
    ) -> str:
        file = scratch / "model.cfg"
        # A foreign construct is TLC's own business: it reads the original.
        file.write_text(
            config.path.read_text(encoding="utf-8") if config.foreign else config.render(), encoding="utf-8"
        )
        library = os.pathsep.join(map(str, folders))
        command = [self._java, *_JAVA, f"-DTLA-Library={library}", f"-Djava.io.tmpdir={scratch}", "-cp", str(self._jar)]
        command += ["tlc2.TLC", "-tool", "-noGenerateSpecTE", "-workers", "1", "-metadir", str(scratch / "states")]
        command += ["-config", str(file), *options, module.name]
        done = subprocess.run(command, capture_output=True, text=True, cwd=module.parent)  # noqa: S603
        if "@!@!@STARTMSG" not in done.stdout:
            reason = (done.stderr or done.stdout).strip().splitlines()
            raise CheckerFailedError(f"TLC did not start: {reason[0] if reason else f'exit code {done.returncode}'}")
        return done.stdout


def _outcome(output: str, config: Config) -> Outcome:
    messages = [(int(code), severity, text) for code, severity, text in _MESSAGE.findall(output)]
    trace = "\n".join(text for code, _, text in messages if code == _STATE)
    distinct = None
    for code, _, text in messages:
        if code == _STATISTICS and (match := _DISTINCT.search(text)):
            distinct = int(match.group(1).replace(",", ""))
    for code, severity, text in messages:
        if code == _DEADLOCK:
            return Outcome("violated", "Deadlock", detail=trace)
        if code == _LIVENESS:
            named = config.properties[0] if len(config.properties) == 1 else ""
            return Outcome("violated", named, detail=trace)
        if code in _INVARIANT and (match := _NAMED.search(text)):
            return Outcome("violated", match.group(1), detail=trace)
        if severity == _SEVERITY_ERROR:
            return Outcome("error", detail=text.strip())
    if not any(code == _SUCCESS for code, _, _ in messages):
        errors = [line for line in output.splitlines() if line.strip() and not line.startswith("@!@!@")]
        return Outcome("error", detail=errors[-1] if errors else "TLC ended without a verdict")
    return Outcome("holds", distinct=distinct)
