"""Find out who asks: one indexed statement a request, so that disabling and revoking hold from the next one on."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from projections.bilingual import Bilingual
from projections.store.connecting import first_answer
from services.access.asker import Asker, RoleAt
from services.access.credentials import Credentials, proves
from services.access.secret_digests import TOKEN, digest_of

if TYPE_CHECKING:
    from asyncpg import Pool, Record

    from services.access.database import Connected

Used = Callable[[Asker], None]
"""Takes note that a session or a token was used."""

_LIMITS_AND_STATE: Final = """
SELECT id, account, roles, units, expires_at <= now() AS expired, revoked_at IS NOT NULL AS revoked,
    (SELECT disabled_at FROM account WHERE account.id = token.account) IS NOT NULL AS disabled
FROM token WHERE digest = $1
"""
_STATE: Final = """
SELECT id, account, expires_at <= now() AS expired, revoked_at IS NOT NULL AS revoked,
    (SELECT disabled_at FROM account WHERE account.id = session.account) IS NOT NULL AS disabled
FROM session WHERE digest = $1
"""
_STILL_HOLDING: Final = """
SELECT id FROM {table} WHERE id = ANY($1::text[]) AND revoked_at IS NULL AND coalesce(expires_at > now(), true)
    AND (SELECT disabled_at FROM account WHERE account.id = {table}.account) IS NULL
"""
_KEPT: Final = ("session", "token")
"""Means that are kept, each in the table of its name."""


class UnauthenticatedError(Exception):
    """Nobody is known by what the request brings: 401, with `challenge` as `WWW-Authenticate`.

    ``known`` is who it would have been, of a session or a token that holds no more.
    """

    def __init__(self, said: Bilingual, *, known: Asker | None = None, given: bool = False) -> None:
        super().__init__(said)
        self.known = known
        self.challenge = 'Bearer realm="tonghop"' + (', error="invalid_token"' if given else "")


class ForgedRequestError(Exception):
    """A request in somebody's session that none of our own pages has made: 403."""


async def asker_of(pool: Pool[Record], credentials: Credentials, used: Used | None = None) -> Asker:
    """Return who asks. A token goes before a cookie, and what is wrong with it is never passed over for that.

    Raises UnauthenticatedError, ForgedRequestError, and what asyncpg and the network raise.
    """
    if credentials.authorization is not None:
        asker = await _by_token(pool, credentials.authorization)
    elif credentials.session:
        asker = await _by_session(pool, credentials.session)
        if credentials.changes and not (credentials.own_page and proves(credentials.form_proof, credentials.session)):
            raise ForgedRequestError(
                Bilingual(
                    "Yêu cầu thay đổi trong một phiên phải đến từ trang của dịch vụ này (X-CSRF-Token)",
                    "What changes something in a session must come from a page of this service (X-CSRF-Token)",
                )
            )
    else:
        raise UnauthenticatedError(Bilingual("Cần đăng nhập, hoặc một token", "Sign in, or send a token"))
    if used is not None:
        used(asker)
    return asker


async def still_known(pool: Pool[Record], askers: Collection[Asker]) -> set[Asker]:
    """Return those of the askers whose session or token, and account, hold still: two statements for however many.

    It is no use of either. Raises what asyncpg and the network raise.
    """
    found = {asker for asker in askers if asker.means not in _KEPT}
    for means in _KEPT:
        here = [asker for asker in askers if asker.means == means]
        if here:
            rows = await pool.fetch(_STILL_HOLDING.format(table=means), [asker.key for asker in here])
            holding = {row["id"] for row in rows}
            found |= {asker for asker in here if asker.key in holding}
    return found


async def _by_token(pool: Pool[Record], authorization: str) -> Asker:
    scheme, _, secret = authorization.partition(" ")
    digest = digest_of(secret.strip(), TOKEN) if scheme.lower() == "bearer" else None
    row = None if digest is None else await first_answer(pool, partial(_row, _LIMITS_AND_STATE, digest))
    if row is None:
        raise UnauthenticatedError(Bilingual("Token không đúng", "There is no such token"), given=True)
    only = None if row["roles"] is None else tuple(map(RoleAt, row["roles"], row["units"]))
    return _holding(Asker(row["account"], "token", row["id"], only), row)


async def _by_session(pool: Pool[Record], secret: str) -> Asker:
    digest = digest_of(secret)
    row = None if digest is None else await first_answer(pool, partial(_row, _STATE, digest))
    if row is None:
        raise UnauthenticatedError(Bilingual("Phiên đã hết, hãy đăng nhập lại", "The session is over: sign in again"))
    return _holding(Asker(row["account"], "session", row["id"]), row)


async def _row(statement: str, digest: bytes, connection: Connected) -> Record | None:
    return await connection.fetchrow(statement, digest)


def _holding(asker: Asker, row: Any) -> Asker:
    """Return who asks where account and means still hold. Raises UnauthenticatedError."""
    token = asker.means == "token"
    what, called = ("Token", "The token") if token else ("Phiên", "The session")
    for column, vietnamese, english in (
        ("disabled", "Tài khoản đã bị khóa", "The account is disabled"),
        ("revoked", f"{what} đã bị thu hồi", f"{called} is revoked"),
        ("expired", f"{what} đã hết hạn", f"{called} has expired"),
    ):
        if row[column]:
            raise UnauthenticatedError(Bilingual(vietnamese, english), known=asker, given=token)
    return asker
