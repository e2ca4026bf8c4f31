"""Every type of event in one table: what it says, on which day it counts, what it counts and how it breaks down.

A new kind of fact is one row here, with the struct of its data (`events.data`), its words (`events.words`) and its
test: everything else follows. A row of a fact is put after those of the other facts and never moved: the order of the
measures is the order of the numbers under which they are stored. Source: contract, section 1.
"""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final, Literal, get_args

from msgspec import Struct, structs

from events.data import (
    AccessGranted,
    AccessRevoked,
    BadgeAwarded,
    CandidateIntroduced,
    CandidateTrained,
    Data,
    EventRetracted,
    Facets,
    FigureDeclared,
    MemberAdmitted,
    MemberConfirmed,
    MemberDeparted,
    MemberRestored,
    MemberTransferred,
    TargetAssigned,
    UnitDissolved,
    UnitEstablished,
    UnitMoved,
    UnitReleveled,
    UnitRenamed,
)
from events.identifiers import Reference, UnitId
from events.vocabulary import NO, UNKNOWN, YES

DataStruct = type[Data]
Kind = Literal["fact", "structure", "plan", "access", "correction"]


class Count(Struct, frozen=True):
    """One thing that a fact counts: the measure, and which unit it counts for (`subject`, or a field of data).

    `stock` is what one such fact adds to the number of members: 1, -1, or nothing. `person` is the field of data with
    the reference by which that unit knows the person; None where it is the one by which the subject does.
    """

    measure: str
    unit: str = "subject"
    stock: Literal[-1, 0, 1] = 0
    person: str | None = None


class Own(Struct, frozen=True):
    """A dimension of a fact's own, named like its field of data; `absent` is the code where it isn't given.

    Its code is stored in `width` bits from bit `at` on (`events.facets`): where it lies is never changed.
    """

    name: str
    at: int
    width: int
    absent: str = UNKNOWN


@cache
def _fields(data: DataStruct, declared: object) -> tuple[str, ...]:
    return tuple(known.name for known in structs.fields(data) if declared in (known.type, *get_args(known.type)))


class EventType(Struct, frozen=True):
    """One row of the table.

    `day` names the attributes of data that may hold the day on which a fact is counted and authority is judged: the
    first one that is given does. A retraction and an event of access have none.
    """

    type: str
    kind: Kind
    data: DataStruct
    day: tuple[str, ...] = ()
    counts: tuple[Count, ...] = ()
    own: tuple[Own, ...] = ()

    @property
    def units(self) -> tuple[str, ...]:
        """The fields of data that name another unit, in their order."""
        return _fields(self.data, UnitId)

    @property
    def person(self) -> str | None:
        """The field of data with the reference by which the subject knows the person; None where it names nobody."""
        return next(iter(_fields(self.data, Reference)), None)

    @property
    def joins(self) -> tuple[str, str] | None:
        """The fields of data with another unit and the reference by which it knows the person; None without those."""
        return next(((count.unit, count.person) for count in self.counts if count.person is not None), None)


