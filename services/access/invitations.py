"""Invitations: a secret that sets the password of a local account, once, within a week."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final, NamedTuple

from projections.bilingual import Bilingual
from services.access import audit, sessions
from services.access.asker import Asker
from services.access.audit import Entry, record
from services.access.passwords import Passwords
from services.access.refusals import NotThereError, TakenError
from services.access.secret_digests import digest_of, new_secret

if TYPE_CHECKING:
    from asyncpg import Pool, Record

    from services.access.database import Connected, Database

LASTS: Final = dt.timedelta(days=7)

_HOLDS: Final = "used_at IS NULL AND expires_at > now()"
_LOCAL: Final = "SELECT signs_in = 'local' AND disabled_at IS NULL FROM account WHERE id = $1 FOR UPDATE"
_MAKE: Final = """
INSERT INTO invitation (digest, account, made_by, expires_at) VALUES ($1, $2, $3, now() + $4::interval)
RETURNING expires_at
"""
_USE: Final = f"""
UPDATE invitation SET used_at = now() WHERE digest = $1 AND {_HOLDS}
    AND (SELECT disabled_at FROM account WHERE id = invitation.account) IS NULL RETURNING account
"""
_LEAVE: Final = "UPDATE invitation SET used_at = now() WHERE account = $1 AND used_at IS NULL"
_FORGET: Final = "DELETE FROM invitation WHERE expires_at < now() - interval '90 days'"


class Invited(NamedTuple):
    """Whom an invitation is for."""

    account: str
    name: str


async def make(
    connection: Connected, asker: Asker, account: str, *, came_from: str | None = None
) -> tuple[str, dt.datetime]:
    """Make an invitation and return its secret and its end; earlier ones of the account hold no more.

    The password of before holds until it is used. In the caller's transaction. Raises NotThereError, and TakenError for
    an account that signs in otherwise or is disabled.
    """
    local = await connection.fetchval(_LOCAL, account)
    if local is None:
        raise NotThereError(Bilingual(f"Không có tài khoản “{account}”", f"There is no account {account}"))
    if not local:
        raise TakenError(
            Bilingual(
                "Chỉ tài khoản có mật khẩu và đang dùng mới được mời",
                "Only an account with a password of its own that is not disabled is invited",
            )
        )
    await connection.execute(_LEAVE, account)
    await connection.execute(_FORGET)
    secret = new_secret()
    ends = await connection.fetchval(_MAKE, digest_of(secret), account, asker.account, LASTS)
    await record(connection, Entry(audit.INVITED, asker, came_from=came_from, detail={"of": account}))
    return secret, ends


async def find(connection: Database, secret: str) -> Invited:
    """Return whom an invitation is for, and use nothing of it. Raises NotThereError where it holds no more."""
    digest = digest_of(secret)
    row = None
    if digest is not None:
        row = await connection.fetchrow(
            f"""SELECT id, name FROM account JOIN invitation ON account = id
            WHERE digest = $1 AND {_HOLDS} AND disabled_at IS NULL""",
            digest,
        )
    if row is None:
        raise _over()
    return Invited(*row)


async def use(
    pool: Pool[Record], passwords: Passwords, secret: str, password: str, *, hours: int, came_from: str
) -> str:
    """Set the password of the account that is invited, end all its sessions, and return the secret of a new one.

    Of two at once one gets through. Raises NotThereError, UnfitError for the password, TooBusyError.
    """
    await find(pool, secret)  # nobody has a password hashed for nothing
    hashed = await passwords.hash(password)
    async with pool.acquire() as connection, connection.transaction():
        account = await connection.fetchval(_USE, digest_of(secret))
        if account is None:
            raise _over()
        await connection.execute("UPDATE account SET password = $2 WHERE id = $1", account, hashed)
        await connection.execute(
            "UPDATE session SET revoked_at = now() WHERE account = $1 AND revoked_at IS NULL", account
        )
        await record(connection, Entry(audit.INVITATION_USED, account=account, came_from=came_from))
        return await sessions.begin(
            connection, account, by="invitation", hours=hours, came_from=came_from, instead_of=None
        )


def _over() -> NotThereError:
    return NotThereError(
        Bilingual(
            "Thư mời không đúng, đã dùng hoặc đã hết hạn; hãy xin thư mời mới",
            "The invitation is wrong, used or over: ask for another",
        )
    )
