"""Writing one batch's changes: everything in the caller's transaction, fenced by the checkpoint.

The fence decides the generation too: what follows it in the transaction can reach no other.
"""

from __future__ import annotations

from collections.abc import Mapping

import asyncpg

from projections.rules.counting.batch_changes import Changes, Deltas, FactRow, Structure
from projections.rules.counting.grants import GrantRow
from projections.rules.counting.plans import DeclarationRow, TargetRow
from projections.rules.counting.running_sums import Rows
from projections.rules.counting.state import Edition
from projections.rules.hierarchy.as_now_terms import Term
from projections.rules.hierarchy.folded_names import fold_name
from projections.store.batch import packing, rollup_moves
from projections.store.batch.adding import ADD_TO_COUNTERS
from projections.store.batch.copying import LEDGER, Rendered, RenderedStep, sending
from projections.store.batch.pieces import meanwhile
from projections.store.batch.rollups import Rollups
from projections.store.batch.running_sums import RunningSums
from projections.store.batch.verdicts import write_verdicts
from projections.store.checkpoint import ENTERED, NOTIFICATIONS
from projections.store.fingerprint import rules
from projections.store.log import hash_chain

_FENCE = f"""
UPDATE checkpoint SET position = $2, as_of = $3, rules = $6
WHERE position = $1 AND generation = $4 AND repairs = $5
RETURNING {ENTERED}, old.rules
"""

_STILL_THERE = f"""
SELECT {ENTERED}, rules FROM checkpoint
WHERE position = $1 AND generation = $2 AND repairs = $3
FOR UPDATE
"""

_UNCOUNT = """
DELETE FROM fact f USING unnest($1::int[], $2::date[], $3::smallint[], $4::bigint[]) AS r (unit, day, measure, position)
WHERE f.unit = r.unit AND f.day = r.day AND f.measure = r.measure AND f.position = r.position
"""

# Its verdict is written before, and says from which position to which it held.
_FORMER = """
INSERT INTO former_fact (position, measure, unit, day, facets, held_at, retracted_at)
SELECT r.*, verdict.held_at, verdict.retracted_at
FROM unnest($1::bigint[], $2::smallint[], $3::text[], $4::date[], $5::bigint[])
    AS r (position, measure, unit, day, facets) JOIN verdict USING (position)
"""

_TALLY = """
INSERT INTO tally AS t (type, outcome, reason, n)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
ON CONFLICT (outcome, type, reason) DO UPDATE SET n = t.n + excluded.n
"""

_REJECTS = """
INSERT INTO publisher_rejects AS r (publisher, reason, n, last_position)
SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[])
ON CONFLICT (publisher, reason) DO UPDATE SET
    n = r.n + excluded.n, last_position = greatest(r.last_position, excluded.last_position)
"""

_PARKED = """
UPDATE unit u SET parked_own = parked_own + p.own, parked_below = parked_below + p.below
FROM unnest($1::int[], $2::int[], $3::int[]) AS p (no, own, below) WHERE u.no = p.no
"""


_PLANS: dict[str, type[TargetRow | DeclarationRow]] = {"target": TargetRow, "declaration": DeclarationRow}


class FencedError(Exception):
    """Another projector has moved the checkpoint: what this one knows is out of date and must be loaded anew."""


async def write(
    connection: asyncpg.Connection, changes: Changes, rendered: Rendered, rollups: Rollups | None = None
) -> None:
    """Apply a batch's changes. The caller owns the transaction; raises FencedError before anything is written.

    ``rollups`` has all batches since the state was loaded gone through it, or none.
    """
    fence = (changes.after, changes.position, changes.as_of, *changes.edition, rules())
    fenced = await connection.fetchrow(_FENCE, *fence)
    if fenced is None:
        raise FencedError(f"the checkpoint is not at {changes.after} any more, in {changes.edition}")
    await connection.copy_to_table("ledger", columns=LEDGER, source=sending(rendered.ledger), format="binary")
    await hash_chain.keep(connection, changes.after, changes.links)
    await write_read_models(connection, changes, rendered, rollups, carried_on=fenced["rules"] == rules())
    await connection.execute(f"NOTIFY {NOTIFICATIONS}, '{changes.position}'")


