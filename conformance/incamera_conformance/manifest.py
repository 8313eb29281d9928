"""``spec/manifest.json``: which models there are and what each must come to.

The manifest is what keeps a model honest: a shrunken constant that leaves eight states of eighty thousand still
"holds", but no longer counts what the manifest counts.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from .errors import SpecError

By = Literal["request", "operator", "link", "clock", "network", "server"]
Expectation = Literal["holds", "violates", "reached"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Action(_Frozen):
    """Who makes an action happen; `actor` is the parameter that names the acting person, where one does.

    `answer` is the rule by which the action, although it happens, is answered with a refusal on the wire: a wrong
    passphrase is counted, and refused.
    """

    by: By
    actor: str | None = None
    answer: str | None = None


class Area(_Frozen):
    """One specified area: its module, the model whose graph everything downstream reads, its actions.

    `scope` maps each parameter name to the constant set of entities it ranges over; `ghosts` are variables that only
    invariants read and no implementation stores.
    """

    module: str
    graph: str | None = None
    actions: dict[str, Action] = Field(default_factory=dict)
    scope: dict[str, str] = Field(default_factory=dict)
    ghosts: tuple[str, ...] = ()


class Model(_Frozen):
    """One model and its expected result.

    `holds`: every invariant and property holds, in exactly `distinct` states as TLC counts them.
    `violates`: the seeded fault is caught by the named `invariant` (or liveness `property`); the others that its
    configuration lists were not violated before that.
    `reached`: the `invariant` says "never", and its violation shows that the state can be reached.
    """

    area: str
    cfg: str
    expect: Expectation
    invariant: str | None = None
    liveness: str | None = Field(default=None, alias="property")
    distinct: int | None = None

    @property
    def culprit(self) -> str | None:
        """The one name whose violation is expected; None where everything must hold."""
        return self.invariant or self.liveness

    @model_validator(mode="after")
    def _consistent(self) -> Model:
        if self.expect == "holds" and self.culprit:
            raise ValueError("a model that holds names no violated invariant or property")
        if self.expect != "holds" and (self.invariant is None) == (self.liveness is None):
            raise ValueError(f"a model that is expected as {self.expect!r} names one invariant or one property")
        if self.expect != "holds" and self.distinct is not None:
            raise ValueError("distinct states are counted only where the whole space is explored")
        return self


class Manifest(_Frozen):
    """The whole of ``spec/manifest.json``."""

    version: Literal[1] = Field(alias="schema")
    areas: dict[str, Area]
    models: dict[str, Model]

    @model_validator(mode="after")
    def _closed(self) -> Manifest:
        for name, model in self.models.items():
            if model.area not in self.areas:
                raise ValueError(f"model {name} belongs to an area that is not listed: {model.area}")
        for name, area in self.areas.items():
            if area.graph is not None and area.graph not in self.models:
                raise ValueError(f"area {name} takes its graph from a model that is not listed: {area.graph}")
        return self


def load_manifest(path: Path) -> Manifest:
    """Read and validate a manifest. Raises `SpecError`."""
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except OSError as error:
        raise SpecError(f"{path}: cannot be read: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "(whole file)"
        raise SpecError(f"{path}: {where}: {first['msg']}") from error
