"""A form as data: its frame, and of each line what is counted there; nothing in it is ever executed (decision 0054)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import chain
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from events.catalogue import DIMENSIONS as CODES_OF
from events.catalogue import MEASURES, STOCK_FLOWS, dimensions_of
from events.names import fault_of
from events.vocabulary import LEVELS

Text = Annotated[str, Meta(min_length=1, max_length=300)]
Mark = Annotated[str, Meta(max_length=10)]
Province = Literal["same", "other"]

TRANSFERS: Final = ("transfers_in", "transfers_out")
COLUMNS: Final = 4


class Counted(Struct, frozen=True, forbid_unknown_fields=True):
    """How many of a measure; only some ``codes`` of a ``dimension``; only transfers within a ``province`` or not."""

    measure: str
    dimension: str | None = None
    codes: Annotated[tuple[str, ...], Meta(max_length=40)] = ()
    province: Province | None = None
    times: Literal[1, -1] = 1


class FormLine(Struct, frozen=True, forbid_unknown_fields=True):
    """A line of a form: the sum of what it counts, a stock of members, or units that admitted nobody.

    ``not_collected``: what the log can't answer. With none of these it is a heading.
    """

    text: Text
    mark: Mark = ""
    indent: Annotated[int, Meta(ge=0, le=5)] = 0
    counts: Annotated[tuple[Counted, ...], Meta(max_length=30)] = ()
    members: Literal["opening", "closing"] | None = None
    admitted_nobody: str | None = None
    """The level of the units."""
    not_collected: bool = False

    @property
    def kind(self) -> Literal["counted", "heading", "not_collected"]:
        """Tell what it is."""
        if self.not_collected:
            return "not_collected"
        return "counted" if self.counts or self.members or self.admitted_nobody else "heading"


class Reporting(Struct, frozen=True, forbid_unknown_fields=True):
    """Who reports to whom, and within how many days after the end of the period."""

    level: str
    to: Text
    days: Annotated[int, Meta(ge=0, le=366)]


class FormTemplate(Struct, frozen=True, forbid_unknown_fields=True):
    """A form: ``since`` is the day of what it was taken from, ``checked`` that it was held against the original."""

    number: Text
    title: Text
    source: Text
    since: dt.date
    checked: bool
    department: Text
    measured_in: Text
    by_whom: Text
    columns: Annotated[tuple[Text, ...], Meta(min_length=COLUMNS, max_length=COLUMNS)]
    lines: Annotated[tuple[FormLine, ...], Meta(min_length=1, max_length=300)]
    reporting: Annotated[tuple[Reporting, ...], Meta(max_length=10)] = ()

    @property
    def counted(self) -> Iterator[Counted]:
        """Go through everything that is counted in it."""
        return chain.from_iterable(line.counts for line in self.lines)

    @property
    def measures(self) -> tuple[str, ...]:
        """Return the measures that it needs, in the order of the catalogue: with a stock all that change it."""
        wanted = {each.measure for each in self.counted} | (STOCK_FLOWS.keys() if self.has_members else set())
        return tuple(measure for measure in MEASURES if measure in wanted)

    @property
    def broken_down(self) -> dict[str, tuple[str, ...]]:
        """Return by which dimensions it breaks which measures down."""
        found: dict[str, list[str]] = {}
        for each in self.counted:
            if each.dimension is not None and each.measure not in found.setdefault(each.dimension, []):
                found[each.dimension].append(each.measure)
        return {dimension: tuple(sorted(of, key=MEASURES.index)) for dimension, of in found.items()}

    @property
    def splits_transfers(self) -> bool:
        """Tell whether transfers are told apart by province."""
        return any(each.province is not None for each in self.counted)

    @property
    def has_members(self) -> bool:
        """Tell whether it has the stock of members."""
        return any(line.members for line in self.lines)

    @property
    def levels_asked(self) -> frozenset[str]:
        """Return the levels of which it counts the units that admitted nobody."""
        return frozenset(line.admitted_nobody for line in self.lines if line.admitted_nobody is not None)


def fault_in(template: FormTemplate) -> str | None:
    """Say what can't be used in a form that has the right fields: where, and what may stand there; in English."""
    return next(chain(_in_texts(template), _in_lines(template), _in_reporting(template)), None)


def _in_texts(template: FormTemplate) -> Iterator[str]:
    texts = {name: getattr(template, name) for name in ("number", "title", "source", "department", "measured_in")}
    texts |= {"by_whom": template.by_whom}
    texts |= {f"columns[{at}]": text for at, text in enumerate(template.columns)}
    texts |= {f"lines[{at}].text": line.text for at, line in enumerate(template.lines)}
    texts |= {f"lines[{at}].mark": line.mark for at, line in enumerate(template.lines) if line.mark}
    texts |= {f"reporting[{at}].to": each.to for at, each in enumerate(template.reporting)}
    for where, text in texts.items():
        if (fault := fault_of(text)) is not None:
            yield f"{where}: {fault}"


def _in_lines(template: FormTemplate) -> Iterator[str]:
    for at, line in enumerate(template.lines):
        said = [line.counts, line.members, line.admitted_nobody, line.not_collected]
        if sum(map(bool, said)) > 1:
            yield f"lines[{at}]: only one of counts, members, admitted_nobody, not_collected"
        if line.admitted_nobody is not None and line.admitted_nobody not in LEVELS:
            yield f"lines[{at}].admitted_nobody: one of {', '.join(LEVELS)}"
        for number, each in enumerate(line.counts):
            for fault in _in_counted(each):
                yield f"lines[{at}].counts[{number}].{fault}"


def _in_counted(each: Counted) -> Iterator[str]:
    if each.measure not in MEASURES:
        yield f"measure: one of {', '.join(MEASURES)}"
        return
    known = dimensions_of(each.measure)
    if each.dimension is not None and each.dimension not in known:
        yield f"dimension: of {each.measure} one of {', '.join(known)}"
    elif each.dimension is None and each.codes:
        yield "codes: only with a dimension"
    elif each.dimension is not None and not (each.codes and set(each.codes) <= set(CODES_OF[each.dimension])):
        yield f"codes: of {each.dimension} some of {', '.join(CODES_OF[each.dimension])}"
    elif len(set(each.codes)) < len(each.codes):
        yield "codes: each of them once"
    if each.province is not None and (each.measure not in TRANSFERS or each.dimension is not None):
        yield f"province: only of {', '.join(TRANSFERS)}, without a dimension"


def _in_reporting(template: FormTemplate) -> Iterator[str]:
    for at, each in enumerate(template.reporting):
        if each.level not in LEVELS:
            yield f"reporting[{at}].level: one of {', '.join(LEVELS)}"
