"""What stands below a statement: denominators with their value, day and source, the basis, the position of the log."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Final

from events.words import MEASURES, STOCKS
from projections.answers.past.structure_answers import Source
from projections.answers.plans.known_plans import Assigned, Declared
from projections.answers.plans.plan_answers import Operand
from projections.answers.words.sentence_words import ends
from projections.answers.words.vietnamese_format import day, days, moment, number

_BASES: Final[Mapping[str, str]] = {
    "as-was": "Số liệu tính theo tổ chức tại thời điểm phát sinh",
    "as-now": "Số liệu tính theo tổ chức hiện nay",
}


def footing(basis: str, position: int, as_of: dt.datetime | None, notes: Iterable[str]) -> str:
    """Return the sentences below a statement; a note that is made twice stands once."""
    at = "" if as_of is None else f", lúc {moment(as_of)}"
    first = f"{_BASES[basis]}, tại vị trí {number(position)} của nhật ký sự kiện{at}."
    made = "; ".join(dict.fromkeys(notes))
    return f"{first} {made[0].upper()}{made[1:]}." if made else first


def of_target(target: Assigned) -> str:
    """Name a target: what it asks for, its days, its resolution."""
    asked = ends(target.at_least, target.at_most, MEASURES[target.measure].noun)
    if target.at_most is None:
        asked = asked.removesuffix(" trở lên")
    return f"chỉ tiêu: {asked}, {days(target.first, target.last)}, theo {target.resolution}"


def of_declared(operand: Operand) -> str:
    """Name a figure that the unit declared for a day."""
    told = by_event(operand.said)
    return f"số {STOCKS[operand.what].said}: {number(operand.value)}, ngày {day(operand.last)}, theo khai báo {told}"


def of_stock(operand: Operand, name: str) -> str:
    """Name the members at the start of a year or term, or at the end of last year: declared, or carried on from it."""
    how = "khai báo" if operand.how == "declared" else "số đã khai báo và biến động từ đó, khai báo"
    return f"{name}: {number(operand.value)}, ngày {day(operand.last)}, theo {how} {by_event(operand.said)}"


def of_count(operand: Operand, name: str) -> str:
    """Name a count of other days."""
    first = operand.last if operand.first is None else operand.first
    return f"{name}: {number(operand.value)}, {days(first, operand.last)}, theo các sự kiện được tính"


def of_other_total(declared: Declared, count: int) -> str:
    """Say that the unit declared another total for the same period: both are shown (domain: Plans and indicators)."""
    return (
        f"{MEASURES[declared.figure].rate} đơn vị khai báo là {number(declared.value)},"
        f" khác số tính được {number(count)}, theo khai báo {by_event([declared.said])}"
    )


def by_event(said: Iterable[Source]) -> str:
    """Name the events that say something, as they are looked up: by publisher and id."""
    return ", ".join(f"{source.publisher}/{source.id}" for source in said)
