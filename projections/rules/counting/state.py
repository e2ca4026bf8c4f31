"""What the fold knows between batches: the hierarchy, who is large, what is parked.

Owned by one projector, changed by the fold alone.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from msgspec import Struct

from events.codec import Event
from projections.rules.deciding.parking import Parking
from projections.rules.hierarchy.as_now_terms import PastEdges
from projections.rules.hierarchy.depth import DEPTHS, Depths
from projections.rules.hierarchy.hierarchy import Hierarchy
from projections.rules.log.hash_chain import NOTHING


class Sizes(NamedTuple):
    """From how many units below it a unit keeps more than days, and how deep the tree may be.

    ``large`` ones keep running sums in place of days, ``vast`` ones breakdowns too. The depths are a rule of the
    contract: others than these are for tests of it.
    """

    large: int = 32
    vast: int = 1000
    depths: Depths = DEPTHS


SIZES = Sizes()


class Edition(NamedTuple):
    """Which read models the state is of: their generation, and how often they were repaired."""

    generation: int = 1
    repairs: int = 0


@dataclass(slots=True)
class State:
    """The state after the batch that ended at ``position``.

    One that does not ``count`` (a rebuild's first pass) keeps facts and structure alone: counters, and all that moves
    between them, are made from these at the end, when the facts that were taken back go too.
    """

    root: str
    sizes: Sizes = SIZES
    position: int = 0
    edition: Edition = field(default_factory=Edition)
    chain_hash: bytes | None = NOTHING
    """The hash of the log up to the position (`projections.rules.log.hash_chain`); None where it is not carried on."""
    has_facts: bool = False
    counts: bool = True
    facts_of: Counter[int] = field(default_factory=Counter)
    """Of one that does not count: how many facts hold under each unit. Else the tables tell."""
    hierarchy: Hierarchy = field(default_factory=Hierarchy)
    past: PastEdges = field(init=False)
    large: set[int] = field(default_factory=set)
    vast: set[int] = field(default_factory=set)
    running: set[int] = field(default_factory=set)
    """The large ones that have running sums: all, but for those of a generation that is older than these (0048)."""
    parking: Parking = field(default_factory=Parking)
    parked_own: dict[int, int] = field(default_factory=dict)
    parked_below: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.past = PastEdges(self.hierarchy)


class Recorded(Struct, gc=False):
    """The first message under a key ``(publisher, id)``, with its outcome as it stands."""

    position: int
    publisher: str
    id: str
    type: str | None
    outcome: str
    bus_subject: str
    body: bytes
    event: Event | None = None
