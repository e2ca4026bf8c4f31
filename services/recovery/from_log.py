"""The database is lost: everything comes back from the stream, by the same fold that made it."""

from __future__ import annotations

import os
import socket

import asyncpg
from nats.js.api import StreamState

from projections.store.generations import enter_the_one_in_force
from projections.store.live.projection import Projection
from services.language import either
from services.log.check import check_log
from services.log.errors import is_transient
from services.migration import migrate
from services.recovery.database import held, led
from services.recovery.errors import NotEmptyError, RestoreError
from services.recovery.log import Log, connected
from services.recovery.telling import Telling
from services.settings import Settings

_WORKING = "restoring"
"""The state of the row in `worker` while the figures come back: a run that was killed is known by it."""

_MARK = """
INSERT INTO worker (name, state, detail, seen_at, fetched_at, advanced_at, stream_last)
VALUES ($1, $2, 'tonghop restore --from-log', now(), now(), now(), $3)
ON CONFLICT (one) DO UPDATE SET name = excluded.name, state = excluded.state, detail = excluded.detail,
    seen_at = now(), fetched_at = now(), advanced_at = now(), stream_last = excluded.stream_last
"""

_GRANTED = """
SELECT count(DISTINCT standing_grant.account), count(DISTINCT account.id),
    (SELECT count(*) FROM account WHERE signs_in <> 'service')
FROM standing_grant LEFT JOIN account ON account.id = standing_grant.account
WHERE granted AND (until IS NULL OR until >= current_date)
"""


async def restore_from_log(settings: Settings, telling: Telling) -> None:
    """Read the whole stream into an empty database, or go on where a run of this was killed.

    The projector's consumer is left as it is: what it has acknowledged is read from the stream by position, here and by
    every projector after it. Raises RestoreError, and ForeignLogError where what is there is of another stream.
    """
    async with connected(settings) as log:
        state = _whole(log, await log.state())
        async with led(settings.database_url) as connection:
            await held(connection, accounts_stay=True)
            await migrate(settings, notice=telling.say)
            await _begin(connection, log, state)
            position = await _carry(settings, log, connection, state, telling)
            await _finish(connection, position, telling)


def _whole(log: Log, state: StreamState | None) -> StreamState:
    if state is None or not state.last_seq:
        raise RestoreError(
            f"There is no stream {log.name} with messages: nothing to restore from. "
            "If it is lost as well: `tonghop restore --backup DIR`"
        )
    if state.first_seq != 1 or state.messages != state.last_seq:
        raise RestoreError(
            f"The stream {log.name} is not whole: it begins at {state.first_seq} and holds {state.messages} of "
            f"{state.last_seq} messages. Figures from a part of the log would be wrong: `tonghop restore --backup DIR`"
        )
    return state


async def _begin(connection: asyncpg.Connection, log: Log, state: StreamState) -> None:
    """Mark the database as being restored; NotEmptyError where it holds figures that no run of this left there."""
    async with connection.transaction():
        found = await held(connection, accounts_stay=True)
        doing = await connection.fetchval("SELECT state FROM worker")
        if not found.empty and doing != _WORKING:
            raise NotEmptyError(
                f"The database holds figures up to position {found.position}: nothing was changed. A projector goes on "
                "from there by itself. To make everything anew, give an empty database (TONGHOP_DATABASE_URL)"
            )
        await check_log(log.client.jetstream(), log.name, connection)
        name = f"{socket.gethostname()}:{os.getpid()}"
        await connection.execute(_MARK, name, _WORKING, state.last_seq)


async def _carry(
    settings: Settings, log: Log, connection: asyncpg.Connection, state: StreamState, telling: Telling
) -> int:
    """Fold the log up to its end, also what is published meanwhile; each part is one transaction."""
    projection = await Projection.open(settings.database_url, root=settings.root)
    try:
        last = state.last_seq
        name = either("Khôi phục số liệu từ nhật ký", "The figures from the log")
        with telling.step(name, last, done=projection.state.position) as advance:
            while (position := projection.state.position) < last:
                async for messages in log.read(position + 1, last):
                    await projection.carry(messages, _blames)
                    await connection.execute(_MARK, f"{socket.gethostname()}:{os.getpid()}", _WORKING, last)
                    advance(len(messages))
                now = await log.state()
                last = now.last_seq if now is not None else last
        return projection.state.position
    finally:
        await projection.close()


def _blames(error: Exception) -> bool:
    """Tell whether an error may come from a message: no server is away, full or busy."""
    return not is_transient(error)


async def _finish(connection: asyncpg.Connection, position: int, telling: Telling) -> None:
    """Say what holds now; the mark goes."""
    await enter_the_one_in_force(connection)
    rows = await connection.fetch("SELECT outcome, sum(n)::bigint AS n FROM tally WHERE n <> 0 GROUP BY outcome")
    counted = {row["outcome"]: row["n"] for row in rows}
    kept = await connection.fetchval("SELECT count(*) FROM ledger")
    if not kept == sum(counted.values()) == position:
        raise RestoreError(f"the ledger holds {kept} messages of {position}, the tally {sum(counted.values())}")
    await connection.execute("DELETE FROM worker WHERE state = $1", _WORKING)
    outcomes = ", ".join(f"{outcome} {n}" for outcome, n in sorted(counted.items()))
    telling.say(
        either(
            f"Số liệu đã đủ đến vị trí {position} ({outcomes}). Hãy chạy bộ tổng hợp.",
            f"The figures hold all {position} messages of the log ({outcomes}). Start the projector.",
        )
    )
    await _tell_of_accounts(connection, telling)


async def _tell_of_accounts(connection: asyncpg.Connection, telling: Telling) -> None:
    """Say that the accounts are not made from the log, where nobody of those to whom roles are granted is there."""
    granted, known, people = tuple(await connection.fetchrow(_GRANTED) or (0, 0, 0))
    if people and granted == known:
        return  # they were kept
    telling.say(
        either(
            "Tài khoản, phiên, token, biên nhận và nhật ký truy cập không dựng lại được từ luồng nên bắt đầu lại từ "
            "đầu. "
            f"Quyền đã trao thì còn nguyên: cho {granted} tài khoản, {known} trong số đó có ở đây. "
            "`tonghop account bootstrap` tạo token của admin; `tonghop account add TÊN --id a-…` tạo lại một tài khoản "
            "với mã cũ, cùng với quyền của nó.",
            "Accounts, sessions, tokens, receipts and the audit log are not made from the log: they begin anew. "
            f"What was granted holds: to {granted} accounts, of which {known} are here. "
            "`tonghop account bootstrap` makes a token of admin; `tonghop account add NAME --id a-…` makes an account "
            "again under its id of before, and with its roles.",
        )
    )
