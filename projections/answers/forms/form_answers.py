"""The answers about forms, as they are written to JSON; field order is the order on the wire."""

from __future__ import annotations

import datetime as dt

from msgspec import UNSET, Struct, UnsetType

from projections.answers.report.report_answers import Behind, NotBrokenDown, Suppressed, UnitName

_PERIOD = {"first": "from", "last": "to"}


class FormName(Struct, frozen=True):
    """A form: its number and title, from what and of which day it was taken.

    ``checked``: it was held against the original. ``own``: the office put it in the place of the one that comes with
    the service, or beside them.
    """

    form: str
    number: str
    title: str
    source: str
    since: dt.date
    checked: bool
    own: bool


class FormList(Struct, frozen=True):
    """The forms that there are, in the order of their numbers."""

    forms: list[FormName]


class FormDays(Struct, frozen=True, rename=_PERIOD):
    """The same days a year before."""

    first: dt.date
    last: dt.date


class FormFrame(Struct, frozen=True):
    """What stands round the lines: above them who reports what to whom until when, below them who signs.

    ``superior`` is null of the root, ``receiver`` and ``due`` where the form doesn't say it for the unit's level.
    """

    superior: str | None
    body: str
    department: str
    receiver: str | None
    due: dt.date | None
    measured_in: str
    columns: list[str]
    by_whom: str


class FormRow(Struct, frozen=True):
    """A line: ``kind`` is `counted`, `heading` or `not_collected`.

    A number that is not there is null, and its ``reason`` says why: `hidden`, `not_declared`, `not_there` (the unit was
    not), `not_on_this_basis`, `not_collected`. ``percent`` is value of last year, rounded half up to one place; null
    where one of them is missing or last year was 0.

    Where the number is told too: in a report of the ``measures`` (with commas between them) by the codes of the
    ``dimension``, or in what is said of silence of units of the ``level``.
    """

    kind: str
    mark: str
    text: str
    indent: int
    value: int | None
    reason: str | None
    last_year: int | None
    last_year_reason: str | None
    percent: float | None
    measures: str | None
    dimension: str | None
    level: str | None


class FilledForm(Struct, frozen=True, rename=_PERIOD):
    """An official form, filled in for a unit; ``notes`` say what has to be said beside the figures."""

    form: FormName
    unit: UnitName
    first: dt.date
    last: dt.date
    last_year: FormDays
    basis: str
    position: int
    as_of: dt.datetime | None
    parked: int
    frame: FormFrame
    rows: list[FormRow]
    notes: list[str]
    suppressed: Suppressed | UnsetType = UNSET
    not_broken_down: NotBrokenDown | UnsetType = UNSET
    behind: Behind | UnsetType = UNSET
