"""The commands setup, lint, check and graph as a user meets them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from incamera_conformance import cli, specs
from incamera_conformance.checker import wasm
from incamera_conformance.checker.tlc import ENVIRONMENT
from incamera_conformance.commands.check import check
from incamera_conformance.graph import load_graph
from incamera_conformance.specs import Specs

MakeSpecs = Callable[..., Specs]
Run = Callable[..., int]


@pytest.fixture
def door(make_specs: MakeSpecs, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The Door spec in the place of the project's."""
    root = make_specs().root
    monkeypatch.setattr(specs, "locate", lambda: root)
    return root


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the program with these arguments; returns its exit code."""

    def run(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["incamera-conformance", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        code = ended.value.code
        assert code is None or isinstance(code, int)
        return code or 0

    return run


@pytest.mark.usefixtures("door", "embedded")
def test_check_as_json(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", "--json") == 0
    out = json.loads(capsys.readouterr().out)
    assert list(out) == ["models"]
    first, second = out["models"]
    assert first | {"seconds": 0} == {
        "name": "MCDoor",
        "checker": "embedded",
        "ok": True,
        "status": "holds",
        "distinct": 25,
        "seconds": 0,
        "detail": "",
    }
    assert (second["name"], second["ok"], second["status"], second["distinct"]) == (
        "WitnessOpen",
        True,
        "reached",
        None,
    )


@pytest.mark.usefixtures("embedded")
def test_check_fails_where_a_verdict_is_not_ok(
    door: Path, make_specs: MakeSpecs, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    models = {"MCDoor": {"area": "Door", "cfg": "door/MCDoor.cfg", "expect": "holds", "distinct": 24}}
    assert make_specs(models=models).root == door
    assert run("check") == 1
    out = capsys.readouterr().out
    assert "NOT OK" in out
    assert "25 distinct states, where the manifest records 24" in out
    assert "2 verdicts, 1 not as expected" in out
    assert run("check", "WitnessOpen") == 0


@pytest.mark.usefixtures("door")
def test_an_unknown_model_is_one_line(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", "MCNone") == 2
    assert capsys.readouterr().err == "incamera-conformance: no model MCNone; there are MCDoor, WitnessOpen\n"


@pytest.mark.usefixtures("door")
def test_a_missing_checker_is_a_failure(
    run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(wasm.ENVIRONMENT, "/nowhere.wasm")
    assert run("check") == 2
    assert "INCAMERA_TLA_CHECKER names /nowhere.wasm" in capsys.readouterr().err
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    assert run("check", "--checker", "tlc") == 2
    assert "TLA2TOOLS_JAR is not set" in capsys.readouterr().err
    monkeypatch.setenv(ENVIRONMENT, "/nowhere.jar")
    assert run("check", "--checker", "both") == 2


@pytest.mark.usefixtures("door")
def test_a_missing_package_names_the_extra(
    run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: object, **__: object) -> int:
        raise ModuleNotFoundError("No module named 'tree_sitter'", name="tree_sitter")

    monkeypatch.setattr("incamera_conformance.commands.lint.lint", missing)
    assert run("lint") == 2
    assert "pip install 'incamera[conformance]'" in capsys.readouterr().err


@pytest.mark.usefixtures("door", "embedded")
def test_graph_to_a_file_and_to_standard_output(tmp_path: Path, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "door.json"
    assert run("graph", "Door", "--out", str(out)) == 0
    assert "25 states" in capsys.readouterr().err
    assert run("graph", "Door") == 0
    assert capsys.readouterr().out == out.read_text(encoding="utf-8") == load_graph(out).to_json()
    assert run("graph", "Door", "--out", str(tmp_path / "no" / "door.json")) == 2
    assert "cannot be written: No such file or directory" in capsys.readouterr().err


@pytest.mark.usefixtures("door", "embedded")
def test_a_graph_that_cannot_serve_is_a_failure(door: Path, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    module = door / "door" / "Door.tla"
    text = module.read_text(encoding="utf-8")
    module.write_text(text.replace("holder[d] = p       ", 'holder[d] = "nobody else"'), encoding="utf-8")
    assert run("graph", "Door") == 1
    assert "Open never happens: no edge of MCDoor" in capsys.readouterr().err


def test_lint_prints_file_and_line(door: Path, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("lint") == 0
    assert capsys.readouterr().out == "2 models: no violation\n"
    module = door / "door" / "Door.tla"
    module.write_text(module.read_text(encoding="utf-8").replace("WF_vars", "WF_door"), encoding="utf-8")
    assert run("lint") == 1
    assert capsys.readouterr().out == f"{module}:48: vars: the subscript is `vars`\n"


@pytest.mark.usefixtures("embedded")
def test_setup_finds_what_is_installed(
    run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = wasm.locate()
    monkeypatch.setattr(wasm, "cache_folder", lambda: path.parent)
    assert run("setup") == 0
    assert str(path) in capsys.readouterr().err


def test_record_needs_tlc(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", "--record") == 2
    assert "the manifest's counts are TLC's" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.usefixtures("tlc")
def test_record_writes_the_counts_of_tlc(door: Path) -> None:
    manifest = door / "manifest.json"
    recorded = manifest.read_text(encoding="utf-8")
    for old in ('"distinct": 25', '"distinct": null', '"distinct": 7'):
        manifest.write_text(recorded.replace('"distinct": 25', old), encoding="utf-8")
        check([], ["tlc"], as_json=False, record=True)
        assert manifest.read_text(encoding="utf-8") == recorded
