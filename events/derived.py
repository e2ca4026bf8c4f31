"""What an event adds to the figures, and the units and the day by which it is judged (sections 1 and 2)."""

from collections.abc import Callable
from datetime import date
from functools import cache
from typing import Any, Final

from msgspec import UNSET, Struct

from events.catalogue import CATALOGUE, FACET_DIMENSIONS, FACTS, MEASURE_NUMBERS, EventType, values_of
from events.data import Data, Facets
from events.envelope import Event
from events.facets import code_bits
from events.vocabulary import UNKNOWN

SUBJECT: Final = "subject"


class FactEntry(Struct, frozen=True, gc=False):
    """One thing counted once: for a unit, on a day.

    `measure` is its number (`catalogue.MEASURE_NUMBERS`), `facets` the packed codes (`events.facets`), `person` the
    reference by which the unit knows the person, None where that is not said.
    """

    unit: str
    measure: int
    day: date
    facets: int
    person: str | None


def fact_entries(event: Event) -> tuple[FactEntry, ...]:
    """List what a fact counts, one entry a measure in the catalogue's order; nothing for any other kind of event."""
    count = _COUNTERS.get(event.type)
    return count(event) if count else ()


def units_named(event: Event) -> dict[str, str]:
    """Map `subject` and each field of data that names a unit (`to`, `parent`, `successor`) to that unit's id."""
    named = {SUBJECT: event.subject}
    for field in _UNITS[event.type]:
        unit = getattr(event.data, field)
        if unit is not None and unit is not UNSET:
            named[field] = unit
    return named


def decision_day(event: Event) -> date | None:
    """Tell the day by which authority is judged: a fact's, `since`, `from` of a target, `on` or `to` of a declaration.

    A retraction has none: it is judged by the event that it takes back. Nor has an event of access: it is judged by the
    last known hierarchy alone.
    """
    for name in _DAYS[event.type]:
        day = getattr(event.data, name)
        if isinstance(day, date):
            return day
    return None


def _bits(data: type[Data], name: str, absent: str = UNKNOWN) -> dict[object, int]:
    """Map every value of a field with codes to its bits in the packed integer."""
    bits: dict[object, int] = {value: code_bits(name, code) for value, code in values_of(data, name).items()}
    return bits | {UNSET: code_bits(name, absent)}


_FACET_BITS = [(name, _bits(Facets, name)) for name in FACET_DIMENSIONS]


@cache  # the codes of the contract allow 38,880 of them
def _pack_facets(facets: Facets) -> int:
    return sum(bits[getattr(facets, name)] for name, bits in _FACET_BITS)


def _counter(row: EventType) -> Callable[[Event], tuple[FactEntry, ...]]:
    """Prepare what is the same for all facts of a row: the rest runs once for every fact of the log."""
    (day,) = row.day
    own_bits = [(own.name, _bits(row.data, own.name, own.absent)) for own in row.own]
    counts = [(MEASURE_NUMBERS[count.measure], count.unit, count.person or row.person) for count in row.counts]

    def packed(data: Any) -> int:
        codes = 0 if data.facets is UNSET else _pack_facets(data.facets)
        for name, bits in own_bits:
            codes |= bits[getattr(data, name)]
        return codes

    def count(event: Event) -> tuple[FactEntry, ...]:
        data: Any = event.data
        codes, counted_on = packed(data), getattr(data, day)
        return tuple(
            [
                FactEntry(
                    event.subject if unit == SUBJECT else getattr(data, unit),
                    measure,
                    counted_on,
                    codes,
                    None if person is None else getattr(data, person) or None,
                )
                for measure, unit, person in counts
            ]
        )

    measure, unit, person = counts[0]
    if len(counts) > 1 or unit != SUBJECT or person is None:
        return count

    def count_one(event: Event) -> tuple[FactEntry, ...]:
        data: Any = event.data
        return (FactEntry(event.subject, measure, getattr(data, day), packed(data), getattr(data, person) or None),)

    return count_one


_COUNTERS = {row.type: _counter(row) for row in FACTS}
_DAYS = {row.type: row.day for row in CATALOGUE.values()}
_UNITS = {row.type: row.units for row in CATALOGUE.values()}
