"""A report by the codes of one dimension: full months from the breakdowns of large units, the rest from the facts."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from events.catalogue import DIMENSIONS, MEASURES, dimensions_of
from events.facets import field
from events.vocabulary import UNKNOWN
from projections.core.breakdown import SLOTS
from projections.core.periods import MONTH_BASE, Days, Run, cover, partial_months
from projections.core.reading import Part
from projections.core.reading_answers import Row
from projections.store.reading.descent import BELOW
from projections.store.reading.snapshot import Snapshot
from projections.store.reading.standing import Standing
from projections.store.reading.sums import add_up, numbers

if TYPE_CHECKING:
    from asyncpg import Record

_BREAKDOWN = """
SELECT measure, {codes}
FROM unnest($2::integer[], $3::integer[]) AS run(low, high)
JOIN breakdown ON unit = $1 AND month BETWEEN run.low AND run.high AND measure = ANY($4::smallint[])
GROUP BY measure
"""

_OWN = """
SELECT measure, (facets >> $5) & $6 AS code, count(*) AS n
FROM fact
WHERE unit = $1 AND day BETWEEN $2 AND $3 AND measure = ANY($4::smallint[])
GROUP BY 1, 2
"""

_BELOW = f"""
WITH RECURSIVE {BELOW}
SELECT measure, (facets >> $6) & $7 AS code, sum(below.sign)::bigint AS n
FROM below JOIN fact ON fact.unit = below.unit AND fact.day BETWEEN below.first AND below.last
WHERE below.unit <> $8 AND measure = ANY($5::smallint[])
GROUP BY 1, 2
"""

# Everything but the root itself is below the root, on every day: nothing to walk.
_BELOW_ROOT = """
SELECT measure, (facets >> $6) & $7 AS code, sum(days.sign)::bigint AS n
FROM unnest($1::integer[], $2::date[], $3::date[], $4::integer[]) AS days(unit, first, last, sign)
JOIN fact ON fact.day BETWEEN days.first AND days.last
WHERE fact.unit <> $8 AND measure = ANY($5::smallint[])
GROUP BY 1, 2
"""


async def facet_rows(
    snapshot: Snapshot, unit: Standing, days: Days, measures: tuple[str, ...], dimension: str
) -> tuple[dict[str, int], list[Row]]:
    """Return the total and a row a code in the catalogue's order; a measure without the dimension is unknown."""
    codes = [code for code in DIMENSIONS[dimension] if code != UNKNOWN]
    standing = unit.place.standing(days)
    partial = partial_months(standing) if unit.vast else []
    # Taken as if it stood for ever: breakdowns follow the raw chain, and so must what is taken off them.
    place = unit.place._replace(dissolved=None)
    parts = [Part(0, unit.place, days)]
    for i, month in enumerate(partial):
        parts.append(Part(1 + 2 * i, place, month.inside, own=False))
        parts += [Part(2 + 2 * i, place, outside, own=False) for outside in month.outside]
    figures = await add_up(snapshot, parts, measures, 1 + 2 * len(partial))

    runs, walked = [], []
    if unit.vast:
        runs += [run for run in cover(*standing, large=True, coarsest="month") if run.low >= MONTH_BASE]
    else:
        walked.append((standing, 1))
    for i, month in enumerate(partial):
        inside, outside = (sum(figures[1 + 2 * i + side].values()) for side in (0, 1))
        if inside <= outside:
            walked += [(month.inside, 1)] if inside else []
        else:
            runs.append(month.month)
            walked += [(each, -1) for each in month.outside] if outside else []

    counts = {code: dict.fromkeys(measures, 0) for code in codes}
    broken = [measure for measure in measures if dimension in dimensions_of(measure)]
    for number, code, n in await _count(
        snapshot, unit, days, runs=runs, walked=walked, measures=broken, dimension=dimension
    ):
        if code:
            counts[codes[code - 1]][MEASURES[number - 1]] += n
    unknown = {m: figures[0][m] - sum(values[m] for values in counts.values()) for m in measures}
    return figures[0], [Row(code=code, values=values) for code, values in [*counts.items(), (UNKNOWN, unknown)]]


async def _count(
    snapshot: Snapshot,
    unit: Standing,
    own: Days,
    *,
    runs: list[Run],
    walked: list[tuple[Days, int]],
    measures: list[str],
    dimension: str,
) -> list[tuple[int, int, int] | Record]:
    """Return ``(measure, code, n)`` by their numbers, to be added up; code 0 is unknown, and not complete."""
    if not measures:
        return []
    no, wanted, (shift, mask) = unit.place.no, numbers(measures), field(dimension)
    found: list[tuple[int, int, int] | Record] = [*await snapshot.connection.fetch(_OWN, no, *own, wanted, shift, mask)]
    if runs:
        lows, highs = [run.low for run in runs], [run.high for run in runs]
        for measure, *sums in await snapshot.connection.fetch(_breakdown(dimension), no, lows, highs, wanted):
            found += [(measure, code, n) for code, n in enumerate(sums, start=1)]
    if walked:
        firsts, lasts, signs = [d.first for d, _ in walked], [d.last for d, _ in walked], [sign for _, sign in walked]
        below = _BELOW_ROOT if unit.root else _BELOW
        seeds = [no] * len(walked)
        found += await snapshot.connection.fetch(below, seeds, firsts, lasts, signs, wanted, shift, mask, no)
    return found


@cache
def _breakdown(dimension: str) -> str:
    slots = [i for i, slot in enumerate(SLOTS, start=1) if slot[0] == dimension]
    return _BREAKDOWN.format(codes=", ".join(f"coalesce(sum(codes[{i}]), 0)::bigint" for i in slots))
