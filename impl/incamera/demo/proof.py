"""The second proof: the log is replayed on the specification, and forged logs are found out.

The replay is a program of its own, as it would be for an auditor: servers and clients never import it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import trio

from incamera import layout
from incamera.demo.steps import Steps
from incamera.journal import Journal
from incamera.transport import SystemClock
from incamera.wire.audit import Record, seal


async def replay(folder: Path, log: Path, steps: Steps) -> dict[str, object]:
    """Export the log to `log`; replay it, and two forgeries of it."""
    with steps.step("the audit log is replayed on the specification") as step:
        records = await trio.to_thread.run_sync(_export, folder, log)
        honest = await _validate(log)
        step.ok = honest["error"] is None and honest["accepted"] == honest["records"] == len(records)
        step.detail = f"{honest['accepted']} of {honest['records']} records accepted"
    forged = next(record for record in records if record.action == "Admit" and record.outcome == "accepted")
    changed = forged.model_copy(update={"params": forged.params | {"host": forged.params["p"]}})
    forgeries = {
        "altered": [changed if record.n == forged.n else record for record in records],
        "altered, and rehashed": _resealed(records, changed),
    }
    found: dict[str, object] = {}
    for name, forgery in forgeries.items():
        with steps.step(f"a copy with one record {name}") as step:
            copy = log.with_name("forged.ndjson")
            copy.write_text("".join(record.line() + "\n" for record in forgery), encoding="utf-8")
            verdict = await _validate(copy)
            error = verdict["error"]
            step.ok = error is not None and error["n"] == forged.n
            step.detail = (
                f"rejected at record {error['n']}: {error['why'].partition(':')[0]}" if error else "was not found out"
            )
            found[name] = {"altered": forged.n, "rejected_at": None if error is None else error["n"]}
    return {"records": honest["records"], "accepted": honest["accepted"], "forgeries": found}


def _export(folder: Path, log: Path) -> list[Record]:
    with Journal.open(layout.store(folder), clock=SystemClock(), server="tmms-demo") as journal:
        records = list(journal.records())
        with log.open("w", encoding="utf-8") as file:
            journal.export(file)
    return records


def _resealed(records: list[Record], changed: Record) -> list[Record]:
    """The log as a forger would leave it who recomputes every hash from the change on."""
    forged: list[Record] = []
    for record in records:
        told = changed if record.n == changed.n else record
        prev = forged[-1].hash if forged else record.prev
        forged.append(
            seal(told.n, told.at, told.by, told.spec, told.action, told.params, told.outcome, told.rule, prev)
        )
    return forged


async def _validate(log: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "incamera_conformance", "validate", str(log), "--json"]
    done = await trio.run_process(command, capture_stdout=True, capture_stderr=True, check=False)
    try:
        return dict(json.loads(done.stdout))
    except ValueError:
        raise RuntimeError(f"the replay failed: {done.stderr.decode().strip()[-500:]}") from None
