"""What the players of all areas share: a player does the steps of one case, in the words of the protocol."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, Final

from incamera.wire.ids import UNKNOWN

from ..vectors import Area, Case, Step
from .answers import Answer, Judged, Verdict
from .entries import Entry
from .stage import Stage

DONE: Final = Answer(200)
"""The answer to what nobody answers: the clock, the network, the server's own acts."""

Act = Callable[[Mapping[str, str]], Awaitable[Answer]]


class Player:
    """Plays one case.

    Each action is a method of its name with underscores; it gets the case's entities by the action's parameters, the
    actor included.  The actions of the clock are all done by the testability control.

    `ids` has the server's names of entities, as far as there are any yet, under the entities that name them: a meeting
    under `("m1",)`, and a ticket, of which everybody has one in every meeting, under `("m1", "olga", "t1")`.
    """

    def __init__(self, stage: Stage, case: Case, area: Area, stack: AsyncExitStack) -> None:
        self.stage = stage
        self.case = case
        self.area = area
        self.stack = stack
        self.ids: dict[tuple[str, ...], str] = {}

    async def prepare(self) -> None:
        """Bring about what has to be there before the first step."""

    async def finish(self) -> None:
        """After the last step, look for what observing cannot show. Raises `Judged` if something is wrong."""

    def params(self, step: Step) -> dict[str, str]:
        """The entities of a step by the action's parameters, the actor included."""
        action = self.area.actions[step.do]
        acting = {action.actor: step.by} if action.by == "request" and action.actor else {}
        named = step.with_ | acting
        return {param: named[param] for param in action.params}

    def ids_of(self, step: Step) -> dict[str, str]:
        """The server's names of a step's entities by the action's parameters."""
        params = self.params(step)
        entities = list(params.values())
        return {param: self.named(entities[: at + 1]) or UNKNOWN for at, param in enumerate(params)}

    def logged(self, step: Step) -> Entry:
        """The record that the log must have of a step that was played, in the server's names."""
        action = self.area.actions[step.do]
        happened = step.refused is None or (action.answer == step.refused and step.then is not None)
        return Entry(self.area.spec, action.action, self.ids_of(step), None if happened else step.refused)

    async def act(self, step: Step) -> Answer:
        """Do a step. Raises `Judged` if that already decides the case, and `incamera.transport.TransportError`."""
        action = self.area.actions[step.do]
        if action.by == "clock":
            await self.stage.control.due(self.area.spec, action.action, self.ids_of(step))
            return DONE
        act: Act | None = getattr(self, step.do.replace("-", "_"), None)
        if act is None:
            raise Judged(Verdict.INFORMATIONAL, f"this runner does not know how to do {step.do}")
        return await act(self.params(step))

    def named(self, entities: Sequence[str]) -> str | None:
        """The server's name of the last of these entities, which the ones before it may help to tell; or None."""
        return self.ids.get(tuple(entities)) or self.ids.get(tuple(entities[-1:]))

    def roots(self) -> list[str]:
        """The server's names of those entities under which the area's variables are kept."""
        (kind,) = {variable.keys[0] for variable in self.area.variables.values()}
        return [self.ids[entity,] for entity in self.case.given[kind] if (entity,) in self.ids]

    async def observe(self) -> dict[str, Any]:
        """The state of the case, in the server's names."""
        roots = self.roots()
        if not roots:
            return {name: {} for name in self.area.variables}
        state = await self.stage.control.state(self.area.spec, roots)
        return {
            name: {root: state.get(name, {})[root] for root in roots if root in state.get(name, {})}
            for name in self.area.variables
        }
