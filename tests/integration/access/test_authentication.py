"""Who asks, on a real database: tokens, what ends them at once, and what is written of it in the audit log."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator

import asyncpg
import pytest

from services.access import accounts, audit, tokens
from services.access.asker import ADMIN, Asker, RoleAt
from services.access.audit import Entry, Wanted
from services.access.authentication import UnauthenticatedError, asker_of
from services.access.bootstrapping import OWNER, bootstrap
from services.access.credentials import Credentials
from services.access.refusals import TakenError, UnfitError
from services.access.tokens import Limit


@pytest.fixture
async def pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    async with asyncpg.create_pool(database, min_size=0, max_size=2) as made:
        yield made


def bearer(secret: str) -> Credentials:
    return Credentials(authorization=f"Bearer {secret}")


async def refused(pool: asyncpg.Pool, credentials: Credentials) -> UnauthenticatedError:
    with pytest.raises(UnauthenticatedError) as caught:
        await asker_of(pool, credentials)
    return caught.value


async def told(pool: asyncpg.Pool) -> list[str]:
    """Give what the audit log tells, the oldest first."""
    entries, _ = await audit.page(pool, Wanted(), before=None, limit=100)
    return [entry.what for entry in reversed(entries)]


async def test_a_token_says_who_asks_until_it_is_revoked(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        made, secret = await bootstrap(connection)
        noted: list[Asker] = []
        asker = await asker_of(pool, bearer(secret), noted.append)
        assert asker == Asker(ADMIN, "token", made.token)
        assert noted == [asker]
        assert asker.holds_everything
        await tokens.revoke(connection, asker, made.token, of=None)
    error = await refused(pool, bearer(secret))
    assert error.known == asker
    assert 'error="invalid_token"' in error.challenge
    assert await told(pool) == ["token_made", "token_revoked"]


async def test_a_token_is_limited_and_so_is_what_it_makes(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        account = await accounts.add(connection, OWNER, "Lan", "local", account=None, came_from=None)
        until = dt.date.today() + dt.timedelta(days=3)  # noqa: DTZ011 - near enough
        limits = [Limit("reader", "gia-binh"), Limit("clerk", "gia-binh")]
        _, secret = await tokens.make(connection, OWNER, account.account, "máy", roles=limits, until=until)
        asker = await asker_of(pool, bearer(secret))
        assert asker.only == (RoleAt("reader", "gia-binh"), RoleAt("clerk", "gia-binh"))
        assert not asker.holds_everything
        child, child_secret = await tokens.make(connection, asker, account.account, "con", roles=limits[:1])
        assert child.expires_at is not None
        assert child.expires_at.date() <= until + dt.timedelta(days=1)
        with pytest.raises(UnfitError):
            await tokens.make(connection, asker, account.account, "con", roles=[Limit("keeper", "gia-binh")])
        await tokens.revoke(connection, asker, asker.key, of=account.account)
        await refused(pool, bearer(child_secret))


async def test_a_disabled_account_is_nobody_at_once(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        account = await accounts.add(connection, OWNER, "lan@x.vn", "local", account=None, came_from=None)
        _, secret = await tokens.make(connection, OWNER, account.account, "máy")
        await asker_of(pool, bearer(secret))
        await accounts.disable(connection, OWNER, account.account, disabled=True, came_from=None)
        assert (await refused(pool, bearer(secret))).known is not None
        await accounts.disable(connection, OWNER, account.account, disabled=False, came_from=None)
        await asker_of(pool, bearer(secret))
        with pytest.raises(TakenError):
            await accounts.add(connection, OWNER, "LAN@x.vn", "local", account=None, came_from=None)
        await bootstrap(connection)
        with pytest.raises(TakenError):
            await accounts.disable(connection, OWNER, ADMIN, disabled=True, came_from=None)


@pytest.mark.parametrize(
    "authorization",
    [
        *("", "Bearer", "Bearer ", "Bearer x", "Basic YTpi", "bearer tonghop_", f"Bearer tonghop_{'a' * 43}"),
        *(
            f"Bearer {'a' * 43}",
            f"Bearer tonghop_{'a' * 42}\x00",
            f"Bearer tonghop_{'ă' * 43}",
            "Bearer eyJhbGciOiJub25lIn0.",
        ),
    ],
)
async def test_what_is_no_token_is_nobody(pool: asyncpg.Pool, authorization: str) -> None:
    error = await refused(pool, Credentials(authorization=authorization, session="a" * 43))
    assert error.known is None
    assert error.challenge.startswith("Bearer")


async def test_without_anything_the_challenge_names_no_error(pool: asyncpg.Pool) -> None:
    assert (await refused(pool, Credentials())).challenge == 'Bearer realm="tonghop"'


async def test_no_secret_is_in_the_database(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        _, secret = await bootstrap(connection)
        rows = [str(row) for name in ("token", "audit", "account") for row in await connection.fetch(f"TABLE {name}")]
        assert rows
        assert not [row for row in rows if secret in row or secret.removeprefix("tonghop_") in row]


async def test_the_audit_log_is_only_added_to(pool: asyncpg.Pool) -> None:
    asker = Asker("a-0123456789abcdef", "session", "s-1")
    async with pool.acquire() as connection:
        await audit.record(
            connection,
            Entry(audit.EVENTS_SHOWN, asker, unit="gia-binh", came_from="10.0.0.1", detail={"route": "/events"}),
            Entry(audit.SIGN_IN_REFUSED, came_from="10.0.0.2"),
        )
        for attempt in ("UPDATE audit SET what = 'x'", "DELETE FROM audit", "TRUNCATE audit"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(attempt)
        first, more = await audit.page(connection, Wanted(), before=None, limit=1)
        assert [entry.account for entry in first] == [None]
        rest, end = await audit.page(connection, Wanted(part=(["gia-binh"], [])), before=more, limit=1)
        assert end is None
        (entry,) = rest
        assert (entry.account, entry.means, entry.key, entry.unit) == (*asker[:3], "gia-binh")
        assert entry.detail == {"route": "/events"}
        assert await audit.prune(connection, 1) == 0
        assert await audit.prune(connection, -1) == 2
        assert await told(pool) == ["pruned"]
