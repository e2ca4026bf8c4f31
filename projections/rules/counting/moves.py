"""What a change of the hierarchy asks of the read models: rows to write anew, roll-ups to move, units to enlarge."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from projections.rules.counting.batch_changes import (
    BreakingDown,
    Dated,
    Enlargement,
    Piece,
    Reattribution,
    Structure,
    UnitRow,
)
from projections.rules.counting.periods import month_period
from projections.rules.counting.state import State
from projections.rules.hierarchy.hierarchy import Hierarchy
from projections.rules.hierarchy.unit import EVER, FOREVER, Move, Segment, Span, Unit, dated, last_day


def reattribution(state: State, move: Move) -> Reattribution | None:
    """Return what a moved unit's roll-up leaves and joins on which days, None where it stays where it is."""
    unit, hierarchy = move.unit, state.hierarchy
    pieces: list[Piece] = []
    for since, until, old, new in _differences(move.before.parents, move.after.parents):
        left, joined = hierarchy.lineages(old, since, until), hierarchy.lineages(new, since, until)
        for start, end, leaves, joins in _overlaps(left, joined):
            shared = set(leaves) & set(joins)
            gone = tuple(no for no in leaves if no not in shared)
            come = tuple(no for no in joins if no not in shared)
            if gone or come:
                pieces.append(Piece(start, end, gone, come, *_breakdowns(state, unit, start, end, {*gone, *come})))
    if not pieces:
        return None
    concerned = {unit.no, *(no for p in pieces for no in (*p.leaves, *p.joins))}
    large, vast, running = (frozenset(marked & concerned) for marked in (state.large, state.vast, state.running))
    return Reattribution(unit.no, tuple(pieces), large, vast, running)


def enlargements(state: State, grown: Sequence[int]) -> Iterator[Enlargement | BreakingDown]:
    """Yield what the counters of those units need that have become large or vast; whoever takes a step marks it."""
    for no in grown:
        size = state.hierarchy.by_no[no].size
        if no not in state.large and size >= state.sizes.large:
            yield Enlargement(no)
        if no not in state.vast and size >= state.sizes.vast:
            below = state.hierarchy.subtree(no, EVER, FOREVER)[1:]
            yield BreakingDown(no, tuple(below) if state.has_facts else ())


def structure_rows(hierarchy: Hierarchy, structure: Structure, touched: set[int]) -> None:
    """Fill in the rows of every touched unit that is known, as it stands now."""
    for no in sorted(touched):
        unit = hierarchy.by_no.get(no)
        if unit is None:
            continue
        said = list(unit.statements())
        names = dated((s.since, s.position, s.name) for s in said if s.name is not None)
        levels = dated((s.since, s.position, s.level) for s in said if s.level is not None)
        gone = unit.dissolution
        structure.units.append(
            UnitRow(
                no,
                unit.id,
                unit.founding.position,
                unit.since,
                gone.since if gone else None,
                gone.successor if gone else None,
                names[-1][2],
                levels[-1][2],
            )
        )
        structure.edges += [(no, segment) for segment in hierarchy.segments(unit)]
        structure.names += [Dated(no, *name) for name in names]
        structure.levels += [Dated(no, *level) for level in levels]


def _breakdowns(
    state: State, unit: Unit, since: dt.date, until: dt.date, concerned: set[int]
) -> tuple[tuple[int, int] | None, tuple[Span, ...]]:
    """Return the months whose breakdowns move, on the days on which the unit does, and whose facts are read besides."""
    if not state.vast & concerned:
        return None, ()
    if unit.no not in state.vast:
        return None, tuple(state.hierarchy.subtree(unit.no, since, until))
    return (month_period(since), month_period(last_day(until))), (Span(unit.no, since, until),)


def _differences(
    before: Sequence[Segment], after: Sequence[Segment]
) -> Iterator[tuple[dt.date, dt.date, int | None, int | None]]:
    for old in before:
        for new in after:
            since, until = max(old.since, new.since), min(old.until, new.until)
            if since < until and old.parent != new.parent:
                yield since, until, old.parent, new.parent


def _overlaps(
    left: Sequence[tuple[dt.date, dt.date, tuple[int, ...]]], right: Sequence[tuple[dt.date, dt.date, tuple[int, ...]]]
) -> Iterator[tuple[dt.date, dt.date, tuple[int, ...], tuple[int, ...]]]:
    for old_since, old_until, old in left:
        for new_since, new_until, new in right:
            since, until = max(old_since, new_since), min(old_until, new_until)
            if since < until:
                yield since, until, old, new
