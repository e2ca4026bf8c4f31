"""The answers of the reading side, as they are written to JSON (contract §5); field order is the order on the wire."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TypeAlias

from msgspec import UNSET, Raw, Struct, UnsetType


class Behind(Struct, frozen=True):
    """That an answer is behind the log (contract §9): by how many events, and whether they come by themselves.

    ``state`` is ``paused`` (somebody has to let it go on), ``catching_up``, or ``stopped`` (no projector works).
    """

    events: int
    state: str
    detail: str


class UnitName(Struct, frozen=True):
    """A unit as it is shown beside a figure."""

    id: str
    name: str
    level: str


class Stay(Struct, frozen=True):
    """Days on which a unit was a child: from ``since`` on, ``until`` excluded; null where it still is one."""

    since: dt.date
    until: dt.date | None


Values: TypeAlias = Mapping[str, int | None]
"""A number a measure; null where it is hidden."""
Split: TypeAlias = Mapping[str, Mapping[str, Mapping[str, int | None]] | None]
"""Of each measure, by dimension and code, how many; null of a measure that isn't broken down, and in a hidden cell."""


class Row(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One row of a report; ``own`` and ``rest`` mark what no sub-unit explains.

    ``code`` is of the one dimension asked for, ``codes`` are of two. A value that is hidden, so that it singles nobody
    out, is null; the last row is then ``suppressed`` and has what the hidden values of each measure come to.

    ``split`` has the values by the codes of each dimension asked for, null where none of them is broken down. With
    ``compare`` there are ``last_year`` and ``change``, which is value less last year; ``values`` or ``last_year`` is
    null where the unit was not there on any of the days, and ``change`` with it.

    The row of a child as-was says since when and until when (excluded) it was one, before and after the days asked for
    too; where it was so several times on days asked for, from the first of the ``stays`` to the last.
    """

    unit: UnitName | None = None
    since: dt.date | UnsetType = UNSET
    until: dt.date | UnsetType | None = UNSET
    stays: list[Stay] | UnsetType = UNSET
    month: str | None = None
    quarter: str | None = None
    year: str | None = None
    code: str | None = None
    codes: dict[str, str] | None = None
    own: bool = False
    rest: bool = False
    suppressed: bool = False
    values: Values | None
    split: Split | UnsetType | None = UNSET
    last_year: Values | UnsetType | None = UNSET
    last_year_split: Split | UnsetType | None = UNSET
    change: Values | UnsetType | None = UNSET


class Suppressed(Struct, frozen=True):
    """That cells are hidden, how many of each measure, and why; ``smallest`` people or more are shown."""

    smallest: int
    cells: dict[str, int]
    reason: str


class NotBrokenDown(Struct, frozen=True):
    """That measures of fewer than ``smallest`` people have their total alone, and why; in rows they are null.

    Of a split, ``rows`` says of how many rows a measure isn't broken down: small ones, and others with them.
    """

    smallest: int
    measures: list[str]
    reason: str
    rows: dict[str, int] | UnsetType = UNSET


class LastYear(Struct, frozen=True, rename={"first": "from", "last": "to"}):
    """The same days a year before: the total there, null where the unit was not there, and what it was less."""

    first: dt.date
    last: dt.date
    total: dict[str, int] | None
    change: Values | None
    split: Split | UnsetType | None = UNSET


class Report(Struct, frozen=True, rename={"first": "from", "last": "to"}):
    """A roll-up; the rows sum to the total unless there are none (``by=none``, or nothing may be broken down).

    A null in them counts as nothing. ``split`` is that of the total.
    """

    unit: UnitName
    first: dt.date
    last: dt.date
    basis: str
    position: int
    as_of: dt.datetime | None
    parked: int
    total: dict[str, int]
    rows: list[Row]
    split: Split | UnsetType | None = UNSET
    last_year: LastYear | UnsetType = UNSET
    suppressed: Suppressed | UnsetType = UNSET
    not_broken_down: NotBrokenDown | UnsetType = UNSET
    behind: Behind | UnsetType = UNSET


class Validity(Struct, frozen=True):
    """The days of a unit: established on ``since``, dissolved on ``until`` (excluded; null where it stands)."""

    since: dt.date
    until: dt.date | None
    successor: str | None


class UnitDay(Struct, frozen=True):
    """A unit on a day. Parent and ancestors (root first) are those that count: the dissolved ones are stood in for."""

    id: str
    name: str
    level: str
    on: dt.date
    active: bool
    parent: UnitName | None
    ancestors: list[UnitName]
    children: list[UnitName]
    validity: Validity
    position: int
    as_of: dt.datetime | None


class FoundUnit(Struct, frozen=True):
    """A unit that a search found, as last known; ``matched`` is the name it was found by, which may be a former one."""

    id: str
    name: str
    level: str
    matched: str
    validity: Validity


class UnitPage(Struct, frozen=True):
    """A page of a search, the best matches first."""

    units: list[FoundUnit]
    next: str | None
    position: int


class CountedEvent(Struct, frozen=True, omit_defaults=True):
    """One event under a number. A transfer stands twice where both its measures are asked for."""

    position: int
    publisher: str
    id: str
    type: str
    unit: str
    day: dt.date
    measure: str
    time: str
    facets: dict[str, str]


class CountedEventPage(Struct, frozen=True):
    """A page of the events under a number, by day, then position.

    ``units`` are those that they are about, named as on the last of the days (as-now: as last known).
    """

    events: list[CountedEvent]
    next: str | None
    position: int
    units: list[UnitName]
    behind: Behind | UnsetType = UNSET


class LogMoment(Struct, frozen=True):
    """Where the log was at the end of a day: the last position by then, and its moment; 0 where nothing was said."""

    on: dt.date
    position: int
    as_of: dt.datetime | None


class TakenBack(Struct, frozen=True):
    """The retraction that took an event back, and the reason that it gives."""

    publisher: str
    id: str
    position: int
    reason: str


class Said(Struct, frozen=True):
    """What became of one message. ``event`` is its body; where that is no JSON, ``body`` has it in base64.

    ``taken_back`` is told of one event that is asked for by itself.
    """

    position: int
    outcome: str
    reason: str | None
    field: str | None
    detail: str | None
    publisher: str | None
    id: str | None
    type: str | None
    subject: str | None
    published_at: dt.datetime
    held_at: int | None
    retracted_at: int | None
    retracted_by: int | None
    first_position: int | None
    event: Raw
    body: str | None
    taken_back: TakenBack | None = None


class SaidPage(Struct, frozen=True):
    """A page of parked and rejected events, the newest last; ``units`` are their subjects that are known, as last."""

    outcomes: list[Said]
    next: str | None
    position: int
    units: list[UnitName]


class PublisherRejects(Struct, frozen=True):
    """How many events of a publisher are rejected, by reason; of null, those whose bus subject names no publisher."""

    publisher: str | None
    rejected: int
    reasons: dict[str, int]
    last_position: int


class RejectsPage(Struct, frozen=True):
    """A page of publishers, those with most rejected events first."""

    publishers: list[PublisherRejects]
    next: str | None
    position: int


class Receipt(Struct, frozen=True):
    """What became of the message at a position, as its publisher needs to know it."""

    position: int
    outcome: str
    reason: str | None
    field: str | None
    detail: str | None
    publisher: str | None
    id: str | None
    first_position: int | None


class ReceiptPage(Struct, frozen=True):
    """The receipts of a range of positions, in order; those beyond ``position`` are not decided yet."""

    receipts: list[Receipt]
    position: int


class WorkerState(Struct, frozen=True):
    """The projector as it last said of itself."""

    name: str
    state: str
    detail: str | None
    seen_at: dt.datetime
    fetched_at: dt.datetime | None
    advanced_at: dt.datetime | None


class Status(Struct, frozen=True):
    """Where the read models stand against the log."""

    position: int
    as_of: dt.datetime | None
    stream_last: int | None
    lag: int | None
    parked: int
    rejected: int
    generation: int
    bus: str
    worker: WorkerState | None
    most_rejected: list[PublisherRejects]
    troubles: list[str]
    """Why the figures are not fresh, or may not stay so; none where all is well."""
