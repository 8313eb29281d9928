"""``incamera-conformance graph``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from ..checker import CheckerName, make_checker
from ..errors import GraphError
from ..explore import build_graph
from ..specs import load_specs

_SHOWN = 20  # problems that are spelled out


def graph(spec: str, checkers: Sequence[CheckerName], out: Path | None) -> int:
    """Explore a spec's graph, check it, and write it to `out` or to standard output; 1 if a check fails."""
    specs = load_specs()
    console = Console(stderr=True)
    texts = []
    for name in checkers:
        with console.status(f"exploring {spec} with {name}"):
            found = build_graph(specs, spec, make_checker(name))
            texts.append(found.to_json())
    problems = found.problems()
    if len(set(texts)) > 1:
        problems.insert(0, f"{' and '.join(checkers)} find different graphs")
    try:
        if out is None:
            sys.stdout.write(texts[0])
        else:
            out.write_text(texts[0], encoding="utf-8")
    except OSError as error:
        raise GraphError(f"{out}: cannot be written: {error.strerror}") from error
    counts = f"{len(found.states)} states, {len(found.edges)} edges, {len(found.refusals)} refusals"
    console.print(f"{found.spec} ({found.model}): {counts}", highlight=False, soft_wrap=True)
    if problems:
        rest = len(problems) - _SHOWN
        told = problems[:_SHOWN] + ([f"… and {rest} more"] if rest > 0 else [])
        console.print("\n".join(told), style="red", markup=False, highlight=False, soft_wrap=True)
    return 1 if problems else 0
