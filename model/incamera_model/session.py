"""A session's life (Auth.tla, `session`)."""

from __future__ import annotations

from statemachine import State

from incamera_model.chart import ENVIRONMENT, HERE, Chart


class SessionChart(Chart):
    """none → live → closed by its owner, or expired by time."""

    none = State(initial=True)
    live = State()
    closed = State(final=True)
    expired = State(final=True)

    log_in = none.to(live)
    log_out = live.to(closed)
    expire_session = live.to(expired)

    guards = {
        "log_in": {HERE: ENVIRONMENT},
        "log_out": {HERE: "AUTH-005"},
        "expire_session": {HERE: ENVIRONMENT},
    }
