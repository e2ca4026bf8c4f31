"""Counters counted anew from the facts in the database, by walking the tree fact by fact."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import asyncpg

from projections.store.running_sql import taken_apart

MONTH = 200_000_000
"""What tells the periods of `counter` apart (docs/architecture.md, "Counters")."""


async def counters_as_kept(connection: asyncpg.Connection) -> Counter[tuple[int, int, int]]:
    rows = await connection.fetch(
        f"SELECT unit, period, measure, n FROM counter WHERE n <> 0 UNION ALL {taken_apart('running_sum')}"
    )
    return Counter({(unit, period, measure): n for unit, period, measure, n in rows})


async def counters_anew(connection: asyncpg.Connection) -> Counter[tuple[int, int, int]]:
    """Count every fact in each unit strictly above its own on its day: by day, in large units by month too."""
    large = {row["no"] for row in await connection.fetch("SELECT no FROM unit WHERE large AND running")}
    edges: dict[int, list[tuple[dt.date, dt.date, int | None]]] = {}
    for unit, since, until, parent in await connection.fetch("SELECT unit, since, until, parent FROM edge"):
        edges.setdefault(unit, []).append((since, until, parent))
    found: Counter[tuple[int, int, int]] = Counter()
    for unit, day, measure in await connection.fetch("SELECT unit, day, measure FROM fact"):
        above = _parent(edges, unit, day)
        while above is not None:
            found[above, day.year * 10_000 + day.month * 100 + day.day, measure] += 1
            if above in large:
                found[above, MONTH + day.year * 100 + day.month, measure] += 1
            above = _parent(edges, above, day)
    return found


def _parent(edges: dict[int, list[tuple[dt.date, dt.date, int | None]]], unit: int, day: dt.date) -> int | None:
    (parent,) = [
        parent for since, until, parent in edges[unit] if since <= day and (day < until or until == dt.date.max)
    ]
    return parent
