"""Generating: the same graphs give the same bytes, and what differs is found and told."""

from __future__ import annotations

from pathlib import Path

import pytest

from incamera_conformance import resources, tables
from incamera_conformance.generate import differences, files, write
from incamera_conformance.graph import Graph, parse_graph
from incamera_conformance.specs import load_specs


@pytest.fixture(scope="module")
def made(graphs: dict[str, Graph]) -> dict[str, str]:
    specs = load_specs()
    orders = {spec: tuple(specs.area(spec).actions) for spec in graphs}
    shipped = {f"tables/{spec}.json": tables.to_json(tables.build(graph)) for spec, graph in graphs.items()}
    return files(graphs, orders, shipped)


def test_regenerating_changes_no_byte(made: dict[str, str]) -> None:
    assert differences(resources.vectors(), made) == {}


def test_a_graph_from_its_file_gives_the_same_cases(graphs: dict[str, Graph], made: dict[str, str]) -> None:
    spec = "Auth"
    read = parse_graph(graphs[spec].to_json())
    again = files({spec: read}, {spec: tuple(load_specs().area(spec).actions)}, {})
    assert {path: text for path, text in again.items() if path.startswith("auth/")} == {
        path: text for path, text in made.items() if path.startswith("auth/")
    }


def test_whatever_differs_is_told_and_mended(made: dict[str, str], tmp_path: Path) -> None:
    write(tmp_path, made)
    assert differences(tmp_path, made) == {}
    accepts = tmp_path / "auth" / "accepts.jsonl"
    accepts.write_text(accepts.read_text(encoding="utf-8").replace("MUST", "SHOULD", 1), encoding="utf-8")
    (tmp_path / "meeting" / "refusals.jsonl").unlink()
    (tmp_path / "tables" / "Old.json").write_text("{}", encoding="utf-8")
    (tmp_path / "FORMAT.md").write_text("kept", encoding="utf-8")
    (tmp_path / "auth" / "notes").mkdir()
    (tmp_path / "auth" / "notes" / "deep.txt").write_text("", encoding="utf-8")
    schema = tmp_path / "schema.json"
    lines = schema.read_bytes().count(b"\n")
    schema.write_bytes(schema.read_bytes().replace(b"\n", b"\r\n"))
    assert differences(tmp_path, made) == {
        "auth/accepts.jsonl": "1 lines to go, 1 to come",
        "meeting/refusals.jsonl": "missing",
        "tables/Old.json": "not generated",
        "auth/notes/deep.txt": "not generated",
        "schema.json": f"{lines} lines to go, {lines} to come",
    }
    write(tmp_path, made)
    assert differences(tmp_path, made) == {}
    assert (tmp_path / "FORMAT.md").read_text(encoding="utf-8") == "kept"
