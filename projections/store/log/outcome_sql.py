"""What became of a message, in SQL: the ledger keeps the message, a generation's verdict says what came of it.

Most messages hold at once and still do: these have no verdict. What that means for an outcome is said here alone.
"""

from __future__ import annotations

from typing import Final

from events.catalogue import FACTS
from events.vocabulary import Outcome

_FACT_TYPES: Final = ", ".join(f"'{row.type}'" for row in FACTS)

OUTCOME: Final = f"""coalesce(verdict.outcome,
    CASE WHEN ledger.type IN ({_FACT_TYPES}) THEN '{Outcome.COUNTED}' ELSE '{Outcome.APPLIED}' END)"""
"""Of `ledger LEFT JOIN verdict`."""

_DECIDED: Final = f"""
    SELECT ledger.position, ledger.published_at, ledger.bus_subject, ledger.headers, ledger.publisher, ledger.id,
        ledger.type, ledger.subject, ledger.first, ledger.body, {OUTCOME} AS outcome,
        verdict.reason, verdict.field, verdict.detail, verdict.first_position,
        CASE WHEN verdict.position IS NULL THEN ledger.position ELSE verdict.held_at END AS held_at,
        verdict.rejected_at, verdict.retracted_at, verdict.retracted_by
    FROM ledger LEFT JOIN verdict ON verdict.position = ledger.position
"""

DECIDED: Final = f"({_DECIDED})"
"""Each message with its outcome in the generation that the session sees: take it with a name (`FROM {DECIDED} AS m`).

PostgreSQL plans it as if the join stood in the query: positions and keys are found by the ledger's own indexes. Where
a query asks for an outcome that is not simply to hold, begin with `verdict`, which has indexes for these.
"""

DECIDED_BETWEEN: Final = f"""({_DECIDED} AND verdict.position BETWEEN $1 AND $2
    WHERE ledger.position BETWEEN $1 AND $2)"""
"""Those at the positions from $1 to $2: said of both tables, so that neither is read beyond them."""
