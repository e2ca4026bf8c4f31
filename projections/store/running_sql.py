"""Running sums in SQL: how what a row has at a step is written (`projections/rules/counting/running_sums.py`).

Step 0, and a measure that a row is older than, are empty bytes there, which PostgreSQL casts to 0.
"""

from __future__ import annotations

from projections.rules.counting.periods import DAYS, MONTH_BASE, MONTHS, YEAR_BASE
from projections.rules.counting.running_sums import NUMBER, WIDTH

_STEPS = f"CASE WHEN {{row}}.period >= {MONTH_BASE} THEN {DAYS} ELSE {MONTHS} END"
_WIDTH = f"(octet_length({{row}}.sums) / {_STEPS})"


def at(row: str, step: str) -> str:
    """Write the numbers of all measures, as they are stored, that a row has up to a step."""
    width = _WIDTH.format(row=row)
    return f"substring({row}.sums FROM 1 + ({step} - 1) * {width} FOR {width})"


def whole_at(row: str, step: str) -> str:
    """Write the same, with zeros for the measures that the row is older than, and for step 0."""
    size = WIDTH * NUMBER.itemsize
    nothing = f"'\\x{'00' * size}'::bytea"
    return f"""CASE WHEN {step} = 0 THEN {nothing}
    WHEN octet_length({row}.sums) = {size} * {_STEPS.format(row=row)}
    THEN substring({row}.sums FROM 1 + ({step} - 1) * {size} FOR {size})
    ELSE substring({at(row, step)} || {nothing} FROM 1 FOR {size}) END"""


def number_at(row: str, step: str, measure: str) -> str:
    """Write the number of a measure that a row has up to a step."""
    return f"substring({at(row, step)} FROM {NUMBER.itemsize} * ({measure} - 1) + 1 FOR {NUMBER.itemsize})::integer"


def differs(row: str, step: str, less: str) -> str:
    """Write that a row has anything between two steps."""
    return f"{whole_at(row, step)} <> {whole_at(row, less)}"


def whole(row: str) -> str:
    """Write all numbers of a row, with zeros for the measures that it is older than."""
    steps = _STEPS.format(row=row)
    return f"""CASE WHEN octet_length({row}.sums) = {WIDTH * NUMBER.itemsize} * {steps} THEN {row}.sums
    ELSE (SELECT string_agg({whole_at(row, "step")}, NULL ORDER BY step) FROM generate_series(1, {steps}) AS step)
    END"""


def taken_apart(table: str) -> str:
    """Write a query for what the rows of a table of running sums say, as counters do: unit, period, measure, n.

    The row of a month says what each of its days has, that of a year what each of its months has; zeros are left out.
    """
    period = f"""CASE WHEN summed.period >= {MONTH_BASE} THEN (summed.period - {MONTH_BASE}) * 100 + step
        ELSE {MONTH_BASE} + (summed.period - {YEAR_BASE}) * 100 + step END"""
    n = f"{number_at('summed', 'step', 'measure')} - {number_at('summed', 'step - 1', 'measure')}"
    return f"""
SELECT summed.unit, {period} AS period, measure::smallint, {n} AS n
FROM {table} AS summed
CROSS JOIN LATERAL generate_series(1, {_STEPS.format(row="summed")}) AS step
CROSS JOIN LATERAL generate_series(1, CASE WHEN {differs("summed", "step", "step - 1")} THEN {WIDTH} END) AS measure
WHERE {n} <> 0
"""
