"""The stock of members: a declared opening figure and the flows since (domain: Stock of members).

end = start + admitted + restored + transferred in - departed - transferred out: what each measure adds to it stands in
the catalogue. A declared figure holds for the end of its day.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from events.catalogue import STOCK_FLOWS
from projections.answers.plans.known_plans import CountOf, Declared, Known
from projections.answers.plans.plan_answers import Flows, Operand, Stock, StockCheck, flows
from projections.answers.words.plan_words import NO_OPENING
from projections.rules.counting.periods import ONE_DAY, Days

MEMBERS = "members"


def stock(known: Known, count: CountOf) -> Stock:
    """Return the members at the end of the asked day, and how the figure declared before agrees with the later one."""
    said = _declared(known)
    if not said:
        return Stock(known.on, None, None, None, None, reorganised=False, reason=NO_OPENING)
    opening = said[-1]
    since = _flows(count, opening.last, known.on)
    check = _check(said[-2], opening, count) if len(said) > 1 else None
    return Stock(
        on=known.on,
        opening=opening.operand,
        flows=since,
        computed=opening.value + since.net,
        check=check,
        reorganised=known.reorganised,
        reason=None,
    )


def opening_day(declared: Iterable[Declared]) -> dt.date | None:
    """Return the day of the first figure that the stock of members is told from: that of the check, if there is one."""
    days = sorted(each.last for each in declared if each.figure == MEMBERS)
    return days[-2:][0] if days else None


def at_start_of(day: dt.date, known: Known, count: CountOf) -> Operand | None:
    """Return the members at the start of a period: declared for its first day, or at the end of the day before."""
    for declared in _declared(known):
        if declared.last == day:
            return declared.operand
    return at_end_of(day - ONE_DAY, known, count) if day > dt.date.min else None


def at_end_of(day: dt.date, known: Known, count: CountOf) -> Operand | None:
    """Return the members at the end of a day: declared for it, or the latest figure before with the flows since."""
    earlier = [declared for declared in _declared(known) if declared.last <= day]
    if not earlier:
        return None
    opening = earlier[-1]
    if opening.last == day:
        return opening.operand
    value = opening.value + _flows(count, opening.last, day).net
    return Operand(MEMBERS, None, day, value, "opening_and_flows", [opening.said])


def _declared(known: Known) -> list[Declared]:
    return sorted((d for d in known.declared if d.figure == MEMBERS), key=lambda d: d.last)


def _check(before: Declared, opening: Declared, count: CountOf) -> StockCheck:
    between = _flows(count, before.last, opening.last)
    computed = before.value + between.net
    return StockCheck(before.operand, between, computed, opening.operand, opening.value - computed)


def _flows(count: CountOf, after: dt.date, until: dt.date) -> Flows:
    if after >= until:
        return flows(dict.fromkeys(STOCK_FLOWS, 0))
    days = Days(after + ONE_DAY, until)
    return flows({measure: count(measure, days) for measure in STOCK_FLOWS})
