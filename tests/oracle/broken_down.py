"""What breakdowns say, taken apart in SQL, and the breakdowns of versions before there were pieces."""

from __future__ import annotations

from typing import Final

FACTS: Final = """
SELECT unit, month, abs(what) >> 5 AS measure, abs(what) & 31 AS day, facets, sum(sign(what))::integer AS n
FROM (
    SELECT unit, month, substring(rows FROM 10 * at + 1 FOR 8)::bigint AS facets,
        substring(rows FROM 10 * at + 9 FOR 2)::smallint AS what
    FROM {schema}breakdown CROSS JOIN LATERAL generate_series(0, octet_length(rows) / 10 - 1) AS at
) AS apart
GROUP BY 1, 2, 3, 4, 5 HAVING sum(sign(what)) <> 0
"""
"""The facts below each vast unit, however many pieces they come in; ``schema`` ends with a dot, or is empty."""


def without_pieces(schema: str) -> tuple[str, ...]:
    """Write statements that make of a generation what it was before there were any: counts of codes by month.

    There are none in it: no test reads what the migration throws away.
    """
    return (
        f"DROP TABLE {schema}.breakdown, {schema}.breakdown_year",
        f"""CREATE TABLE {schema}.breakdown (unit integer, month integer, measure smallint, codes integer[] NOT NULL,
            PRIMARY KEY (unit, month, measure))""",
    )
