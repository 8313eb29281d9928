from __future__ import annotations

from pathlib import Path

import pytest

from incamera_conformance.errors import SpecError
from incamera_conformance.manifest import Model, load_manifest
from incamera_conformance.specs import load_specs


def test_the_manifest_of_the_project() -> None:
    specs = load_specs()
    assert {"Auth", "Meeting", "Conference"} <= specs.manifest.areas.keys()
    assert all(area.graph for area in specs.manifest.areas.values())
    for model in specs.models():
        expected = {"M": "holds", "G": "holds", "B": "violates", "W": "reached"}[model.name[0]]
        assert model.entry.expect == expected


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ('"expect": "holds", "invariant": "InvA"', "names no violated invariant"),
        ('"expect": "violates"', "names one invariant or one property"),
        ('"expect": "reached", "invariant": "InvA", "property": "P"', "names one invariant or one property"),
        ('"expect": "violates", "invariant": "InvA", "distinct": 3', "only where the whole space is explored"),
        ('"expect": "maybe"', "models.M.expect"),
        ('"expect": "holds", "states": 3', "models.M.states"),
    ],
)
def test_refuses(tmp_path: Path, entry: str, sentence: str) -> None:
    file = tmp_path / "manifest.json"
    file.write_text(
        '{"schema": 1, "areas": {"A": {"module": "A.tla"}}, '
        f'"models": {{"M": {{"area": "A", "cfg": "M.cfg", {entry}}}}}}}'
    )
    with pytest.raises(SpecError, match=sentence):
        load_manifest(file)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Invalid JSON"),
        ('{"schema": 2, "areas": {}, "models": {}}', "schema"),
        ('{"schema": 1, "areas": {"A": {"module": "A.tla", "graph": "G"}}, "models": {}}', "graph from a model"),
        (
            '{"schema": 1, "areas": {}, "models": {"M": {"area": "B", "cfg": "M.cfg", "expect": "holds"}}}',
            "an area that is not listed: B",
        ),
    ],
)
def test_refuses_the_whole(tmp_path: Path, text: str, sentence: str) -> None:
    file = tmp_path / "manifest.json"
    file.write_text(text)
    with pytest.raises(SpecError, match=sentence):
        load_manifest(file)


def test_unknown_names_are_told_with_the_known_ones() -> None:
    specs = load_specs()
    with pytest.raises(SpecError, match=r"no model MCNothing; there are .*MCAuth"):
        specs.model("MCNothing")
    with pytest.raises(SpecError, match=r"no spec Nothing; there are .*Auth"):
        specs.area("Nothing")


def test_the_culprit_is_an_invariant_or_a_property() -> None:
    model = Model.model_validate({"area": "A", "cfg": "A.cfg", "expect": "violates", "property": "Ends"})
    assert model.culprit == "Ends"
