"""Slots: the smallest parts of a specification's state, and which of them an action involves.

A variable of our specs is a function nested over sets of entities: `phase[m]`, `standing[m][p]`, `ticket[m][p][t]`.
One value of it, for one entity or one tuple of entities, is a *slot*.  An action *involves* those slots all of whose
keys are among its parameters: `Admit(m, host, p)` involves `phase[m]`, `standing[m][host]` and `standing[m][p]`, and
no slot of anybody else.

Two parameters may name the same entity (`host = p`).  Then their slots are the same too, so every pattern of equal
parameters has slots of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product

Leaf = bool | int | str
"""What a slot holds."""

Equal = tuple[bool, ...]
"""For every pair of parameters of the same set, in order: whether both name the same entity."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A slot as an action names it: a variable and, for each of its keys, the parameter that names the entity."""

    variable: str
    params: tuple[str, ...]

    def __str__(self) -> str:
        return self.variable + "".join(f"[{param}]" for param in self.params)


def slot(text: str) -> Slot:
    """The slot that is written as in a specification: `standing[m][p]`."""
    variable, *params = text.replace("]", "").split("[")
    return Slot(variable, tuple(params))


def pairs(params: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The pairs of parameters that may name the same entity; `params` maps each parameter to its set."""
    return tuple((one, two) for one, two in combinations(params, 2) if params[one] == params[two])


def equal_params(params: Mapping[str, str], args: Sequence[str]) -> Equal:
    """Which of the `pairs` name the same entity if the parameters are `args`."""
    entity = dict(zip(params, args, strict=True))
    return tuple(entity[one] == entity[two] for one, two in pairs(params))


def first_params(params: Mapping[str, str], equal: Equal) -> dict[str, str]:
    """For each parameter the first one that names the same entity, which stands for all of them."""
    first = {param: param for param in params}
    for (one, two), same in zip(pairs(params), equal, strict=True):
        if same:
            first[two] = first[one]
    return first


def involved(params: Mapping[str, str], equal: Equal, variables: Mapping[str, Sequence[str]]) -> tuple[Slot, ...]:
    """The slots that an action with these parameters involves, each once, in the order of `variables`.

    `variables` maps each variable to the sets of its keys.
    """
    first = first_params(params, equal)
    return tuple(
        dict.fromkeys(
            Slot(variable, named)
            for variable, keys in variables.items()
            for named in product(*([first[param] for param in params if params[param] == key] for key in keys))
        )
    )


def pattern(params: Mapping[str, str], equal: Equal) -> tuple[str, ...]:
    """`equal` as TLA+ writes it: `("n = m", "q # p")`."""
    return tuple(f"{two} {'=' if same else '#'} {one}" for (one, two), same in zip(pairs(params), equal, strict=True))
