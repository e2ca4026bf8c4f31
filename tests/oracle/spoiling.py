"""Changing running sums by hand: what a unit has on a day, or in a month, without the service knowing."""

from __future__ import annotations

from projections.rules.counting.periods import DAYS, MONTH_BASE, MONTHS, YEAR_BASE
from projections.rules.counting.running_sums import NUMBER, WIDTH
from projections.store.running_sql import taken_apart

NUMBERED = "(SELECT no FROM unit WHERE id = '{unit}')"
"""The number of a unit, in SQL."""


def day_raised(day: int, measure: int = 1, by: int = 1, unit: str | None = None) -> str:
    """Write a statement that adds to a day (yyyymmdd) of every unit with running sums, or of one (its number, in SQL).

    The year that the day is in is left as it is.
    """
    return _raised(MONTH_BASE + day // 100, day % 100, measure, by, unit)


def month_raised(month: int, measure: int = 1, by: int = 1, unit: str | None = None) -> str:
    """Write the same for a month (yyyymm) in the row of its year, whose days are left as they are."""
    return _raised(YEAR_BASE + month // 100, month % 100, measure, by, unit)


def aged(schema: str) -> tuple[str, ...]:
    """Write statements that make of a generation what versions before running sums have left: counters alone."""
    apart = taken_apart(f"{schema}.running_sum")
    years = f"{YEAR_BASE} + (period - {MONTH_BASE}) / 100"
    return (
        f"INSERT INTO {schema}.counter {apart}",
        f"""INSERT INTO {schema}.counter SELECT unit, {years}, measure, sum(n)
            FROM ({apart}) AS apart WHERE period >= {MONTH_BASE} GROUP BY 1, 2, 3""",
        f"TRUNCATE {schema}.running_sum",
        f"UPDATE {schema}.unit SET running = false",
    )


def without_running_sums(schema: str) -> tuple[str, ...]:
    """Write statements that make of a generation what it was before there were any, and what came after them."""
    gone = f"DROP TABLE {schema}.running_sum, {schema}.as_now_past", f"ALTER TABLE {schema}.unit DROP running"
    return (*aged(schema), *gone)


def _raised(period: int, step: int, measure: int, by: int, unit: str | None) -> str:
    steps = DAYS if period >= MONTH_BASE else MONTHS
    place = f"{NUMBER.itemsize} * ((step - 1) * {WIDTH} + measure - 1) + 1"
    number = f"substring(sums FROM {place} FOR {NUMBER.itemsize})::integer"
    added = f"CASE WHEN step >= {step} AND measure = {measure} THEN {by} ELSE 0 END"
    return f"""
UPDATE running_sum SET sums = (
    SELECT string_agg(int4send({number} + {added}), NULL ORDER BY step, measure)
    FROM generate_series(1, {steps}) AS step CROSS JOIN generate_series(1, {WIDTH}) AS measure
) WHERE period = {period} AND {"true" if unit is None else f"unit = {unit}"}
"""
