"""The audit log: who did what when, for which unit, from where. It is added to, read, and cut off when it is too old.

An entry names accounts by their ids and units by theirs; never a secret, never a member's reference.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from services.access.asker import Asker

if TYPE_CHECKING:
    from services.access.database import Connected, Database

SIGNED_IN: Final = "signed_in"
SIGNED_OUT: Final = "signed_out"
SIGN_IN_REFUSED: Final = "sign_in_refused"
REFUSED: Final = "refused"
ACCOUNT_ADDED: Final = "account_added"
ACCOUNT_DISABLED: Final = "account_disabled"
ACCOUNT_ENABLED: Final = "account_enabled"
INVITED: Final = "invited"
INVITATION_USED: Final = "invitation_used"
TOKEN_MADE: Final = "token_made"  # noqa: S105 - what was done
TOKEN_REVOKED: Final = "token_revoked"  # noqa: S105 - what was done
SESSION_ENDED: Final = "session_ended"
GRANTED: Final = "granted"
REVOKED: Final = "revoked"
EVENTS_SHOWN: Final = "events_shown"
CELLS_SHOWN: Final = "cells_shown"
EVENTS_SENT: Final = "events_sent"
PRUNED: Final = "pruned"

KINDS: Final = (
    *(SIGNED_IN, SIGNED_OUT, SIGN_IN_REFUSED, REFUSED, ACCOUNT_ADDED, ACCOUNT_DISABLED, ACCOUNT_ENABLED, INVITED),
    *(INVITATION_USED, TOKEN_MADE, TOKEN_REVOKED, SESSION_ENDED, GRANTED, REVOKED, EVENTS_SHOWN, CELLS_SHOWN),
    *(EVENTS_SENT, PRUNED),
)
"""What an entry may tell of (contract, section 7): sign-ins, refusals, grants, tokens, answers that show more,
and who sent."""


class Entry(NamedTuple):
    """One entry, before it is written. ``detail`` says more, in plain JSON."""

    what: str
    asker: Asker | None = None
    account: str | None = None
    """Who did it where no asker did: the account that signs in, or is refused."""
    unit: str | None = None
    came_from: str | None = None
    detail: Mapping[str, Any] = {}


class AuditLine(msgspec.Struct, frozen=True):
    """One entry as it is read. `key` says which session or token it was."""

    no: int
    at: dt.datetime
    account: str | None
    means: str | None
    key: str | None
    what: str
    unit: str | None
    came_from: str | None
    detail: dict[str, Any]


class Wanted(NamedTuple):
    """Which entries are asked for; None is any. ``part``: about these units, or by these accounts, alone."""

    account: str | None = None
    what: str | None = None
    unit: str | None = None
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    """Exclusive."""
    part: tuple[Sequence[str], Sequence[str]] | None = None


_RECORD: Final = """
INSERT INTO audit (account, means, key, what, unit, came_from, detail) VALUES ($1, $2, $3, $4, $5, $6, $7::text::jsonb)
"""
_LAST: Final = 2**63 - 1
_CONDITIONS: Final = {
    "account": "account = ${}",
    "what": "what = ${}",
    "unit": "unit = ${}",
    "since": "at >= ${}",
    "until": "at < ${}",
}


async def record(connection: Database, *entries: Entry) -> None:
    """Write entries, in the caller's transaction where there is one. Raises what asyncpg and the network raise."""
    await connection.executemany(_RECORD, [_row(entry) for entry in entries])


def _row(entry: Entry) -> tuple[Any, ...]:
    asker = entry.asker
    who: tuple[str | None, ...] = (entry.account, None, None)
    if asker is not None:
        who = (asker.account, asker.means, asker.key or None)
    detail = msgspec.json.encode(entry.detail).decode()
    return (*who, entry.what, entry.unit, entry.came_from, detail)


async def page(
    connection: Database, wanted: Wanted, *, before: int | None, limit: int
) -> tuple[list[AuditLine], int | None]:
    """Return entries, the newest first, and before which one the next page begins; None where there is none."""
    given = {name: value for name, value in wanted._asdict().items() if value is not None and name != "part"}
    # Only what is asked for stands in the statement: each has an index of its own.
    conditions = [_CONDITIONS[name].format(n) for n, name in enumerate(given, 3)]
    if wanted.part is not None:
        n = 3 + len(given)
        conditions.append(f"(unit = ANY (${n}::text[]) OR account = ANY (${n + 1}::text[]))")
    rows = await connection.fetch(
        f"""SELECT no, at, account, means, key, what, unit, came_from, detail::text AS detail FROM audit
        WHERE {" AND ".join(("no < $1", *conditions))} ORDER BY no DESC LIMIT $2""",
        *(_LAST if before is None else before, limit + 1, *given.values(), *map(list, wanted.part or ())),
    )
    found = [msgspec.convert({**row, "detail": msgspec.json.decode(row["detail"])}, AuditLine) for row in rows[:limit]]
    return found, found[-1].no if len(rows) > limit else None


async def prune(connection: Connected, keep_days: int) -> int:
    """Take away what is older than so many days, in one transaction, and say so in the log itself; return how many.

    The owner of the table alone may: the service's own users can't delete.
    """
    async with connection.transaction():
        await connection.execute("SET LOCAL tonghop.prune_audit = 'on'")
        last = await connection.fetchval("SELECT now() - make_interval(days => $1)", keep_days)
        pruned = int((await connection.execute("DELETE FROM audit WHERE at < $1", last)).removeprefix("DELETE "))
        if pruned:
            detail = {"entries": pruned, "before": last.isoformat(timespec="seconds")}
            await record(connection, Entry(PRUNED, detail=detail))
    return pruned
