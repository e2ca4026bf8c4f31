"""Moving a roll-up from some ancestors to others, and making a unit large: days × measures, whatever lies below.

What moves is read, added up in arrays for all that leave it or join it, and written once, however many units are moved.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import asyncpg
import numpy as np
from numpy.typing import NDArray

from projections.rules.counting.batch_changes import (
    PERIOD_SHIFT,
    UNIT_SHIFT,
    BreakingDown,
    Enlargement,
    Reattribution,
)
from projections.rules.counting.breakdown import FACT, day_and_measure, joined, records
from projections.rules.counting.counting import coarser_keys
from projections.rules.counting.periods import MONTH_BASE, MONTHS, day_period, month_period
from projections.rules.counting.running_sums import Integers, days_of
from projections.rules.hierarchy.unit import EVER, last_day
from projections.store.batch.adding import ADD_TO_COUNTERS
from projections.store.batch.rollups import Rollups
from projections.store.calendar_sql import COPIED_ENDS, day_within, period_of

Restructuring = Reattribution | Enlargement | BreakingDown

MOVES: Final = 1_000
"""Units that are moved at once: what leaves and what joins is added up in memory first."""
AT_ONCE: Final = 65_536
"""Facts that are worked on at once, or all that there are of a month: a unit may have a million of them."""

_WITHIN = day_within("f.day", "s")
_PIECES = """unnest($1::int[], $2::int[], $3::int[], $4::int[], $5::date[], $6::date[])
    AS s (k, unit, first, last, since, until)"""

# OFFSET 0: the rows of each piece are looked up by index, however few pieces there seem to be.
_COUNTED_BELOW = f"""
SELECT s.k, days.period, days.measure, days.n
FROM {_PIECES} CROSS JOIN LATERAL (
    SELECT period, measure, n FROM counter WHERE unit = s.unit AND period BETWEEN s.first AND s.last AND n <> 0 OFFSET 0
) AS days
"""
_OWN = f"""
SELECT k, {period_of("day")} AS period, measure, n FROM (
    SELECT s.k, own.day, own.measure, count(*) AS n
    FROM {_PIECES} CROSS JOIN LATERAL (
        SELECT f.day, f.measure FROM fact AS f WHERE f.unit = s.unit AND {_WITHIN} OFFSET 0
    ) AS own GROUP BY 1, 2, 3
) AS days
"""
_RUNNING = """
SELECT s.k, months.period, months.sums
FROM unnest($1::int[], $2::int[], $3::int[], $4::int[]) AS s (k, unit, first, last) CROSS JOIN LATERAL (
    SELECT period, sums FROM running_sum WHERE unit = s.unit AND period BETWEEN s.first AND s.last OFFSET 0
) AS months
"""
_FACTS = f"""
SELECT s.k, string_agg(date_send(f.day) || int2send(f.measure) || int8send(f.facets), NULL)
FROM unnest($1::int[], $2::int[], $3::date[], $4::date[]) AS s (k, unit, since, until)
CROSS JOIN LATERAL (SELECT day, measure, facets FROM fact f WHERE f.unit = s.unit AND {_WITHIN} OFFSET 0) AS f
GROUP BY 1
"""
_AS_THEY_LIE: Final = "SET LOCAL enable_indexscan = off"
_AS_USUAL: Final = "SET LOCAL enable_indexscan TO DEFAULT"
_SENT = np.dtype([("day", ">i4"), ("measure", ">i2"), ("facets", ">i8")])
_MONTHS = """
SELECT s.k, b.month, b.rows
FROM unnest($1::int[], $2::int[], $3::int[], $4::int[]) AS s (k, unit, first, last)
CROSS JOIN LATERAL (
    SELECT month, rows FROM breakdown WHERE unit = s.unit AND month BETWEEN s.first AND s.last OFFSET 0
) AS b
"""
_TAKE_DAYS = "DELETE FROM counter WHERE unit = $1 RETURNING period, measure, n"

_EPOCH: Final = np.datetime64("2000-01-01")


class _Target(NamedTuple):
    """A unit that a piece leaves (sign -1) or joins (1)."""

    k: int
    no: int
    sign: int


class _Counted(NamedTuple):
    """What pieces have: the piece, the rest of the key of a day's counter, and how many."""

    k: Integers
    days: Integers
    n: Integers


