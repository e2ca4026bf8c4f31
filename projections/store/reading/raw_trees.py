"""The raw tree of now, of all units: read once, kept from one question to the next, and brought up to date for each.

What is kept was read from this very server since it was started: there the figures only ever go on from a position, so
that what changed since is found by it.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final, NamedTuple

from projections.answers.past.raw_tree import EdgeColumns, RawTree, tree_of
from projections.store.reading.binary_columns import columns
from projections.store.reading.snapshot import Snapshot

KEPT: Final = 2
"""Trees that a process keeps: 5 MB each with 300,000 units."""
MANY: Final = 20_000
"""Units that changed from which on all are read again."""

_SERVER: Final = """
SELECT pg_postmaster_start_time(), oid FROM pg_database WHERE datname = current_database()
"""
_EDGES: Final = "SELECT unit, coalesce(parent, 0), since, until FROM edge"
_OF_UNITS: Final = f"{_EDGES} WHERE unit = ANY($1::integer[])"
_WIDTHS: Final = (4, 4, 4, 4)

# What was said, let go or taken back since; facts that were taken back are in a table of their own.
_CHANGED: Final = """
SELECT unit FROM statement WHERE position > $1
UNION SELECT statement.unit FROM verdict JOIN statement USING (position)
    WHERE verdict.held_at > $1 AND verdict.held_at > verdict.position
UNION SELECT unit.no FROM verdict JOIN ledger USING (position) JOIN unit ON unit.id = ledger.subject
    WHERE verdict.retracted_at > $1 AND starts_with(ledger.type, 'unit.')
        AND NOT EXISTS (SELECT FROM former_fact WHERE former_fact.position = verdict.position)
LIMIT $2
"""


class _Kept(NamedTuple):
    position: int
    tree: RawTree


_kept: OrderedDict[tuple[object, ...], _Kept] = OrderedDict()


async def raw_tree(snapshot: Snapshot) -> RawTree:
    """Return the tree as the snapshot has it."""
    connection = snapshot.connection
    server = await connection.fetchrow(_SERVER)
    key = (*(server or ()), snapshot.generation, snapshot.repairs)
    kept = _kept.get(key)
    if kept is None or kept.position > snapshot.position:
        tree = await _all(snapshot)
    elif kept.position == snapshot.position:
        tree = kept.tree
    else:
        changed = [unit for (unit,) in await connection.fetch(_CHANGED, kept.position, MANY)]
        if len(changed) == MANY:
            tree = await _all(snapshot)
        elif changed:
            edges = EdgeColumns(*await columns(connection, _OF_UNITS, (changed,), _WIDTHS))
            tree = kept.tree.with_edges(changed, edges)
        else:
            tree = kept.tree
    if kept is None or kept.position <= snapshot.position:
        _kept[key] = _Kept(snapshot.position, tree)
        _kept.move_to_end(key)
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return tree


async def _all(snapshot: Snapshot) -> RawTree:
    return tree_of(EdgeColumns(*await columns(snapshot.connection, _EDGES, (), _WIDTHS)))
