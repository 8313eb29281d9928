"""The steps of the demo: what happened, how long it took, and how that is shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from types import TracebackType

import trio
from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table


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

    def __enter__(self) -> Steps:
        if self.console is not None:
            self._live = Live(self, console=self.console, refresh_per_second=12, transient=not self.console.is_terminal)
            self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.__exit__(kind, error, trace)
            if self.console is not None and not self.console.is_terminal:
                self.console.print(self)

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
            step.seconds = trio.current_time() - began

    @property
    def ok(self) -> bool:
        """All steps went well."""
        return all(step.ok for step in self.done)

    def __rich__(self) -> Table:
        table = Table(title="In Camera: one meeting, from the first key to the proof", title_style="bold", expand=False)
        table.add_column("", width=2)
        table.add_column("step")
        table.add_column("what was seen", overflow="fold")
        table.add_column("s", justify="right")
        for step in self.done:
            running = step.seconds is None
            mark = Spinner("dots") if running else "[green]✓[/]" if step.ok else "[bold red]✗[/]"
            table.add_row(mark, step.title, step.detail, "" if step.seconds is None else f"{step.seconds:.2f}")
        return table
