"""States as a case tells them and as a server shows them, and the difference between both."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from ..vectors import Area, Leaf

Slots = dict[tuple[str, ...], Leaf]
"""The variable and its keys → what it holds."""


def initial(area: Area, given: Mapping[str, Sequence[str]]) -> Slots:
    """What all slots of these entities hold before anything has happened."""
    return {
        (name, *keys): variable.initial
        for name, variable in area.variables.items()
        for keys in product(*(given[kind] for kind in variable.keys))
    }


def flat(state: Mapping[str, Any]) -> Slots:
    """A nested state, or the part of one that is told."""
    return dict(_leaves(state))


def differences(
    expected: Slots, observed: Slots, named: Callable[[Sequence[str]], str | None], area: Area
) -> list[str]:
    """How a state differs from the expected one, each difference in words.

    `observed` is in the server's names; `named` gives the server's name of the last of some entities.  A slot that the
    server does not keep holds the variable's initial value.
    """
    found: list[str] = []
    known: set[tuple[str, ...]] = set()
    for (variable, *entities), value in expected.items():
        names = [named(entities[: at + 1]) for at in range(len(entities))]
        slot = (variable, *(name for name in names if name is not None))
        kept = observed.get(slot) if None not in names else None
        known.add(slot)
        if (shown := area.variables[variable].initial if kept is None else kept) != value:
            found.append(f"{_text(variable, entities)} is {shown!r}, not {value!r}")
    for slot, value in observed.items():
        if slot not in known and value != area.variables[slot[0]].initial:
            found.append(f"{_text(slot[0], slot[1:])} is {value!r}, of which the case knows nothing")
    return found


def _leaves(state: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Leaf]]:
    for key, value in state.items():
        if isinstance(value, dict):
            for path, found in _leaves(value):
                yield (key, *path), found
        else:
            yield (key,), value


def _text(variable: str, keys: Sequence[str]) -> str:
    return variable + "".join(f"[{key}]" for key in keys)
