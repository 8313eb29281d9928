"""What the players of all areas share: a player does the steps of one case, in the words of the protocol."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, Final

from ..vectors import Area, Case, Step
from .answers import Answer, Judged, Verdict
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

    async def act(self, step: Step) -> Answer:
        """Do a step. Raises `Judged` if that already decides the case, and `incamera.transport.TransportError`."""
        action = self.area.actions[step.do]
        if action.by == "clock":
            entities = [step.with_[param] for param in action.params]
            names = [self.named(entities[: at + 1]) for at in range(len(entities))]
            params = {param: name or "" for param, name in zip(action.params, names, strict=True)}
            await self.stage.control.due(self.area.spec, action.action, params)
            return DONE
        params = dict(step.with_)
        if action.by == "request" and action.actor:
            params[action.actor] = step.by
        act: Act | None = getattr(self, step.do.replace("-", "_"), None)
        if act is None:
            raise Judged(Verdict.INFORMATIONAL, f"this runner does not know how to do {step.do}")
        return await act(params)

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