async def rest(connection: asyncpg.Connection, position: int, edition: Edition, rollups: Rollups) -> None:
    """Do a part of what is put off while events come, where the figures still stand at a position in an edition.

    It changes no figure. The caller owns the transaction. Where others have been here nothing is done: whoever writes
    the next batch finds out.
    """
    found = await connection.fetchrow(_STILL_THERE, position, *edition)
    if found is None:
        return
    await rollups.breakdowns.rest(connection)
    if found["rules"] == rules():
        await rollups.pasts.rest(connection, edition)
    else:
        rollups.pasts.put_off()


async def write_read_models(
    connection: asyncpg.Connection,
    changes: Changes,
    rendered: Rendered,
    rollups: Rollups | None = None,
    *,
    carried_on: bool = False,
) -> None:
    """Apply what a batch changes in the generation that the transaction sees; the caller owns it and its fence.

    ``rollups`` as with `write`; ``carried_on`` as with `AsNowPasts.follow`.
    """
    rollups = rollups or Rollups()
    await write_verdicts(connection, changes)
    if rendered.packed is not None:
        await packing.take_back(connection, changes.structure)
    await _structure(connection, changes.structure)
    waiting: list[rollup_moves.Restructuring] = []
    for index, step in enumerate(changes.steps):
        if isinstance(step, Deltas):
            await rollup_moves.carry_out(connection, waiting, rollups)
            waiting = []
            await _count(connection, step, rendered.steps[index], rollups)
        else:
            waiting.append(step)
    await rollup_moves.carry_out(connection, waiting, rollups)
    if changes.former:
        await connection.execute(_FORMER, *zip(*changes.former, strict=True))
    await _plans(connection, changes, packed=rendered.packed is not None)
    if rendered.packed is not None:
        await packing.add(connection, changes, rendered.packed)
        await rollups.breakdowns.finish(connection)
    await _grants(connection, changes)
    await _marks(connection, changes)
    await rollups.pasts.follow(connection, changes, carried_on=carried_on)
    await _tally(connection, changes.tally)
    if changes.rejects:
        await connection.execute(_REJECTS, *zip(*changes.rejects, strict=True))


async def _tally(connection: asyncpg.Connection, tally: Mapping[tuple[str, str, str], int]) -> None:
    if tally:
        rows = [(*key, n) for key, n in sorted(tally.items())]
        await connection.execute(_TALLY, *zip(*rows, strict=True))


async def _plans(connection: asyncpg.Connection, changes: Changes, *, packed: bool) -> None:
    for table, kind in _PLANS.items():
        made = [row for row in changes.plans_made if isinstance(row, kind)]
        if made:
            await connection.copy_records_to_table(table, columns=kind._fields, records=made)
    if packed:
        await packing.add_declarations(connection, changes)
    if changes.plans_unmade:
        for table in _PLANS:
            await connection.execute(f"DELETE FROM {table} WHERE position = ANY($1::bigint[])", changes.plans_unmade)


async def _grants(connection: asyncpg.Connection, changes: Changes) -> None:
    if changes.grants_made:
        await connection.copy_records_to_table("access_grant", columns=GrantRow._fields, records=changes.grants_made)
    if changes.grants_unmade:
        await connection.execute("DELETE FROM access_grant WHERE position = ANY($1::bigint[])", changes.grants_unmade)


