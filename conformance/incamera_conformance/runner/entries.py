"""What the server's log must say of the steps that were played."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from incamera.wire.audit import Record


@dataclass(frozen=True, slots=True)
class Entry:
    """A record without its place and time: an act, by the server's names, and the rule if one refused it."""

    spec: str
    action: str
    params: Mapping[str, str | int]
    rule: str | None = None

    def __str__(self) -> str:
        named = ", ".join(f"{param}={name}" for param, name in self.params.items())
        return f"{self.spec}: {self.action}({named}), {f'refused by {self.rule}' if self.rule else 'accepted'}"

    @property
    def key(self) -> Hashable:
        """What equal entries have in common.  A log-in that is refused begins no session, whatever it is called."""
        nameless = {"s"} if self.action == "LogIn" and self.rule else set[str]()
        params = frozenset((param, name) for param, name in self.params.items() if param not in nameless)
        return self.spec, self.action, params, self.rule


class Entries:
    """The entries of a log; each answers for one step."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._left: Counter[Hashable] = Counter()
        for line in lines:
            try:
                record = Record.model_validate_json(line)
            except ValidationError:
                continue  # the replay tells of it
            rule = None if record.outcome == "accepted" else record.rule or "no rule"
            self._left[Entry(record.spec, record.action, record.params, rule).key] += 1

    def take(self, entry: Entry) -> bool:
        """Whether the log has such an entry that was not taken before."""
        if not self._left[entry.key]:
            return False
        self._left[entry.key] -= 1
        return True
