"""The statecharts that the servers run, one for every entity; each is compared exhaustively with its specification.

Importing this package needs nothing but python-statemachine: charts know neither stores nor sockets nor clocks.
"""

from incamera_model.account import AccountChart, AccountFacts
from incamera_model.chart import ENVIRONMENT, Chart, Refused
from incamera_model.meeting import MeetingChart, MeetingFacts
from incamera_model.room import RoomChart
from incamera_model.session import SessionChart
from incamera_model.standing import StandingChart
from incamera_model.ticket import TicketChart, TicketFacts

__all__ = [
    "ENVIRONMENT",
    "AccountChart",
    "AccountFacts",
    "Chart",
    "MeetingChart",
    "MeetingFacts",
    "Refused",
    "RoomChart",
    "SessionChart",
    "StandingChart",
    "TicketChart",
    "TicketFacts",
]
