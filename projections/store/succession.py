"""Whose rules may carry the figures on: those that a rebuild replaced write no more, until they are put in force again.

Noted beside the generations: a row of the table `generation` by the name of the rules, which is no name of a schema.
It is `carried` where others went on with figures that these rules had written, and `replaced` since the switch that
accepted other figures (decision 0058).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import asyncpg

CARRIED: Final = "carried"
REPLACED: Final = "replaced"

_NAME: Final = "'rules ' || "
_CARRY_ON: Final = f"""
INSERT INTO generation (name, phase, position, rules)
SELECT {_NAME} rules, '{CARRIED}', position, rules FROM checkpoint WHERE rules NOT IN ('', $1)
ON CONFLICT (name) DO NOTHING
"""
_REPLACED: Final = f"SELECT position FROM generation WHERE name = {_NAME} $1::text AND phase = '{REPLACED}'"
_HOLD: Final = f"DELETE FROM generation WHERE name = {_NAME} $1::text"
_REPLACE: Final = f"""
INSERT INTO generation (name, phase, position, rules)
SELECT {_NAME} rules, '{REPLACED}', position, rules FROM checkpoint WHERE rules NOT IN ('', $1)
UNION
SELECT name, '{REPLACED}', checkpoint.position, generation.rules FROM generation CROSS JOIN checkpoint
WHERE name = {_NAME} generation.rules AND phase = '{CARRIED}' AND generation.rules NOT IN (checkpoint.rules, $1)
ON CONFLICT (name) DO UPDATE SET phase = excluded.phase, position = excluded.position, touched_at = now()
"""


async def replaced_at(connection: asyncpg.Connection, rules: str) -> int | None:
    """Return the position at which a rebuild put other rules in the place of these, None where they may write."""
    found = await connection.fetchval(_REPLACED, rules)
    return None if found is None else int(found)


async def carry_on(connection: asyncpg.Connection, rules: str) -> None:
    """Note whose figures these rules go on with, where they are others'; before the first batch is written."""
    await connection.execute(_CARRY_ON, rules)


async def put_in_force(connection: asyncpg.Connection, rules: str, *, alone: bool) -> None:
    """Let these rules write again, and with ``alone`` none that wrote before; the caller owns the switch."""
    await connection.execute(_HOLD, rules)
    if alone:
        await connection.execute(_REPLACE, rules)