async def carry_out(connection: asyncpg.Connection, steps: Sequence[Restructuring], rollups: Rollups) -> None:
    """Carry out steps in their order; the caller owns the transaction and has carried out all earlier steps."""
    for together in in_groups(steps):
        first = together[0]
        if isinstance(first, Enlargement):
            await _enlarge(connection, first.unit, rollups)
        elif isinstance(first, BreakingDown):
            into = [_Target(0, first.unit, 1)]
            await _into_breakdowns(
                connection, rollups, into, [await _facts(connection, [(0, *span) for span in first.spans])]
            )
        else:
            await _move(connection, [step for step in together if isinstance(step, Reattribution)], rollups)


def in_groups(steps: Sequence[Restructuring]) -> Iterator[list[Restructuring]]:
    """Put moves that follow each other together, as long as none moves what an earlier one has changed."""
    group: list[Restructuring] = []
    changed: set[int] = set()
    for step in steps:
        alone = not isinstance(step, Reattribution)
        if group and (alone or step.unit in changed or len(group) >= MOVES):
            yield group
            group, changed = [], set()
        group.append(step)
        if isinstance(step, Reattribution):
            changed.update(no for piece in step.pieces for no in (*piece.leaves, *piece.joins))
        else:
            yield group
            group = []
    if group:
        yield group


async def _enlarge(connection: asyncpg.Connection, unit: int, rollups: Rollups) -> None:
    days = await connection.fetch(_TAKE_DAYS, unit)
    if days:
        period, measure, n = (np.array(column, np.int64) for column in zip(*days, strict=True))
        keys = (unit << UNIT_SHIFT) | (period << PERIOD_SHIFT) | measure
        order = np.argsort(keys)
        await rollups.running.add(connection, keys[order], n[order])


async def _move(connection: asyncpg.Connection, steps: Sequence[Reattribution], rollups: Rollups) -> None:
    pieces: list[tuple[int, int, int, int, dt.date, dt.date]] = []
    summed: list[tuple[int, int, int, int]] = []
    targets: list[_Target] = []
    months: list[tuple[int, int, int, int]] = []
    spans: list[tuple[int, int, dt.date, dt.date]] = []
    large, vast, run = (frozenset[int]().union(*units) for units in zip(*(step[2:] for step in steps), strict=True))
    for step, piece in [(each, piece) for each in steps for piece in each.pieces]:
        k = len(pieces)
        first = 0 if piece.since == EVER else day_period(piece.since)
        last = day_period(last_day(piece.until))
        pieces.append((k, step.unit, first, last, piece.since, piece.until))
        if step.unit in run:
            summed.append((k, step.unit, month_period(piece.since), month_period(last_day(piece.until))))
        targets += [_Target(k, no, sign) for sign, units in ((-1, piece.leaves), (1, piece.joins)) for no in units]
        if piece.months is not None:
            months.append((k, step.unit, *piece.months))
        spans += [(k, *span) for span in piece.spans]
    moved = {k: unit for k, unit, *_ in pieces}
    its_own, below = ([span for span in spans if (span[1] == moved[span[0]]) == own] for own in (True, False))
    own, known = await _facts(connection, its_own), {k for k, *_ in its_own}
    others = [piece for piece in pieces if piece[0] not in known]
    keys, n = _net(targets, *_in_order([_on_days(own), *await _moved(connection, pieces, others, summed)]))
    summing = np.isin(keys >> UNIT_SHIFT, list(run))
    await rollups.running.add(connection, keys[summing], n[summing])
    await _into_counters(connection, keys[~summing], n[~summing], large)
    into = [target for target in targets if target.no in vast]
    if into:
        found = [await _broken_down(connection, pieces, months)] if months else []
        await _into_breakdowns(connection, rollups, into, [own, await _facts(connection, below), *found])


async def _moved(
    connection: asyncpg.Connection,
    pieces: Sequence[tuple[int, int, int, int, dt.date, dt.date]],
    with_own: Sequence[tuple[int, int, int, int, dt.date, dt.date]],
    summed: Sequence[tuple[int, int, int, int]],
) -> list[_Counted]:
    """Read what the pieces have, and with some of them what their units have of their own."""
    rows = await connection.fetch(_COUNTED_BELOW, *_columns(pieces))
    rows += await connection.fetch(_OWN, *_columns(with_own)) if with_own else []
    k, period, measure, n = (np.array(column, np.int64) for column in zip(*rows, strict=True)) if rows else _NOTHING
    found = [_Counted(k, (period << PERIOD_SHIFT) | measure, n)]
    if summed:
        for piece, month, sums in await connection.fetch(_RUNNING, *_columns(summed)):
            days, each = days_of(month, sums)
            _, _, first, last, *_ = pieces[piece]
            within = (days >> PERIOD_SHIFT >= first) & (days >> PERIOD_SHIFT <= last)
            found.append(_Counted(np.full(np.count_nonzero(within), piece, np.int64), days[within], each[within]))
    return found


