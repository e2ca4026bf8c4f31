"""From the issuer's word to a session of the service's own: for accounts that are there, and for nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from projections.bilingual import Bilingual
from services.access import audit, sessions
from services.access.audit import Entry, record
from services.access.openid_flow import Person
from services.access.refusals import AccessError
from services.access.sign_in_names import LONGEST, key_of

if TYPE_CHECKING:
    from asyncpg import Pool, Record

# The issuer's own name for somebody goes first: his sign-in name there may become another's.
_FIND: Final = """
SELECT id FROM account WHERE signs_in = 'oidc' AND disabled_at IS NULL
    AND (issuer = $1 AND subject = $2 OR subject IS NULL AND name_key = $3)
ORDER BY subject IS NULL LIMIT 1 FOR UPDATE
"""
_BIND: Final = "UPDATE account SET issuer = $2, subject = $3 WHERE id = $1 AND subject IS NULL"


class NoAccountError(AccessError):
    """The issuer knows him, this service doesn't: 403."""

    def __init__(self) -> None:
        super().__init__(
            Bilingual(
                "Chưa có tài khoản cho bạn ở đây; hãy nhờ người quản lý tạo",
                "There is no account for you here: ask a keeper to make one",
            )
        )


async def sign_in(pool: Pool[Record], person: Person, *, hours: int, came_from: str, instead_of: str | None) -> str:
    """Begin a session for a person and return its secret. The account is bound to the issuer's subject the first time.

    Raises NoAccountError.
    """
    name_key = key_of(person.name) if person.name is not None and len(person.name) <= LONGEST else ""
    async with pool.acquire() as connection, connection.transaction():
        account = await connection.fetchval(_FIND, person.issuer, person.subject, name_key)
        if account is not None:
            await connection.execute(_BIND, account, person.issuer, person.subject)
            return await sessions.begin(
                connection, account, by="oidc", hours=hours, came_from=came_from, instead_of=instead_of
            )
    await record(pool, refusal(came_from, "no account"))
    raise NoAccountError


def refusal(came_from: str, why: str) -> Entry:
    """Tell the audit log that a sign-in at the issuer came to nothing."""
    return Entry(audit.SIGN_IN_REFUSED, came_from=came_from, detail={"by": "oidc", "why": why})
