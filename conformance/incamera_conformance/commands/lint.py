"""``incamera-conformance lint``."""

from __future__ import annotations

from rich.console import Console

from ..lint import lint as run
from ..specs import load_specs


def lint() -> int:
    """Print every violation as file:line; 1 if there is any."""
    specs = load_specs()
    violations = run(specs)
    console = Console()
    for violation in violations:
        console.print(str(violation), markup=False, highlight=False, soft_wrap=True)
    if not violations:
        console.print(f"{len(specs.manifest.models)} models: no violation", highlight=False)
    return 1 if violations else 0