def _in_order(found: Sequence[_Counted]) -> _Counted:
    """Put what was found together, in the order of the pieces."""
    k, days, n = (np.concatenate(column) for column in zip(*found, strict=True))
    order = np.argsort(k, kind="stable")
    return _Counted(k[order], days[order], n[order])


def _on_days(facts: _Below) -> _Counted:
    """Count facts by their days and measures."""
    keys, counts = [_NOTHING[0]], [_NOTHING[0]]
    for begin in range(0, len(facts.k), AT_ONCE):
        k, months, these = facts.part(slice(begin, begin + AT_ONCE))
        day, measure, _ = day_and_measure(these["what"].astype(np.int64))
        period = (months.astype(np.int64) - MONTH_BASE) * 100 + day
        each, n = np.unique((k.astype(np.int64) << UNIT_SHIFT) | (period << PERIOD_SHIFT) | measure, return_counts=True)
        keys.append(each)
        counts.append(n)
    found, n = _added_up(keys, counts)
    return _Counted(found >> UNIT_SHIFT, found & ((1 << UNIT_SHIFT) - 1), n)


_NOTHING: Final = (np.empty(0, np.int64),) * 4


def _net(targets: Sequence[_Target], k: Integers, days: Integers, n: Integers) -> tuple[Integers, Integers]:
    """Add up for each counter what leaves it and what joins it; return the keys of those that change, in order."""
    begins, ends = (np.searchsorted(k, [target.k for target in targets], side=side) for side in ("left", "right"))
    keys, changes = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for (_, no, sign), begin, end in zip(targets, begins.tolist(), ends.tolist(), strict=True):
        keys.append((no << UNIT_SHIFT) | days[begin:end])
        changes.append(sign * n[begin:end])
    found, net = _added_up(keys, changes)
    return found[net != 0], net[net != 0]


def _added_up(keys: Sequence[Integers], n: Sequence[Integers]) -> tuple[Integers, Integers]:
    """Return keys, each once and in order, and what they have together."""
    found, index = np.unique(np.concatenate(keys), return_inverse=True)
    return found, np.bincount(index, np.concatenate(n), len(found)).astype(np.int64)


async def _into_counters(connection: asyncpg.Connection, keys: Integers, n: Integers, large: frozenset[int]) -> None:
    """Add to the counters of days, and of months and years where a large unit has no running sums."""
    if not len(keys):
        return
    coarse = np.isin(keys >> UNIT_SHIFT, list(large))
    months, years = coarser_keys(keys[coarse])
    found, net = _added_up((keys, months, years), (n, n[coarse], n[coarse]))
    await connection.execute(ADD_TO_COUNTERS, found[net != 0].tolist(), net[net != 0].tolist())


class _Below(NamedTuple):
    """Facts of pieces: the piece of each, its month, and the fact."""

    k: NDArray[np.int32]
    months: NDArray[np.int32]
    facts: NDArray[Any]

    @classmethod
    def of(cls, n: int) -> _Below:
        """Make room for so many."""
        return cls(np.empty(n, np.int32), np.empty(n, np.int32), np.empty(n, FACT))

    def part(self, which: slice | Integers | NDArray[np.bool_]) -> _Below:
        """Return some of them."""
        return _Below(*(column[which] for column in self))


async def _broken_down(
    connection: asyncpg.Connection,
    pieces: Sequence[tuple[int, int, int, int, dt.date, dt.date]],
    months: Sequence[tuple[int, int, int, int]],
) -> _Below:
    """Read from the breakdowns of vast units what moves with them."""
    rows = await connection.fetch(_MONTHS, *_columns(months))
    found = [np.frombuffer(facts, FACT) for *_, facts in rows]
    sizes = [len(facts) for facts in found]
    k, month = (np.repeat(np.array([row[i] for row in rows], np.int32), sizes) for i in range(2))
    every = _Below(k, month, joined(found))
    first, last = (np.array([piece[i] for piece in pieces], np.int64) for i in (2, 3))
    within = np.empty(len(k), np.bool_)
    for begin in range(0, len(k), AT_ONCE):
        these = every.part(at := slice(begin, begin + AT_ONCE))
        day, _, _ = day_and_measure(these.facts["what"].astype(np.int64))
        period = (these.months.astype(np.int64) - MONTH_BASE) * 100 + day
        within[at] = (period >= first[these.k]) & (period <= last[these.k])
    return every if within.all() else every.part(within)


