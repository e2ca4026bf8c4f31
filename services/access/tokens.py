"""Tokens for machines: made by an account, limited to some of its roles at some units, with an end; kept as digests."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

from events.identifiers import is_unit_id
from events.names import fault_of
from events.vocabulary import ROLES
from projections.answers.words.vietnamese_format import VIETNAM
from projections.bilingual import Bilingual
from services.access import audit
from services.access.asker import Asker, RoleAt
from services.access.audit import Entry, record
from services.access.refusals import NotThereError, UnfitError
from services.access.secret_digests import TOKEN, digest_of, new_id, new_secret

if TYPE_CHECKING:
    from services.access.database import Connected, Database

LASTS: Final = dt.timedelta(days=365)
"""Unless it is asked for otherwise."""
MOST_ROLES: Final = 100
LONGEST_NAME: Final = 100


class Limit(msgspec.Struct, frozen=True):
    """A role at a unit and below, to which a token is limited."""

    role: str
    unit: str


class Token(msgspec.Struct, frozen=True):
    """A token as it is shown: never the secret. ``roles`` null: whatever its account may."""

    token: str
    account: str
    name: str
    roles: list[Limit] | None
    made_at: dt.datetime
    made_by: str | None
    expires_at: dt.datetime | None
    used_at: dt.datetime | None
    revoked_at: dt.datetime | None


_SHOWN: Final = "id AS token, account, name, roles, units, made_at, made_by, expires_at, used_at, revoked_at"
_ADD: Final = f"""
INSERT INTO token (id, digest, account, name, roles, units, made_by, made_with, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING {_SHOWN}
"""
_REVOKE: Final = f"""
WITH RECURSIVE these (id) AS (
    SELECT id FROM token WHERE id = $1 AND ($2::text IS NULL OR account = $2)
    UNION SELECT token.id FROM token JOIN these ON token.made_with = these.id
)
UPDATE token SET revoked_at = coalesce(revoked_at, now()) WHERE id IN (SELECT id FROM these) RETURNING {_SHOWN}
"""


async def make(
    connection: Connected,
    asker: Asker,
    account: str,
    name: str,
    *,
    roles: Sequence[Limit] | None = None,
    until: dt.date | None = None,
    endless: bool = False,
    came_from: str | None = None,
) -> tuple[Token, str]:
    """Make a token of an account and return it with its secret, which nobody is told again.

    ``until`` is inclusive, a civil day; a year from now unless given. What a limited token makes is within its limits,
    ends no later, and is revoked with it. Raises UnfitError, NotThereError where the account isn't there.
    """
    limits = None if roles is None else _checked(roles)
    ends = None if endless else _end(until)
    if not name.strip() or len(name) > LONGEST_NAME or fault_of(name):
        said = Bilingual(f"cần 1-{LONGEST_NAME} ký tự nhìn thấy được", f"1-{LONGEST_NAME} visible characters")
        raise UnfitError("name", said)
    if asker.means == "token":
        limits, ends = await _within(connection, asker, limits, ends)
    secret = new_secret(TOKEN)
    row = await connection.fetchrow(
        _ADD,
        *(new_id("t"), digest_of(secret, TOKEN), account, name.strip()),
        None if limits is None else [each.role for each in limits],
        None if limits is None else [each.unit for each in limits],
        *(asker.account, asker.key if asker.means == "token" and asker.key else None, ends),
    )
    made = _shown(row)
    detail = {"token": made.token, "of": account, "name": made.name, "roles": msgspec.to_builtins(made.roles)}
    await record(connection, Entry(audit.TOKEN_MADE, asker, came_from=came_from, detail=detail))
    return made, secret


async def of_account(connection: Database, account: str) -> list[Token]:
    """Return the tokens of an account, the newest first."""
    rows = await connection.fetch(f"SELECT {_SHOWN} FROM token WHERE account = $1 ORDER BY made_at DESC, id", account)
    return [_shown(row) for row in rows]


async def revoke(
    connection: Connected, asker: Asker, token: str, *, of: str | None, came_from: str | None = None
) -> list[Token]:
    """Revoke a token, at once, and all that were made with it; return them, it first. ``of``: of this account alone.

    Raises NotThereError.
    """
    rows = await connection.fetch(_REVOKE, token, of)
    if not rows:
        raise NotThereError(Bilingual(f"Không có token “{token}”", f"There is no token {token}"))
    found = sorted((_shown(row) for row in rows), key=lambda each: (each.token != token, each.made_at))
    await record(
        connection,
        *(
            Entry(audit.TOKEN_REVOKED, asker, came_from=came_from, detail={"token": each.token, "of": each.account})
            for each in found
        ),
    )
    return found


def _checked(roles: Sequence[Limit]) -> list[Limit]:
    if not 0 < len(roles) <= MOST_ROLES:
        raise UnfitError("roles", Bilingual(f"cần 1-{MOST_ROLES} vai trò", f"1-{MOST_ROLES} roles"))
    for each in roles:
        if each.role not in ROLES:
            said = Bilingual(f"vai trò: {', '.join(ROLES)}", f"a role is one of {', '.join(ROLES)}")
            raise UnfitError("roles", said)
        if not is_unit_id(each.unit):
            raise UnfitError("roles", Bilingual("cần một mã đơn vị", "a unit's id", f"“{each.unit[:63]}”: "))
    return list(dict.fromkeys(roles))


def _end(until: dt.date | None) -> dt.datetime:
    now = dt.datetime.now(VIETNAM)
    if until is None:
        return now + LASTS
    if until < now.date() or until.year > now.year + 10:
        raise UnfitError("until", Bilingual("cần một ngày từ nay đến 10 năm", "a day within ten years from now on"))
    return dt.datetime.combine(until + dt.timedelta(days=1), dt.time(), VIETNAM)


async def _within(
    connection: Connected, asker: Asker, limits: list[Limit] | None, ends: dt.datetime | None
) -> tuple[list[Limit] | None, dt.datetime | None]:
    """Keep what a token makes within its own limits. Raises UnfitError."""
    if asker.only is not None:
        limits = [Limit(*each) for each in asker.only] if limits is None else limits
        if not {RoleAt(each.role, each.unit) for each in limits} <= set(asker.only):
            raise UnfitError(
                "roles",
                Bilingual("token này không có vai trò đó", "the token that asks is not for these roles"),
            )
    last = await connection.fetchval("SELECT expires_at FROM token WHERE id = $1", asker.key)
    return limits, last if ends is None else ends if last is None else min(ends, last)


def _shown(row: Any) -> Token:
    roles, units = row["roles"], row["units"]
    limits = None if roles is None else [Limit(role, unit) for role, unit in zip(roles, units, strict=True)]
    return msgspec.convert({**row, "roles": limits}, Token)
