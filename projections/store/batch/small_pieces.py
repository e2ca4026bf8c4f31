"""Small pieces of records put together, where there are many of a key: batches add pieces, and change none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

MANY: Final = 8
SMALL: Final = 32_768
"""Bytes: larger pieces are left alone, so that what comes late does not write a whole month anew."""


def together(table: str, key: Sequence[str], which: str, kept: Sequence[str] = ()) -> str:
    """Write that one piece is made of the small ones of each key of a table that has many.

    ``which`` says of which pieces; it names the columns by their table. ``kept`` are columns in which they are alike.
    """
    keys, columns = ", ".join(key), ", ".join((*key, *kept))
    small = f"{which} AND octet_length({table}.rows) < {SMALL}"
    return f"""
WITH many AS (
    SELECT {keys} FROM {table} WHERE {small} GROUP BY {keys} HAVING count(*) >= {MANY}
), gone AS (
    DELETE FROM {table} USING many
    WHERE {" AND ".join(f"{table}.{name} = many.{name}" for name in key)} AND {small}
    RETURNING {", ".join(f"{table}.{name}" for name in (*key, *kept, "rows"))}
)
INSERT INTO {table} ({columns}, rows) SELECT {columns}, string_agg(rows, ''::bytea) FROM gone GROUP BY {columns}
"""