async def _facts(connection: asyncpg.Connection, spans: Sequence[tuple[int, int, dt.date, dt.date]]) -> _Below:
    """Read the facts of spans, of each unit in the order in which they lie, as a unit may have a million of them.

    PostgreSQL knows not which one has; by an index alone it would fetch nearly each of them from another place.
    """
    if not spans:
        return _together([])
    await connection.execute(_AS_THEY_LIE)
    rows = await connection.fetch(_FACTS, *_columns(spans))
    await connection.execute(_AS_USUAL)
    every = _Below.of(sum(len(sent) for _, sent in rows) // _SENT.itemsize)
    end = 0
    for piece, sent in rows:
        for begin in range(0, len(sent), AT_ONCE * _SENT.itemsize):
            n = min(AT_ONCE, (len(sent) - begin) // _SENT.itemsize)
            facts = np.frombuffer(sent, _SENT, n, begin)
            periods, measures, facets = _periods(facts["day"]), facts["measure"].astype(np.int64), facts["facets"]
            k, months, what = every.part(slice(end, end := end + n))
            k[:], months[:] = piece, MONTH_BASE + periods // 100
            what[:] = records(measures, periods % 100, facets)
    return every


def _together(facts: Sequence[_Below]) -> _Below:
    some = [each for each in facts if len(each.k)]
    if len(some) == 1:
        return some[0]
    every = _Below.of(sum(len(each.k) for each in some))
    for column, parts in zip(every, zip(*some, strict=True), strict=False):
        np.concatenate(parts, out=column)
    return every


def _periods(days: NDArray[np.signedinteger[Any]]) -> Integers:
    """Return the periods of days, as PostgreSQL sends these."""
    known, index = np.unique(days.astype(np.int64), return_inverse=True)
    for day, sent in COPIED_ENDS.items():
        known[known == sent] = (np.datetime64(day) - _EPOCH).astype(np.int64)
    dates = _EPOCH + known
    firsts = dates.astype("M8[M]")
    years, months = np.divmod(firsts.astype(np.int64) + 1970 * MONTHS, MONTHS)
    periods = years * 10_000 + (months + 1) * 100 + (dates - firsts).astype(np.int64) + 1
    return np.asarray(periods[index], np.int64)


async def _into_breakdowns(
    connection: asyncpg.Connection, rollups: Rollups, targets: Sequence[_Target], moved: Sequence[_Below]
) -> None:
    """Add to the breakdowns of vast units what joins them, and take off what leaves them, some months at a time."""
    every = _together(moved)
    order = _order_of(every.months)
    for begin, end in _whole_months(every.months[order]):
        at = order[begin:end]
        k, months, facts = every.part(at[np.argsort(every.k[at], kind="stable")])
        begins, ends = (np.searchsorted(k, [target.k for target in targets], side=side) for side in ("left", "right"))
        keys, signed = [_NOTHING[0]], list[NDArray[Any]]()
        for target in np.flatnonzero(begins < ends).tolist():
            (_, no, sign), part = targets[target], slice(begins[target], ends[target])
            keys.append((no << UNIT_SHIFT) | (months[part].astype(np.int64) << PERIOD_SHIFT))
            signed.append(facts[part].copy())
            signed[-1]["what"] *= sign
        await rollups.breakdowns.add(connection, np.concatenate(keys), joined(signed))


def _order_of(months: NDArray[np.int32]) -> Integers:
    """Return the places of months in their order; numbers of 16 bits are sorted in one go, and nearly all fit."""
    apart = months - (months.min() if len(months) else 0)
    return np.argsort(apart.astype(np.uint16) if apart.max(initial=0) < 1 << 16 else apart, kind="stable")


def _whole_months(months: NDArray[np.int32]) -> Iterator[tuple[int, int]]:
    """Cut what is in the order of months into parts of AT_ONCE or fewer, none of which ends within a month."""
    begin = 0
    while begin < len(months):
        end = min(begin + AT_ONCE, len(months))
        if end < len(months):
            within = int(np.searchsorted(months, months[end]))
            end = within if within > begin else int(np.searchsorted(months, months[end], side="right"))
        yield begin, end
        begin = end


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]
