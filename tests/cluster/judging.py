"""What has become of what was acknowledged: is it in the log, is it in the ledger, does anything count twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import asyncpg

from events.codec import same_content
from projections.rules.log.message import Message
from projections.store.log.outcome_sql import DECIDED
from tests.fault.publishing import Acked

_ROWS: Final = f"SELECT position, body FROM {DECIDED} AS said WHERE position BETWEEN $1 AND $2"
_TWICE: Final = f"""
SELECT count(*) FROM (
    SELECT publisher, id FROM {DECIDED} AS said WHERE outcome IN ('counted', 'applied')
    GROUP BY publisher, id HAVING count(*) > 1
) AS twice
"""


class Standing(NamedTuple):
    """What was lost, by positions, and how many events hold twice."""

    lost: list[int]
    doubled: int


def lost_of(log: Sequence[Message], ledger: dict[int, bytes], acked: Sequence[Acked]) -> list[int]:
    """List the positions of a part of the log at which something acknowledged is missing, there or in the ledger."""
    bodies = {message.position: message.body for message in log}
    lost = {position for position, told in acked if bodies.get(position) != told.said.body}
    return sorted(lost | {position for position, body in bodies.items() if ledger.get(position) != body})


async def standing(connection: asyncpg.Connection, log: Sequence[Message], acked: Sequence[Acked]) -> Standing:
    """Hold a part of the log, without gaps, to what was acknowledged in it and to the ledger."""
    if not log:
        return Standing([position for position, _ in acked], await connection.fetchval(_TWICE))
    rows = await connection.fetch(_ROWS, log[0].position, log[-1].position)
    ledger = {row["position"]: row["body"] for row in rows}
    return Standing(lost_of(log, ledger, acked), await connection.fetchval(_TWICE))


def hold_known(log: Sequence[Message], known: Sequence[Acked]) -> None:
    """Hold what an API called known already: the log has it, there, with this content."""
    bodies = {message.position: message.body for message in log}
    for position, told in known:
        assert same_content(bodies[position], told.said.body), position
