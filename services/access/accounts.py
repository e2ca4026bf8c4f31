"""Accounts: made, listed, disabled. An account may nothing by itself: what it may is granted on the log.

Each function that changes something writes its own entry in the audit log, in the caller's transaction.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

import msgspec

from projections.bilingual import Bilingual
from services.access import audit
from services.access.asker import OWN, Asker
from services.access.audit import Entry, record
from services.access.refusals import NotThereError, TakenError, UnfitError
from services.access.secret_digests import is_id, new_id
from services.access.sign_in_names import checked, key_of

if TYPE_CHECKING:
    from services.access.database import Connected, Database

SignsIn = Literal["local", "oidc", "service"]
GIVEN: Final = get_args(Literal["local", "oidc", "service"])


class Account(msgspec.Struct, frozen=True):
    """An account as it is shown. `signs_in`: `local` by a password, `oidc` at the issuer, `service` by tokens alone."""

    account: str
    name: str
    signs_in: SignsIn
    made_at: dt.datetime
    made_by: str | None
    disabled_at: dt.datetime | None
    password_set: bool


_SHOWN: Final = """id AS account, name, signs_in, made_at, made_by, disabled_at, password IS NOT NULL AS password_set"""
_ADD: Final = f"""
INSERT INTO account (id, name, name_key, signs_in, made_by) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING RETURNING {_SHOWN}
"""
_PAGE: Final = f"""
SELECT {_SHOWN} FROM account WHERE name_key > $1 AND ($2 = '' OR strpos(name_key, $2) > 0)
    AND ($4::text[] IS NULL OR id = ANY ($4) OR made_by = $5)
ORDER BY name_key LIMIT $3
"""
_TURN: Final = f"""
UPDATE account SET disabled_at = CASE WHEN $2 THEN coalesce(disabled_at, now()) END,
    disabled_by = CASE WHEN $2 THEN coalesce(disabled_by, $3) END,
    issuer = CASE WHEN $2 THEN issuer END, subject = CASE WHEN $2 THEN subject END
WHERE id = $1 RETURNING {_SHOWN}
"""
_END_ALL: Final = "UPDATE session SET revoked_at = now() WHERE account = $1 AND revoked_at IS NULL"


async def add(
    connection: Connected,
    asker: Asker,
    name: str,
    signs_in: str,
    *,
    account: str | None,
    came_from: str | None,
) -> Account:
    """Make an account that may nothing yet. ``account``: under this id, which the log may know from before a loss.

    Raises UnfitError and TakenError.
    """
    if signs_in not in GIVEN:
        raise UnfitError("signs_in", Bilingual(f"cần một trong: {', '.join(GIVEN)}", f"one of: {', '.join(GIVEN)}"))
    if account is not None and not is_id(account, "a"):
        raise UnfitError("account", Bilingual("cần a- và 16 ký tự a-z 0-9", "a- and 16 of a-z 0-9"))
    name = checked(name)
    made = account or new_id("a")
    row = await connection.fetchrow(_ADD, made, name, key_of(name), signs_in, asker.account)
    if row is None:
        raise TakenError(Bilingual(f"Đã có tài khoản “{name}”", f"There is an account {name} already"))
    await record(
        connection, Entry(audit.ACCOUNT_ADDED, asker, came_from=came_from, detail={"of": made, "signs_in": signs_in})
    )
    return _shown(row)


async def find(connection: Database, account: str) -> Account:
    """Return an account by its id, or by its sign-in name. Raises NotThereError."""
    row = await connection.fetchrow(
        f"SELECT {_SHOWN} FROM account WHERE id = $1 OR name_key = $2 ORDER BY id = $1 DESC LIMIT 1",
        *(account, key_of(account)),
    )
    if row is None:
        raise _missing(account)
    return _shown(row)


async def names(connection: Database, accounts: Collection[str]) -> dict[str, str]:
    """Return the sign-in names of accounts, of those that are known."""
    rows = await connection.fetch("SELECT id, name FROM account WHERE id = ANY ($1::text[])", list(accounts))
    return {row["id"]: row["name"] for row in rows}


async def page(
    connection: Database,
    *,
    q: str,
    after: str,
    limit: int,
    among: list[str] | None = None,
    made_by: str | None = None,
) -> tuple[list[Account], str | None]:
    """Return accounts by their names, those with `q` in it, and after which the next page begins.

    With ``among`` they are some of these, or made by one account.
    """
    rows = await connection.fetch(_PAGE, after, key_of(q), limit + 1, among, made_by)
    found = [_shown(row) for row in rows[:limit]]
    return found, key_of(found[-1].name) if len(rows) > limit else None


async def disable(
    connection: Connected, asker: Asker, account: str, *, disabled: bool, came_from: str | None
) -> Account:
    """Disable an account, or let it in again; its sessions are over for good, its tokens come to life with it.

    Let in again, it is bound anew to whom the issuer of OpenID Connect names by its sign-in name.

    Raises NotThereError, and TakenError for the service's own.
    """
    if account in OWN and disabled:
        raise TakenError(
            Bilingual(
                "Tài khoản của chính dịch vụ không khóa được: hãy thu hồi token của nó",
                "The service's own account can't be disabled: revoke its tokens",
            )
        )
    row = await connection.fetchrow(_TURN, account, disabled, asker.account)
    if row is None:
        raise _missing(account)
    if disabled:
        await connection.execute(_END_ALL, account)
        await connection.execute(
            "UPDATE invitation SET used_at = now() WHERE account = $1 AND used_at IS NULL", account
        )
    what = audit.ACCOUNT_DISABLED if disabled else audit.ACCOUNT_ENABLED
    await record(connection, Entry(what, asker, came_from=came_from, detail={"of": account}))
    return _shown(row)


def _shown(row: Any) -> Account:
    return msgspec.convert(dict(row), Account)


def _missing(account: str) -> NotThereError:
    return NotThereError(Bilingual(f"Không có tài khoản “{account}”", f"There is no account {account}"))
