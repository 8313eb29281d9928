"""A whole run: all cases on a few stages side by side, then the server's own log judged by the specification."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

import trio

from incamera.transport import TransportError

from .. import replay, resources, tables
from ..vectors import Case, VectorManifest
from .answers import Verdict
from .control import Control
from .entries import Entries
from .play import Result, play
from .stage import open_stage
from .target import Target, TargetError

STAGES: Final = 8


@dataclass(frozen=True, slots=True)
class Report:
    """What a run came to; `log` is the replay of the server's log."""

    results: tuple[Result, ...]
    log: replay.Report
    lines: tuple[bytes, ...]

    def passes(self, allowed: Collection[Verdict] = ()) -> bool:
        """The specification allows the log, and every case is OK or one of `allowed`, and not none is OK.

        FAILED is never allowed.
        """
        found = {result.verdict for result in self.results}
        return self.log.error is None and Verdict.OK in found and found <= {Verdict.OK, *allowed} - {Verdict.FAILED}

    def as_json(self) -> dict[str, Any]:
        """The report as `run --json` prints it."""
        counted = Counter(result.verdict for result in self.results)
        return {
            "verdicts": {verdict.value: counted[verdict] for verdict in Verdict},
            "cases": [result.as_json() for result in self.results],
            "log": self.log.as_json(),
        }


async def run(
    target: Target,
    manifest: VectorManifest,
    cases: Sequence[Case],
    *,
    stages: int = STAGES,
    done: Callable[[Result], None] = lambda result: None,
) -> Report:
    """Play the cases against `target`, at most `stages` at a time; `done` hears of each when it is over.

    Raises `TargetError` if the target cannot be reached or has no testability control.
    """
    work = _Work(target, manifest, cases, done)
    try:
        async with target.connection() as connection:
            await Control(connection).state("Auth", ())
        async with trio.open_nursery() as nursery:
            for _ in range(min(stages, len(cases))):
                nursery.start_soon(work.work)
        async with target.connection() as connection:
            lines = await Control(connection).log()
    except* TransportError as group:
        raise TargetError(f"{target}: {first(group)}") from group
    except* TargetError as group:
        raise TargetError(str(first(group))) from group
    judged = replay.validate(lines, tables.load_tables(resources.tables()))
    entries = Entries(lines)
    results = tuple(work.results[at].held_to(entries) for at in sorted(work.results))
    return Report(results, judged, tuple(lines))


class _Work:
    """What is left to play, and what has come of the rest."""

    def __init__(
        self, target: Target, manifest: VectorManifest, cases: Sequence[Case], done: Callable[[Result], None]
    ) -> None:
        self.results: dict[int, Result] = {}
        self._target = target
        self._manifest = manifest
        self._left = deque(enumerate(cases))
        self._done = done

    async def work(self) -> None:
        """Play cases until none is left, on a new stage whenever one has lost its connection."""
        while self._left:
            async with open_stage(self._target) as stage:
                while self._left and not stage.broken:
                    at, case = self._left.popleft()
                    result = await play(case, self._manifest.areas[case.area], self._manifest.rules, stage)
                    self.results[at] = result
                    self._done(result)


def first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Of what went wrong at the same time, the first that is no group itself."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
