"""What a checker found, and whether that is what the manifest expects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..manifest import Model

Kind = Literal["holds", "violated", "needs TLC", "error"]


@dataclass(frozen=True)
class Outcome:
    """A checker's raw finding. `name`: what was violated. `distinct`: states, where all of them were explored."""

    kind: Kind
    name: str = ""
    distinct: int | None = None
    detail: str = ""


@dataclass(frozen=True)
class Verdict:
    """One model judged by one checker.

    `status`: "holds", "violated:<Name>", "reached", "needs TLC" or "error: …". `ok`: it is exactly what the manifest
    expects, down to the count and the name. `detail`: why not, or the counterexample. `seconds` is wall-clock time.
    """

    name: str
    checker: str
    ok: bool
    status: str
    distinct: int | None
    seconds: float
    detail: str

    def as_json(self) -> dict[str, object]:
        """The stable, machine-readable form."""
        return {
            "name": self.name,
            "checker": self.checker,
            "ok": self.ok,
            "status": self.status,
            "distinct": self.distinct,
            "seconds": round(self.seconds, 3),
            "detail": self.detail,
        }


def judge(name: str, entry: Model, checker: str, outcome: Outcome, seconds: float) -> Verdict:
    """Compare an outcome with the manifest's entry."""
    status, wrong = _status(entry, outcome), _difference(entry, outcome)
    detail = "\n".join(part for part in (wrong, outcome.detail) if part)
    return Verdict(name, checker, not wrong, status, outcome.distinct, seconds, detail)


def _status(entry: Model, outcome: Outcome) -> str:
    if outcome.kind == "violated":
        reached = entry.expect == "reached" and outcome.name == entry.culprit
        return "reached" if reached else f"violated:{outcome.name}"
    if outcome.kind == "error":
        return f"error: {outcome.detail.splitlines()[0] if outcome.detail else 'no reason given'}"
    return outcome.kind


def _difference(entry: Model, outcome: Outcome) -> str:
    if outcome.kind == "needs TLC":
        return "the embedded checker cannot be trusted with this model"
    if outcome.kind == "error":
        return "no verdict"
    if entry.expect == "holds":
        if outcome.kind == "violated":
            return f"expected to hold, but {outcome.name} is violated"
        if entry.distinct is None:
            return f"the manifest records no count of distinct states; this checker counts {outcome.distinct}"
        if outcome.distinct != entry.distinct:
            return f"{outcome.distinct} distinct states, where the manifest records {entry.distinct}"
        return ""
    verb = "reach a violation of" if entry.expect == "reached" else "be caught by"
    if outcome.kind == "holds":
        return f"expected to {verb} {entry.culprit}, but everything holds"
    if outcome.name != entry.culprit:
        return f"expected to {verb} {entry.culprit}, not {outcome.name}"
    return ""
