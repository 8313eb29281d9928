"""``incamera-conformance agree``."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from ..agree import Agreement, agree_all
from ..checker import CheckerName
from ..errors import GraphError
from ..specs import load_specs
from .generate import explore


def agree(checkers: Sequence[CheckerName], *, as_json: bool) -> int:
    """Compare every chart with its spec; returns the exit code: 1 if anything differs.

    With several checkers their graphs must be the same, or `GraphError` is raised.
    """
    begin = time.perf_counter()
    with Console(stderr=True).status("comparing the charts with the specs"):
        graphs, *others = (explore(load_specs(), checker) for checker in checkers)
        if any(other != graphs for other in others):
            raise GraphError(f"{' and '.join(checkers)} find different graphs")
        agreements = agree_all(graphs)
    if as_json:
        sys.stdout.write(json.dumps({"charts": [agreement.as_json() for agreement in agreements]}, indent=2) + "\n")
    else:
        _print(agreements, time.perf_counter() - begin)
    return 1 if any(agreement.differences for agreement in agreements) else 0


def _print(agreements: list[Agreement], seconds: float) -> None:
    console = Console(highlight=False)
    table = Table(box=None, header_style="bold")
    table.add_column("chart", no_wrap=True)
    table.add_column("comparisons", justify="right")
    table.add_column("differences", justify="right")
    for agreement in agreements:
        found = len(agreement.differences)
        style = "red" if found else "green"
        table.add_row(agreement.name, f"{agreement.comparisons:,}", f"[{style}]{found}[/]")
    console.print(table)
    for agreement in agreements:
        if agreement.differences:
            console.print(f"\n[bold]{agreement.name}[/]")
            for difference in agreement.differences:
                console.print(f"  {difference}", markup=False, soft_wrap=True)
    console.print(f"\n{sum(agreement.comparisons for agreement in agreements):,} comparisons in {seconds:.1f} s")
