from __future__ import annotations

from pathlib import Path

import pytest

from incamera_conformance.checker.embedded import EmbeddedChecker
from incamera_conformance.checker.tlc import TlcChecker
from incamera_conformance.errors import SpecError
from incamera_conformance.flatten import flatten
from incamera_conformance.manifest import Model
from incamera_conformance.names import unresolved_nodes
from incamera_conformance.specs import SpecModel
from incamera_conformance.tlacfg import parse_config

BASE = r"""---- MODULE Base ----
EXTENDS Naturals, Sequences
CONSTANTS Limit
VARIABLES count
Below(n) == n < Limit
Bump ==
  /\ Below(count)   \* a comment (* with another *) that goes
  /\ count' = count + 1
LOCAL Hidden == [limit |-> Limit]
InvBelow == count <= Hidden.limit
====
"""

TOP = r"""---- MODULE Top ----
EXTENDS Base, FiniteSets
VARIABLES log (* two
lines *)
vars == <<count, log>>
B == INSTANCE Base WITH Limit <- 2, count <- Len(log)
Init ==
  /\ count = 0
  /\ log = <<>>
Step ==
  /\ B!Below(Len(log))
  /\ Bump
  /\ log' = Append(log, count)
Next == Step
Spec == Init /\ [][Next]_vars
InvShort == B!InvBelow /\ Len(log) <= 2
====
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "Base.tla").write_text(BASE)
    (tmp_path / "Top.tla").write_text(TOP)
    return tmp_path


def test_one_module_without_comments(folder: Path) -> None:
    flat = flatten(folder / "Top.tla")
    source = flat.parsed()
    assert [known.name for known in flat.sources] == ["Base", "Top"]
    assert source.extends == ("FiniteSets", "Naturals", "Sequences")
    assert source.constants == ("Limit",)
    assert source.variables == ("count", "log")
    assert flat.text.count("VARIABLES") == 1
    assert source.comments == []
    assert unresolved_nodes(source) == []


def test_an_instance_gets_its_own_names_and_values(folder: Path) -> None:
    lines = flatten(folder / "Top.tla").text.splitlines()
    assert "B_Below(n) == n < (2)" in lines
    assert "B_InvBelow == (Len(log)) <= B_Hidden.limit" in lines
    assert "B_Hidden == [limit |-> (2)]" in lines
    assert "  /\\ B_Below(Len(log))" in lines


def test_columns_are_kept(folder: Path) -> None:
    lines = flatten(folder / "Top.tla").text.splitlines()
    at = lines.index("Bump ==")
    assert lines[at + 1 : at + 3] == ["  /\\ Below(count)", "  /\\ count' = count + 1"]


@pytest.mark.parametrize("name", ["embedded", pytest.param("tlc", marks=pytest.mark.slow)])
def test_the_flattened_module_has_the_states_of_the_files(
    folder: Path, name: str, request: pytest.FixtureRequest
) -> None:
    checker: EmbeddedChecker | TlcChecker = request.getfixturevalue(name)
    config = parse_config(folder / "Top.cfg", "SPECIFICATION Spec\nCONSTANTS Limit = 5\nINVARIANTS InvShort InvBelow\n")
    entry = Model(area="Top", cfg="Top.cfg", expect="holds", distinct=3)
    verdict = checker.check(SpecModel("Top", entry, folder / "Top.tla", config, ()))
    assert verdict.ok, verdict


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("EXTENDS Nowhere", r"Bad\.tla:2: Nowhere: neither a file nor a module"),
        ("INSTANCE Base", r"Bad\.tla:2: an instance needs a name"),
        ("B(x) == INSTANCE Base", r"Bad\.tla:2: an instance takes no parameters"),
        ("N == INSTANCE Naturals", r"Bad\.tla:2: an instance is of a module of our own"),
        ("A == C!Below(1)", r"Bad\.tla:2: no instance of that name"),
        ("A ==\n  /\\ x =\n  /\\ y", r"Bad\.tla:3: not TLA\+"),
        ("---- MODULE Inner ----\n====", r"Bad\.tla:2: a module inside a module"),
    ],
)
def test_refuses(folder: Path, text: str, sentence: str) -> None:
    (folder / "Bad.tla").write_text(f"---- MODULE Bad ----\n{text}\n====\n")
    with pytest.raises(SpecError, match=sentence):
        flatten(folder / "Bad.tla")


def test_a_module_of_another_folder(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "Far.tla").write_text("---- MODULE Far ----\nEXTENDS Base\nX == Below(1)\n====\n")
    flat = flatten(folder / "sub" / "Far.tla", (folder,))
    assert "Below" in flat.parsed().definitions
