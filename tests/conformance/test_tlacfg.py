from __future__ import annotations

from pathlib import Path

import pytest

from incamera_conformance.errors import SpecError
from incamera_conformance.tlacfg import parse_config

CFG = Path("MC.cfg")


def test_reads_the_common_subset() -> None:
    config = parse_config(
        CFG,
        """\\* a comment
SPECIFICATION Spec
CONSTANTS
  People = {"ann", "bob"}   (* two
  of them *)
  Max = 2
CONSTANT Flag = TRUE
INVARIANTS InvA
  InvB
INVARIANT InvC
PROPERTY Live
CHECK_DEADLOCK TRUE
""",
    )
    assert config.specification == "Spec"
    assert config.values == {"People": {"$set": ["ann", "bob"]}, "Max": 2, "Flag": True}
    assert config.invariants == ("InvA", "InvB", "InvC")
    assert config.properties == ("Live",)
    assert config.check_deadlock
    assert config.foreign == ()
    assert config.roots == ("Spec", "InvA", "InvB", "InvC", "Live")


def test_renders_what_it_read() -> None:
    config = parse_config(CFG, 'SPECIFICATION S\nCONSTANTS B = 1 A = {"x"}\nINVARIANTS I\nPROPERTIES P\n')
    assert not config.check_deadlock
    assert config.render().splitlines() == [
        "SPECIFICATION S",
        "CONSTANTS",
        '  A = {"x"}',
        "  B = 1",
        "INVARIANT I",
        "PROPERTY P",
        "CHECK_DEADLOCK FALSE",
    ]
    assert parse_config(CFG, config.render()) == config


def test_notes_what_only_tlc_reads() -> None:
    config = parse_config(CFG, "SPECIFICATION S\nCONSTANTS R <- Def\nSYMMETRY Perms\nVIEW v\nACTION_CONSTRAINT A\n")
    assert set(config.foreign) == {"SYMMETRY", "VIEW", "ACTION_CONSTRAINT", "R <-"}


def test_a_model_value_is_no_value() -> None:
    with pytest.raises(SpecError, match=r"MC\.cfg: P: not a string"):
        _ = parse_config(CFG, "CONSTANTS P = {p1, p2}").values


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Spec", "before any keyword"),
        ("SPECIFICATION A B", "names one definition"),
        ("CONSTANTS A", "expected `Name = value`"),
        ('CONSTANTS A = {"x"', "not closed"),
    ],
)
def test_refuses(text: str, sentence: str) -> None:
    with pytest.raises(SpecError, match=sentence):
        parse_config(CFG, text)
