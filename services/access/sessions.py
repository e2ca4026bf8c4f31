"""Sessions: begun by a sign-in, each with a secret of its own, ended by signing out, by their time or by the owner."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

import msgspec

from projections.bilingual import Bilingual
from services.access import audit
from services.access.asker import Asker
from services.access.audit import Entry, record
from services.access.refusals import NotThereError, TakenError
from services.access.secret_digests import digest_of, new_id, new_secret

if TYPE_CHECKING:
    from services.access.database import Connected, Database

KEPT: Final = dt.timedelta(days=90)
"""For so long it is known, after its end, from where an account was signed in."""


class Session(msgspec.Struct, frozen=True):
    """A session as it is shown. `current`: the one that asks."""

    session: str
    made_at: dt.datetime
    expires_at: dt.datetime
    used_at: dt.datetime | None
    came_from: str | None
    current: bool


_BEGIN: Final = """
INSERT INTO session (id, digest, account, expires_at, came_from)
SELECT $1, $2, id, now() + make_interval(hours => $4), $5 FROM account WHERE id = $3 AND disabled_at IS NULL
RETURNING id
"""
_FORGET: Final = """
DELETE FROM session WHERE id IN (SELECT id FROM session WHERE expires_at < now() - $1::interval LIMIT 1000)
"""
_OPEN: Final = "account = $1 AND revoked_at IS NULL AND expires_at > now()"
_END: Final = f"UPDATE session SET revoked_at = now() WHERE {_OPEN} AND ($2::text IS NULL OR id = $2) RETURNING id"


async def begin(
    connection: Connected, account: str, *, by: str, hours: int, came_from: str, instead_of: str | None
) -> str:
    """Begin a session and return its secret; the one that the browser held before, `instead_of`, is over.

    ``by`` says in the audit log how the account signed in. In the caller's transaction. Raises TakenError where the
    account was disabled meanwhile.
    """
    secret = new_secret()
    session = await connection.fetchval(_BEGIN, new_id("s"), digest_of(secret), account, hours, came_from)
    if session is None:
        raise TakenError(Bilingual("Tài khoản đã bị khóa", "The account is disabled"))
    before = digest_of(instead_of) if instead_of else None
    if before is not None:
        await connection.execute("UPDATE session SET revoked_at = now() WHERE digest = $1", before)
    await connection.execute(_FORGET, KEPT)
    asker = Asker(account, "session", session)
    await record(connection, Entry(audit.SIGNED_IN, asker, came_from=came_from, detail={"by": by}))
    return secret


async def open_ones(connection: Database, account: str, current: str | None) -> list[Session]:
    """Return the sessions of an account that hold, the newest first."""
    rows = await connection.fetch(
        f"""SELECT id AS session, made_at, expires_at, used_at, came_from, id IS NOT DISTINCT FROM $2 AS current
        FROM session WHERE {_OPEN} ORDER BY made_at DESC""",
        *(account, current),
    )
    return [msgspec.convert(dict(row), Session) for row in rows]


async def end(connection: Connected, asker: Asker, account: str, session: str | None, *, came_from: str | None) -> int:
    """End one session of an account, or all of them, at once; return how many. Raises NotThereError for the one."""
    ended = [row["id"] for row in await connection.fetch(_END, account, session)]
    if session is not None and not ended:
        raise NotThereError(Bilingual(f"Không có phiên “{session}”", f"There is no session {session}"))
    what = audit.SIGNED_OUT if ended == [asker.key] else audit.SESSION_ENDED
    await record(
        connection,
        *(Entry(what, asker, came_from=came_from, detail={"session": each, "of": account}) for each in ended),
    )
    return len(ended)
