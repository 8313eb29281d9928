"""One act: a transaction on the server's tables, and what has to be told once it is durable."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from sqlalchemy import insert

from incamera.journal import Declined, Refusal, Transaction
from incamera.tmms import tables
from incamera.wire.link import CloseRoom, Dismiss, OpenRoom
from incamera_model import ENVIRONMENT, Chart, Refused


class NotAllowed(Declined):
    """A request is answered with the refusal by `rule`, and no record is made of that.

    Either it is no action of a specification, such as looking at a meeting, or the record is already made: a wrong
    passphrase is an action that happens.  A refused action raises `incamera.journal.Refusal`.
    """

    def __init__(self, rule: str) -> None:
        super().__init__(f"refused by {rule}")
        self.rule = rule


@dataclass(slots=True)
class Act:
    """What an act's code works with.

    `meetings`: ids of those that changed. `posted`: a letter to the communication server was written. `deadline`: one
    was set, which may be the soonest of all.
    """

    tx: Transaction
    meetings: set[str] = field(default_factory=set)
    posted: bool = False
    deadline: bool = False

    def post(self, message: OpenRoom | CloseRoom | Dismiss) -> None:
        """Write a letter: the communication server is told `message` once this act is durable, even after a crash."""
        self.tx.connection.execute(insert(tables.letter).values(body=message.model_dump(mode="json")))
        self.posted = True


def decide(chart: Chart, spec: str, action: str, **params: str | int) -> str:
    """The state to which `action` of `spec` takes the chart; a `Refusal` of the action if the chart does not allow it.

    Raises `incamera_model.Refused` as it is where no request can be at fault.
    """
    try:
        return chart.take(re.sub("(?<!^)(?=[A-Z])", "_", action).lower())
    except Refused as refused:
        if refused.rule == ENVIRONMENT:
            raise
        raise Refusal(refused.rule, spec, action, **params) from None
