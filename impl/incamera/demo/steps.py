"""The steps of the demo: what happened, how long it took, and how that is shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from types import TracebackType
from typing import Final

import trio
from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.markup import escape
from rich.spinner import Spinner
from rich.table import Table

TITLE: Final = "In Camera: one meeting, from the first key to the proof"
FRAME_LINES: Final = 6
"""Of the table, beside its rows."""


@dataclass(slots=True)
class Step:
    """One step: `seconds` is None while it runs; `detail` is what it found."""

    title: str
    detail: str = ""
    seconds: float | None = None
    ok: bool = True


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the demo found: the steps, the comparison of what was sent with what was recorded, and the replay."""

    ok: bool
    steps: list[Step]
    media: dict[str, object]
    replay: dict[str, object]

    def as_json(self) -> dict[str, object]:
        """The object that `--json` prints."""
        return asdict(self)


@dataclass
class Steps:
    """Runs the steps one after the other and shows them as they go; `console` is where, or None for nowhere."""

    console: Console | None
    done: list[Step] = field(default_factory=list)
    _live: Live | None = None
    _spinner: Spinner = field(default_factory=lambda: Spinner("dots"))

    def __enter__(self) -> Steps:
        if self.console is not None:
            self._live = Live(self, console=self.console, refresh_per_second=12, transient=True)
            self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None and self.console is not None:
            self._live.__exit__(kind, error, trace)
            self.console.print(self.table())

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """One step; it failed if its block raises, or sets `ok` to False."""
        step = Step(title)
        self.done.append(step)
        began = trio.current_time()
        try:
            yield step
        except BaseException:
            step.ok = False
            raise
        finally:
            step.seconds = round(trio.current_time() - began, 3)

    @property
    def ok(self) -> bool:
        """All steps went well."""
        return all(step.ok for step in self.done)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """While they run: the last steps that fit on the screen, a line each."""
        yield self.table(last=max(1, options.size.height - FRAME_LINES), whole=False)

    def table(self, *, last: int = 0, whole: bool = True) -> Table:
        """The last steps, or all; their texts whole, or cut to one line."""
        table = Table(title=TITLE, title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
        table.add_column("", min_width=1)
        table.add_column("step", no_wrap=not whole)
        table.add_column("what was seen", no_wrap=not whole, overflow="fold" if whole else "ellipsis")
        table.add_column("s", justify="right", min_width=4)
        for step in self.done[-last:]:
            running = step.seconds is None
            mark = self._spinner if running else "[green]✓[/]" if step.ok else "[bold red]✗[/]"
            table.add_row(mark, step.title, escape(step.detail), "" if step.seconds is None else f"{step.seconds:.2f}")
        return table