_ROWS = (
    EventType(
        "member.admitted",
        "fact",
        MemberAdmitted,
        day=("decided_on",),
        counts=(Count("admissions", stock=1),),
        own=(Own("readmission", at=37, width=3, absent=NO),),
    ),
    EventType("member.confirmed", "fact", MemberConfirmed, day=("decided_on",), counts=(Count("confirmations"),)),
    EventType(
        "badge.awarded",
        "fact",
        BadgeAwarded,
        day=("awarded_on",),
        counts=(Count("badges"),),
        own=(Own("grade", at=25, width=5), Own("early", at=40, width=3), Own("posthumous", at=43, width=3)),
    ),
    EventType(
        "member.departed",
        "fact",
        MemberDeparted,
        day=("on",),
        counts=(Count("departures", stock=-1),),
        own=(Own("reason", at=30, width=4),),
    ),
    EventType(
        "member.transferred",
        "fact",
        MemberTransferred,
        day=("on",),
        counts=(Count("transfers_out", stock=-1), Count("transfers_in", unit="to", stock=1, person="as_")),
    ),
    EventType("candidate.introduced", "fact", CandidateIntroduced, day=("on",), counts=(Count("introductions"),)),
    EventType(
        "candidate.trained",
        "fact",
        CandidateTrained,
        day=("on",),
        counts=(Count("trainings"),),
        own=(Own("passed", at=34, width=3),),
    ),
    EventType("member.restored", "fact", MemberRestored, day=("on",), counts=(Count("restorations", stock=1),)),
    EventType("unit.established", "structure", UnitEstablished, day=("since",)),
    EventType("unit.renamed", "structure", UnitRenamed, day=("since",)),
    EventType("unit.releveled", "structure", UnitReleveled, day=("since",)),
    EventType("unit.moved", "structure", UnitMoved, day=("since",)),
    EventType("unit.dissolved", "structure", UnitDissolved, day=("since",)),
    EventType("target.assigned", "plan", TargetAssigned, day=("from_",)),
    EventType("figure.declared", "plan", FigureDeclared, day=("on", "to")),
    EventType("access.granted", "access", AccessGranted),
    EventType("access.revoked", "access", AccessRevoked),
    EventType("event.retracted", "correction", EventRetracted),
)


CATALOGUE: Final[Mapping[str, EventType]] = MappingProxyType({row.type: row for row in _ROWS})
FACTS: Final = tuple(row for row in _ROWS if row.kind == "fact")

ACCESS_TYPES: Final = frozenset(row.type for row in _ROWS if row.kind == "access")
"""Who may read and speak: published by the service alone, shown to keepers alone (section 7)."""

MEASURES: Final[tuple[str, ...]] = tuple(dict.fromkeys(count.measure for row in FACTS for count in row.counts))
"""The measures in the order of their numbers; the first has the number 1."""

MEASURE_NUMBERS: Final[Mapping[str, int]] = MappingProxyType({name: i for i, name in enumerate(MEASURES, start=1)})
"""The small integer under which a measure is stored."""

_STOCK = {count.measure: count.stock for row in FACTS for count in row.counts if count.stock}
STOCK_FLOWS: Final[Mapping[str, int]] = MappingProxyType(dict(sorted(_STOCK.items(), key=lambda flow: -flow[1])))
"""What each measure adds to the stock of members, 1 or -1: what comes first, then what goes."""

FACET_DIMENSIONS: Final[tuple[str, ...]] = Facets.__struct_fields__
"""The dimensions that every measure has."""


def values_of(data: DataStruct, name: str) -> dict[object, str]:
    """Map every value that a field with codes can hold, other than UNSET, to its code, in order."""
    (declared,) = (known.type for known in structs.fields(data) if known.name == name)
    return {value: code for part in (declared, *get_args(declared)) for value, code in _values(part)}


def _values(declared: object) -> list[tuple[object, str]]:
    if declared is bool:
        return [(True, YES), (False, NO)]
    return [(value, str(value)) for value in get_args(declared) if isinstance(value, str | int)]


def _codes(data: DataStruct, name: str) -> tuple[str, ...]:
    return (*values_of(data, name).values(), UNKNOWN)


DIMENSIONS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {name: _codes(Facets, name) for name in FACET_DIMENSIONS}
    | {own.name: _codes(row.data, own.name) for row in FACTS for own in row.own}
)
"""The codes of each dimension in the order in which they are shown, `unknown` last."""

_DIMENSIONS_OF = {
    measure: (
        *FACET_DIMENSIONS,
        *dict.fromkeys(own.name for row in FACTS for own in row.own if measure in [c.measure for c in row.counts]),
    )
    for measure in MEASURES
}


def dimensions_of(measure: str) -> tuple[str, ...]:
    """Name the dimensions by which a measure can be broken down; raises KeyError for an unknown measure."""
    return _DIMENSIONS_OF[measure]
