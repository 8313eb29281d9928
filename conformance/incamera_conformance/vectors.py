"""The files of generated cases, as `vectors/FORMAT.md` describes them: models of a case and of the manifest.

Everything that a case says is in it or in the manifest; nothing here is needed to understand a vector.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from .errors import ConformanceError

FORMAT: Final = 1
MANIFEST = "manifest.json"
SCHEMA = "schema.json"

Kebab = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Entity = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*$")]
RuleId = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9]*-\d{3}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
CaseId = Annotated[str, StringConstraints(pattern=r"^[a-z]+/(accept|refuse)/[a-z0-9/-]+$")]
By = Literal["request", "operator", "link", "clock", "network", "server"]
Leaf = bool | int | str
State = dict[str, Any]
"""Variable → entity → … → `Leaf`."""


class VectorsError(ConformanceError):
    """The vectors are missing or are not what their schema says."""


class _Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Refused(_Form):
    """The step is refused by this rule."""

    refused: RuleId


class Step(_Form):
    """One step: who does what, with which entities, and what must come of it."""

    by: Annotated[str, Field(description="The acting entity, or operator, link, clock, network or server.")]
    do: Annotated[Kebab, Field(description="What is done; see FORMAT.md for each.")]
    with_: Annotated[dict[str, Entity], Field(alias="with", description="The other parameters of the action, by name.")]
    expect: Annotated[Literal["ok"] | Refused, Field(description="The answer.")]
    then: Annotated[
        State | None, Field(description="The parts of the state that change, with what they hold after the step.")
    ] = None
    unchanged: Annotated[Literal[True] | None, Field(description="Nothing observable changes.")] = None

    @property
    def refused(self) -> str | None:
        """The rule by which the step is refused."""
        return self.expect.refused if isinstance(self.expect, Refused) else None


class Case(_Form):
    """One case; its steps are done in order, from the initial state."""

    id: CaseId
    title: str
    area: Kebab
    given: Annotated[dict[Kebab, tuple[Entity, ...]], Field(description="The entities of the case, by their kind.")]
    steps: Annotated[tuple[Step, ...], Field(min_length=1)]

    def line(self) -> str:
        """The case as it stands in its file, without the line's end."""
        return json.dumps(self.model_dump(mode="json", by_alias=True, exclude_none=True), ensure_ascii=False)


class Action(_Form):
    """An action of the specification, and how a step says it."""

    action: Annotated[str, Field(description="Its name in the specification and in the audit log.")]
    by: By
    params: Annotated[dict[str, Kebab], Field(description="Parameter → kind of entity, in order.")]
    actor: str | None = None
    answer: Annotated[
        RuleId | None, Field(description="The act happens, and is answered with a refusal by this rule.")
    ] = None


class Variable(_Form):
    """An observable variable: the kinds of its keys, and what it holds for each before anything has happened."""

    keys: tuple[Kebab, ...]
    initial: Leaf


class Counts(_Form):
    """How much of a specification's graph the cases of an area cover."""

    edge_classes: int
    edge_classes_covered: int
    refusal_classes: int
    refusal_classes_covered: int
    excluded: Annotated[
        dict[Kebab, int], Field(description="Classes that no case can show, by the reason; see FORMAT.md.")
    ]
    excluded_edges: Annotated[dict[Kebab, int], Field(description="Edge classes that no case can show, by the reason.")]
    cases: int
    steps: int


class Area(_Form):
    """One specification."""

    spec: str
    model: str
    sha256: Sha256
    constants: dict[str, Any]
    variables: dict[str, Variable]
    actions: dict[Kebab, Action]
    counts: Counts


class Rule(_Form):
    """What a refusal by a rule says on the wire: the HTTP status, and the rule's sentence as the title."""

    status: int
    sentence: str


class VectorManifest(_Form):
    """`vectors/manifest.json`."""

    format: Literal[1]
    areas: dict[Kebab, Area]
    rules: dict[RuleId, Rule]
    files: Annotated[dict[str, Sha256], Field(description="Every generated file with its hash.")]


def load_manifest(folder: Path) -> VectorManifest:
    """Read the manifest of the vectors in `folder`. Raises `VectorsError`."""
    path = folder / MANIFEST
    try:
        return VectorManifest.model_validate_json(path.read_bytes())
    except OSError as error:
        raise VectorsError(f"{path}: cannot be read: {error.strerror}") from error
    except ValidationError as error:
        raise VectorsError(f"{path}: {_first(error)}") from error


def load_cases(folder: Path, area: str) -> Iterator[Case]:
    """The cases of an area, first what is accepted, then what is refused. Raises `VectorsError`."""
    for path in (folder / area / "accepts.jsonl", folder / area / "refusals.jsonl"):
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except OSError as error:
            raise VectorsError(f"{path}: cannot be read: {error.strerror}") from error
        for number, line in enumerate(lines, 1):
            try:
                yield Case.model_validate_json(line)
            except ValidationError as error:
                raise VectorsError(f"{path}:{number}: {_first(error)}") from error


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of one case, that is of each line of a `.jsonl` file; the manifest's is in `$defs`."""
    case = Case.model_json_schema(by_alias=True)
    manifest = VectorManifest.model_json_schema(by_alias=True)
    definitions = case.pop("$defs") | manifest.pop("$defs") | {"VectorManifest": manifest}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:incamera:vectors:1",
        **case,
        "$defs": dict(sorted(definitions.items())),
    }


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc'])) or '(whole)'}: {first['msg']}"
