"""``incamera-conformance generate``."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from rich.console import Console

from .. import resources, tables
from ..checker import CheckerName, make_checker
from ..errors import GraphError
from ..explore import build_graph
from ..generate import differences, files, write
from ..graph import Graph
from ..specs import Specs, load_specs
from ..vectors import VectorManifest

_WORKERS = 2


def generate(checker: CheckerName, *, check: bool) -> int:
    """Write the vectors, or with `check` only compare them: 1 if they are not what the specs say."""
    specs, folder = load_specs(), resources.vectors()
    console = Console(stderr=True)
    with console.status("exploring the specs and making cases"):
        graphs = explore(specs, checker)
        orders = {spec: tuple(specs.area(spec).actions) for spec in graphs}
        shipped = {f"tables/{spec}.json": tables.to_json(tables.build(graph)) for spec, graph in graphs.items()}
        made = files(graphs, orders, shipped)
        found = differences(folder, made)
    if not check:
        write(folder, made)
    for path, how in found.items():
        console.print(f"{folder / path}: {how}", highlight=False, soft_wrap=True)
    for name, area in VectorManifest.model_validate_json(made["manifest.json"]).areas.items():
        counts = area.counts
        console.print(
            f"{name}: {counts.cases} cases of {counts.steps} steps; "
            f"{counts.edge_classes_covered} of {counts.edge_classes} edge classes, "
            f"{counts.refusal_classes_covered} of {counts.refusal_classes} refusal classes",
            highlight=False,
            soft_wrap=True,
        )
    return 1 if check and found else 0


def explore(specs: Specs, name: CheckerName) -> dict[str, Graph]:
    """The graphs of all areas that have one. Raises `GraphError` where one cannot serve."""
    checker = make_checker(name)
    areas = [area for area, entry in specs.manifest.areas.items() if entry.graph is not None]
    with ThreadPoolExecutor(_WORKERS) as pool:
        graphs = dict(zip(areas, pool.map(lambda area: build_graph(specs, area, checker), areas), strict=True))
    for area, graph in graphs.items():
        if problems := graph.problems():
            raise GraphError(f"{area}: {problems[0]}")
    return graphs
