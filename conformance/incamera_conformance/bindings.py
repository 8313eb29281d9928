"""Which charts take part in which action of a specification, and what they are told about their surroundings.

A chart is one entity's life, an action of a specification is everything that happens at once.  So an action is bound to
the slots whose charts take part in it, in the order in which a server asks them.  The facts are what a server computes
before it asks; here they are computed from the specification's state.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from incamera_model import (
    AccountChart,
    AccountFacts,
    Chart,
    MeetingChart,
    MeetingFacts,
    RoomChart,
    SessionChart,
    StandingChart,
    TicketChart,
    TicketFacts,
)

from .slots import Leaf


@dataclass(frozen=True, slots=True)
class View:
    """One instance of an action, as facts see it.

    `see` reads an involved slot, written with the action's parameters (`standing[m][p]`); `same` says whether two
    parameters name the same entity; `actor` is the parameter of whoever acts, if anybody does.
    """

    see: Callable[[str], Leaf]
    same: Callable[[str, str], bool]
    constants: Mapping[str, object]
    params: tuple[str, ...]
    actor: str | None


Facts = Callable[[View], object]
"""Computes the facts dataclass of a chart: frozen, one boolean field for each fact."""


@dataclass(frozen=True, slots=True)
class Binding:
    """All charts of one spec.

    `charts` and `facts` are by the variable whose slots the chart is the life of; a chart that needs no facts has none.
    `parts`: for each action the slots whose charts take part, in the order in which they are asked.
    """

    charts: Mapping[str, type[Chart]]
    facts: Mapping[str, Facts]
    parts: Mapping[str, tuple[str, ...]]

    def replaced(self, variable: str, chart: type[Chart]) -> Binding:
        """The same with another chart for `variable`: what a chart with a fault is tried out with."""
        return replace(self, charts={**self.charts, variable: chart})


def _account_facts(view: View) -> AccountFacts:
    return AccountFacts(last_try=int(view.see("fails[a]")) + 1 == view.constants["MaxFail"])


def _meeting_facts(view: View) -> MeetingFacts:
    phase = view.see("phase[m]")
    standing = view.see(f"standing[m][{view.actor}]") if view.actor else "outsider"
    return MeetingFacts(
        related=standing != "outsider",
        organizes=standing == "organizing",
        not_ended=phase != "ended",
        is_open=phase == "open",
    )


def _ticket_facts(view: View) -> TicketFacts:
    room = view.see("room[m]")
    shown = "n" in view.params  # at the door, where a ticket may be another room's or another person's
    return TicketFacts(
        room_open=room == "open",
        room_closed=room == "closed",
        same_room=not shown or view.same("n", "m"),
        same_person=not shown or view.same("q", "p"),
    )


BINDINGS: Final[Mapping[str, Binding]] = {
    "Auth": Binding(
        charts={"account": AccountChart, "session": SessionChart},
        facts={"account": _account_facts},
        parts={
            "CreateAccount": ("account[a]",),
            "LogIn": ("account[a]", "session[a][s]"),
            "FailLogIn": ("account[a]",),
            "Unlock": ("account[a]",),
            "LogOut": ("session[a][s]",),
            "ExpireSession": ("session[a][s]",),
        },
    ),
    "Meeting": Binding(
        charts={"phase": MeetingChart, "standing": StandingChart},
        facts={"phase": _meeting_facts, "standing": _meeting_facts},
        parts={
            "ScheduleMeeting": ("phase[m]", "standing[m][host]"),
            "Invite": ("standing[m][p]",),
            "OpenMeeting": ("phase[m]",),
            "Knock": ("standing[m][p]",),
            "Admit": ("standing[m][p]",),
            "Refuse": ("standing[m][p]",),
            "Leave": ("standing[m][p]",),
            "TakeTicket": ("standing[m][p]",),
            "EndMeeting": ("phase[m]",),
            "ExpireMeeting": ("phase[m]",),
        },
    ),
    "Conference": Binding(
        charts={"room": RoomChart, "ticket": TicketChart},
        facts={"ticket": _ticket_facts},
        parts={
            "OpenRoom": ("room[m]",),
            "CloseRoom": ("room[m]",),
            "Grant": ("ticket[m][p][t]",),
            "ExpireTicket": ("ticket[m][p][t]",),
            "EnterRoom": ("ticket[n][q][t]",),
            "Drop": ("ticket[m][p][t]",),
            "ReturnToRoom": ("ticket[n][q][t]",),
            "LeaveRoom": ("ticket[m][p][t]",),
            "Lapse": ("ticket[m][p][t]",),
            "Clear": ("ticket[m][p][t]",),
            "Dismiss": ("ticket[m][p][t]",),
        },
    ),
}
"""By spec."""
