"""An account's life, as far as logging in goes (Auth.tla, `account`)."""

from __future__ import annotations

from dataclasses import dataclass

from statemachine import State

from incamera_model.chart import ENVIRONMENT, HERE, Chart


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """`last_try`: one more wrong passphrase reaches the limit (`fails[a] + 1 = MaxFail`)."""

    last_try: bool


class AccountChart(Chart):
    """absent → active ⇄ locked."""

    absent = State(initial=True)
    active = State()
    locked = State()

    create_account = absent.to(active)
    log_in = active.to(active)
    fail_log_in = active.to(locked, cond="last_try") | active.to(active)
    unlock = locked.to(active)

    guards = {
        "create_account": {HERE: "AUTH-004"},
        "log_in": {HERE: "AUTH-001"},
        "fail_log_in": {HERE: "AUTH-001"},
        "unlock": {HERE: ENVIRONMENT},
    }
