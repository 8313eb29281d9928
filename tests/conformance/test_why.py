"""A rule is one sentence wherever it stands: in the specs, on the wire and in the charts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from incamera.wire.rules import RULES
from incamera_conformance import resources
from incamera_conformance.actions import actions
from incamera_conformance.bindings import BINDINGS
from incamera_conformance.cli import app
from incamera_conformance.rules import collect
from incamera_conformance.specs import load_specs
from incamera_conformance.syntax import parse
from incamera_conformance.why import NoSuchRuleError, Refusal, Use, why
from incamera_model.chart import ENVIRONMENT


def _stated() -> dict[str, str]:
    """Every rule of the specs with its sentence."""
    specs = load_specs()
    sources = [parse(specs.root / area.module) for area in specs.manifest.areas.values()]
    return {name: rule.sentence for name, rule in collect(sources).items()}


def _guarding() -> set[str]:
    """The rules at the guards of all actions."""
    specs = load_specs()
    found = set()
    for area in specs.manifest.areas.values():
        assert area.graph is not None
        model = specs.model(area.graph)
        found |= {guard.rule for action in actions(model.flat, model.config) for guard in action.guards}
    return found - {ENVIRONMENT}


def test_the_wire_says_what_the_specs_say() -> None:
    stated = _stated()
    assert {name: rule.sentence for name, rule in RULES.items()} == {name: stated[name] for name in RULES}


def test_the_wire_knows_exactly_the_rules_that_refuse() -> None:
    assert set(RULES) == _guarding()


def test_the_charts_refuse_by_exactly_these_rules() -> None:
    told = {
        rule
        for binding in BINDINGS.values()
        for chart in binding.charts.values()
        for guards in chart.guards.values()
        for rule in guards.values()
    }
    assert told - {ENVIRONMENT} == set(RULES)


def test_a_rule_from_end_to_end() -> None:
    found = why("AUTH-005", load_specs(), resources.vectors())
    assert found.sentence == RULES["AUTH-005"].sentence
    assert found.status == 401
    (guard,) = found.guards
    assert guard.name == "LogOut"
    assert found.charts == (Refusal("SessionChart", "log_out", "here"),)
    assert found.vectors
    assert all(title.startswith("MUST refuse log-out if ") and "[AUTH-005]" in title for title in found.vectors)


def test_places_are_those_of_the_files() -> None:
    specs = load_specs()
    found = why("mtg-012", specs, resources.vectors())
    (claim,) = found.claims
    assert claim.name == "InvNoAdmitWithoutDecision"
    for place in (found.place, claim.place):
        file, _, line = place.rpartition(":")
        text = (specs.root.parent / file).read_text(encoding="utf-8").splitlines()[int(line) - 1]
        assert text.startswith("\\* MTG-012")
    assert found.guards == ()
    assert found.status is None


def test_several_claims_may_protect_a_rule() -> None:
    found = why("CONF-002", load_specs(), resources.vectors())
    assert [claim.name for claim in found.claims] == ["InvRosterHasTicket", "InvEnteredOnce"]


def test_without_vectors_there_are_no_titles(tmp_path: Path) -> None:
    assert why("AUTH-001", load_specs(), tmp_path).vectors == ()


def test_a_rule_that_nobody_states() -> None:
    with pytest.raises(NoSuchRuleError, match="no specification states a rule AUTH-0001; there are AUTH-001"):
        why("AUTH-0001", load_specs(), resources.vectors())


def test_the_command() -> None:
    result = CliRunner().invoke(app, ["why", "AUTH-001"])
    assert result.exit_code == 0
    assert RULES["AUTH-001"].sentence in result.stdout
    assert "InvNoSessionWithoutAccount" in result.stdout
    assert "AccountChart: fail_log_in" in result.stdout
    told = json.loads(CliRunner().invoke(app, ["why", "AUTH-001", "--json"]).stdout)
    assert (told["rule"], told["status"]) == ("AUTH-001", 401)
    assert [Use(**use).name for use in told["guards"]] == ["LogIn", "FailLogIn"]