async def _marks(connection: asyncpg.Connection, changes: Changes) -> None:
    """Write what hangs on units as a whole: their terms, their size, what is parked under them."""
    if changes.bent:
        await connection.execute("DELETE FROM as_now_term WHERE part = ANY($1::int[])", changes.bent)
        await connection.copy_records_to_table("as_now_term", columns=Term._fields, records=changes.terms)
    if changes.large:
        await connection.execute(
            "UPDATE unit SET large = true, running = true WHERE no = ANY($1::int[])", changes.large
        )
    if changes.vast:
        await connection.execute("UPDATE unit SET vast = true WHERE no = ANY($1::int[])", changes.vast)
    if changes.parked:
        rows = [(no, own, below) for no, (own, below) in sorted(changes.parked.items())]
        await connection.execute(_PARKED, *zip(*rows, strict=True))


async def _count(connection: asyncpg.Connection, deltas: Deltas, rendered: RenderedStep, rollups: Rollups) -> None:
    if rendered.facts is not None:
        await connection.copy_to_table("fact", columns=FactRow._fields, source=sending(rendered.facts), format="binary")
    if deltas.uncounted:
        rows = [row[:4] for row in deltas.uncounted]
        await connection.execute(_UNCOUNT, *zip(*rows, strict=True))
    if rendered.running is None:
        if deltas.counters:
            await connection.execute(ADD_TO_COUNTERS, deltas.counters, deltas.changes)
        await rollups.running.add(connection, deltas.running, deltas.run_on)
    else:
        await _add_to_both(connection, deltas, rendered.running, rollups.running)
    await rollups.breakdowns.add_pieces(connection, rendered.breakdowns)


async def _add_to_both(
    connection: asyncpg.Connection, deltas: Deltas, rows: tuple[Rows, Rows], running: RunningSums
) -> None:
    """Add to counters and to running sums; what is to be written of these is worked out while PostgreSQL has those."""
    lacking = await running.lacking(connection, rows)
    if deltas.counters:
        counting = connection.execute(ADD_TO_COUNTERS, deltas.counters, deltas.changes)
        added = await meanwhile(counting, lambda: running.added(rows, lacking))
    else:
        added = running.added(rows, lacking)
    await running.write(connection, added)


async def _structure(connection: asyncpg.Connection, structure: Structure) -> None:
    if structure.known_before:
        for table in ("edge", "unit_name", "unit_level"):
            await connection.execute(f"DELETE FROM {table} WHERE unit = ANY($1::int[])", list(structure.known_before))
        gone = list(structure.forgotten & structure.known_before)
        if gone:
            await connection.execute("DELETE FROM unit WHERE no = ANY($1::int[])", gone)
    if structure.unsaid:
        await connection.execute("DELETE FROM statement WHERE position = ANY($1::bigint[])", structure.unsaid)
    if structure.said:
        await connection.copy_records_to_table("statement", columns=structure.said[0]._fields, records=structure.said)
    await _units(connection, structure)
    if structure.edges:
        edges = [(unit, *segment) for unit, segment in structure.edges]
        await connection.copy_records_to_table("edge", columns=("unit", "since", "until", "parent"), records=edges)
    if structure.names:
        names = [(*row, fold_name(row.value)) for row in structure.names]
        await connection.copy_records_to_table(
            "unit_name", columns=("unit", "since", "until", "name", "folded"), records=names
        )
    if structure.levels:
        await connection.copy_records_to_table(
            "unit_level", columns=("unit", "since", "until", "level"), records=structure.levels
        )


async def _units(connection: asyncpg.Connection, structure: Structure) -> None:
    new = [row for row in structure.units if row.no not in structure.known_before]
    changed = [row for row in structure.units if row.no in structure.known_before]
    if new:
        await connection.copy_records_to_table("unit", columns=new[0]._fields, records=new)
    if changed:
        await connection.execute(
            """
            UPDATE unit u SET dissolved = r.dissolved, successor = r.successor, name = r.name, level = r.level
            FROM unnest($1::int[], $2::date[], $3::int[], $4::text[], $5::text[])
                 AS r (no, dissolved, successor, name, level)
            WHERE u.no = r.no
            """,
            [row.no for row in changed],
            [row.dissolved for row in changed],
            [row.successor for row in changed],
            [row.name for row in changed],
            [row.level for row in changed],
        )
