"""A service in memory, by the contract's words on sending: what an outbox is held against, step by step."""
# ruff: noqa: ARG002

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from events.codec import same_content
from projections.bilingual import Bilingual
from services.client.errors import AwayError, BadRequestError, MayNotError
from services.client.saying import Sayable, lines_of
from services.client.told import EventTold, SendReceipt
from services.publishing.lines import Line

Key = tuple[str, str]


@dataclass
class Trouble:
    """What goes wrong when events are sent next; everything is taken all the same where the answer is ``lost``."""

    kind: str = ""  # "", "away", "lost", "denied", "halfway", "too_long"
    forbidden: frozenset[str] = frozenset()


@dataclass
class ModelService:
    """The log of a service, what is decided of it, and what goes wrong."""

    log: list[Line] = field(default_factory=list)
    first: dict[Key, int] = field(default_factory=dict)
    decided: int = 0
    trouble: Trouble = field(default_factory=Trouble)
    asked: list[list[Key]] = field(default_factory=list)
    """The keys of each request that came, in their order."""
    longest: int = 1_000
    refuses: frozenset[str] = frozenset()
    """Ids that are refused for good."""

    def send_many(self, said: Iterable[Sayable], *, wait: float = 0.0, patience: float | None = None) -> SendReceipt:
        lines = lines_of(said)
        self.asked.append([(line.publisher, line.id) for line in lines])
        kind = self.trouble.kind
        if kind == "away":
            raise AwayError(Bilingual.of("away"))
        if kind == "denied":
            raise MayNotError(403, {"title": "no"})
        if kind == "too_long" and len(lines) > 1:
            raise BadRequestError(413, {"title": "too long"})
        items = [
            self._one(line, unsent=kind == "halfway" and place >= len(lines) // 2) for place, line in enumerate(lines)
        ]
        if kind == "lost":
            raise AwayError(Bilingual.of("the answer is lost"))
        return SendReceipt(tuple(items))

    def look_up(
        self, said: Sequence[Sayable], *, positions: Sequence[int | None] | None = None
    ) -> list[EventTold | None]:
        if self.trouble.kind in {"away", "lost"}:
            raise AwayError(Bilingual.of("away"))
        return [self._known(line) for line in lines_of(said)]

    def _one(self, line: Line, *, unsent: bool) -> EventTold:
        key = (line.publisher, line.id)
        if unsent:
            return EventTold(*key, "unsent", reason="bus_away")
        if line.publisher in self.trouble.forbidden:
            return EventTold(*key, "refused", reason="forbidden", field="source")
        if line.id in self.refuses:
            return EventTold(*key, "refused", reason="invalid_field", field="data.x")
        if key in self.first:
            told = self._known(line)
            return told or EventTold(*key, "duplicate", self.first[key])
        self.log.append(line)
        self.first[key] = len(self.log)
        return EventTold(*key, "accepted", len(self.log))

    def _known(self, line: Line) -> EventTold | None:
        position = self.first.get((line.publisher, line.id))
        if position is None or position > self.decided:
            return None
        if not same_content(self.log[position - 1].body, line.body):
            return EventTold(line.publisher, line.id, "refused", reason="id_conflict", field="id")
        return EventTold(line.publisher, line.id, "duplicate", position, "counted")

    def order_of(self, publisher: str) -> list[str]:
        """Give the ids of a publisher's events as they stand in the log."""
        return [json.loads(line.body)["id"] for line in self.log if line.publisher == publisher]
