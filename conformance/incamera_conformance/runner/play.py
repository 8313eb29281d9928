"""One case, step by step, and its verdict."""

from __future__ import annotations

import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Any, Final

import trio

from incamera.transport import TransportError

from ..vectors import Area, Case, Rule, Step
from .answers import Judged, Verdict, judge_accepted, judge_refused
from .auth import AuthPlayer
from .conference import ConferencePlayer
from .entries import Entries, Entry
from .meeting import MeetingPlayer
from .observation import Slots, differences, flat, initial
from .player import Player
from .stage import Stage

PLAYERS: Final[dict[str, type[Player]]] = {
    "auth": AuthPlayer,
    "meeting": MeetingPlayer,
    "conference": ConferencePlayer,
}
CASE_S: Final = 30.0
"""The longest that a case may take."""
SETTLE_S: Final = 5.0
"""For which the runner waits until what happens by itself has happened."""
EVENTUAL: Final = frozenset({"link", "network", "server"})
"""By whom the acts happen of which the server may tell before it shows them."""


@dataclass(frozen=True, slots=True)
class Result:
    """A case's verdict; `why` says what is not as it should be, `ms` how many milliseconds it took.

    `logged` is what the server's log must have of the steps that were played.
    """

    case: Case
    verdict: Verdict
    why: str | None
    ms: int
    logged: tuple[Entry, ...] = ()

    def held_to(self, log: Entries) -> Result:
        """The same, or a failure if the log does not have what was played."""
        missing = [entry for entry in self.logged if not log.take(entry)]
        if not missing or self.verdict is Verdict.FAILED:
            return self
        return replace(self, verdict=Verdict.FAILED, why=f"the server's log does not say: {missing[0]}")

    def as_json(self) -> dict[str, Any]:
        """One element of `cases` in the report."""
        said = {"id": self.case.id, "verdict": self.verdict.value, "title": self.case.title}
        return said | ({"why": self.why} if self.why else {}) | {"ms": self.ms}


async def play(case: Case, area: Area, rules: dict[str, Rule], stage: Stage) -> Result:
    """Play a case. Raises `TargetError` if the target has no testability control."""
    begun = time.perf_counter()
    logged: list[Entry] = []
    verdict, why = Verdict.FAILED, f"not over after {CASE_S:g} s"
    with trio.move_on_after(CASE_S):
        try:
            deviations = await _play(case, area, rules, stage, logged)
            verdict, why = (Verdict.NON_STRICT if deviations else Verdict.OK), "; ".join(deviations)
        except Judged as judged:
            verdict, why = judged.verdict, judged.why
        except TransportError as error:
            stage.broken = True
            verdict, why = Verdict.FAILED, str(error)
    return Result(case, verdict, why or None, round((time.perf_counter() - begun) * 1000), tuple(logged))


async def _play(case: Case, area: Area, rules: dict[str, Rule], stage: Stage, logged: list[Entry]) -> list[str]:
    deviations: list[str] = []
    async with AsyncExitStack() as stack:
        player = PLAYERS[case.area](stage, case, area, stack)
        await player.prepare()
        expected = initial(area, case.given)
        seen = await player.observe()
        for at, step in enumerate(case.steps):
            where = f"step {at + 1} ({step.by} {step.do})"
            follows = at + 1 < len(case.steps) and case.steps[at + 1].by == "server"
            former = dict(expected)
            try:
                odd = await _answered(player, step, rules, expected)
                if not follows:  # between its own acts a server need not be seen
                    seen = await _seen(player, step, expected, seen, former)
            except Judged as judged:
                raise Judged(judged.verdict, f"{where}: {judged.why}") from None
            logged.append(player.logged(step))
            deviations += [f"{where}: {what}" for what in odd]
        await player.finish()
    return deviations


async def _answered(player: Player, step: Step, rules: dict[str, Rule], expected: Slots) -> tuple[str, ...]:
    """Do a step and judge its answer; `expected` becomes the state after it."""
    answer = await player.act(step)
    expected |= flat(step.then or {})
    if step.refused is None:
        deviations = judge_accepted(answer)
    else:
        deviations = judge_refused(answer, step.refused, rules[step.refused])
    for slot, value in flat(answer.told).items():
        if expected[slot] != value:
            raise Judged(Verdict.FAILED, f"the answer tells {slot[0]}[{']['.join(slot[1:])}] as {value!r}")
    return deviations


async def _seen(player: Player, step: Step, expected: Slots, before: dict[str, Any], former: Slots) -> dict[str, Any]:
    """The observed state after a step. Raises `Judged` if it is not as it should be."""
    after = await _settled(player, step, expected, former)
    if step.unchanged and after != before:
        raise Judged(Verdict.FAILED, "refused, and nevertheless something has changed")
    return after


async def _settled(player: Player, step: Step, expected: Slots, former: Slots) -> dict[str, Any]:
    """The observed state, once it is as expected; raises `Judged` if it is not, and does not become so in time.

    `former` is the state before the step: a server that still shows it has not noticed that a connection is lost.
    """
    patience = SETTLE_S if step.by in EVENTUAL else 0.0
    deadline, nap = trio.current_time() + patience, 0.005
    while True:
        observed = await player.observe()
        found = differences(expected, flat(observed), player.named, player.area)
        if not found:
            return observed
        if trio.current_time() >= deadline:
            unnoticed = step.by == "network" and not differences(former, flat(observed), player.named, player.area)
            raise Judged(Verdict.INFORMATIONAL if unnoticed else Verdict.FAILED, "; ".join(found))
        await trio.sleep(nap)
        nap = min(2 * nap, 0.1)
