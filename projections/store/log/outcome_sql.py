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

_SAID: Final = (
    "position",
    "published_at",
    "bus_subject",
    "headers",
    "publisher",
    "id",
    "type",
    "subject",
    "first",
    "body",
)
_DECIDED: Final = {
    **{name: f"ledger.{name}" for name in _SAID},
    "outcome": OUTCOME,
    **{name: f"verdict.{name}" for name in ("reason", "field", "detail", "first_position")},
    "held_at": "CASE WHEN verdict.position IS NULL THEN ledger.position ELSE verdict.held_at END",
    **{name: f"verdict.{name}" for name in ("rejected_at", "retracted_at", "retracted_by")},
}
DECIDED_COLUMNS: Final = tuple(_DECIDED)
DECIDED_ROWS: Final = f"""
    SELECT {", ".join(f"{written} AS {name}" for name, written in _DECIDED.items())}
    FROM ledger LEFT JOIN verdict ON verdict.position = ledger.position
"""
"""The query itself, for one that takes it as a fragment."""

DECIDED: Final = f"({DECIDED_ROWS})"
"""Each message with its outcome in the generation that the session sees: take it with a name (`FROM {DECIDED} AS m`).

PostgreSQL plans it as if the join stood in the query: positions and keys are found by the ledger's own indexes. Where
a query asks for an outcome that is not simply to hold, begin with `verdict`, which has indexes for these.
"""


def decided_between(first: str, last: str) -> str:
    """Write the query for those at the positions from a first to a last; $1 for example.

    It is said of both tables, so that neither is read beyond them.
    """
    return f"""{DECIDED_ROWS} AND verdict.position BETWEEN {first} AND {last}
    WHERE ledger.position BETWEEN {first} AND {last}"""
