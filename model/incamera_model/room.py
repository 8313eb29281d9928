"""A room's life: the place of one meeting at the communication server (Conference.tla, `room`)."""

from __future__ import annotations

from statemachine import State

from incamera_model.chart import ENVIRONMENT, HERE, Chart


class RoomChart(Chart):
    """shut → open → closed."""

    shut = State(initial=True)
    open = State()
    closed = State(final=True)

    open_room = shut.to(open)
    close_room = shut.to(closed) | open.to(closed)

    guards = {"open_room": {HERE: ENVIRONMENT}, "close_room": {HERE: ENVIRONMENT}}
