"""`tonghop migrate`: make the schema, the stream and its consumer, or check those that exist."""

import json
import sys
from collections.abc import Awaitable, Callable, Mapping
from itertools import chain, repeat
from typing import Any

from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import DeliverPolicy, StreamConfig
from nats.js.errors import NotFoundError

from projections.bilingual import Bilingual
from projections.store.address import said
from projections.store.checkpoint import position_of
from projections.store.connecting import connect
from projections.store.schema.migrate import upgrade
from services.connecting.bus import connect_once
from services.connecting.database_failures import SERVERS_FAIL
from services.connecting.failures import Failure, classify, described
from services.connecting.patience import Backoff, OutOfPatienceError, patiently
from services.language import chosen, either
from services.log.configuration import (
    DUPLICATE_WINDOW,
    LARGEST_MESSAGE,
    LIMITS,
    RESTORING,
    consumer_config,
    stream_config,
)
from services.settings import Settings

_NO_STREAM = 10059
_NO_CONSUMER = 10014
PATIENCE = 60.0
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0
LOCK_WAITS = (*[0.3] * 8, 1.5)
"""Seconds for which a lock on a table is waited for, try after try: whoever reads waits behind it. The last, for all
further tries, is longer than the second after which PostgreSQL sends its own cleaning away (deadlock_timeout)."""

Notice = Callable[[str], None]


class MigrationError(RuntimeError):
    """What exists breaks a promise of the contract, or a server stays away; the message says which and what to do."""


async def migrate(settings: Settings, *, notice: Notice | None = None, patience: float = PATIENCE) -> None:
    """Make what is missing in PostgreSQL and NATS; safe to repeat, and to run twice at the same time.

    Waits up to `patience` seconds for each server and tells `notice` (standard error by default) what it waits for.
    Raises MigrationError, and projections.store.schema.migrate.SchemaError. Nothing that exists is ever altered.
    """
    notice = notice or _to_standard_error
    waits = chain(LOCK_WAITS, repeat(LOCK_WAITS[-1]))

    async def schema() -> None:
        newer = await upgrade(settings.database_url, lock_wait=next(waits))
        if newer is not None:
            notice(
                either(
                    f"Lược đồ ({newer}) mới hơn phiên bản này, và phiên bản này chạy được với nó: không đổi gì.",
                    f"The schema ({newer}) is newer than this version, which can live with it: nothing is changed.",
                )
            )

    await _patiently("PostgreSQL (TONGHOP_DATABASE_URL)", schema, notice, patience)
    await _patiently(
        f"NATS JetStream at {said(settings.nats_url)} (TONGHOP_NATS_URL)",
        lambda: _migrate_stream(settings, notice),
        notice,
        patience,
    )


async def _patiently(server: str, attempt: Callable[[], Awaitable[None]], notice: Notice, patience: float) -> None:
    def waiting(error: BaseException, _: float) -> None:
        notice(f"{either('đang chờ', 'waiting for')} {server}: {chosen(described(error))}")

    backoff = Backoff(FIRST_PAUSE, LONGEST_PAUSE)
    try:
        await patiently(attempt, patience=patience, waiting=waiting, backoff=backoff)
    except OutOfPatienceError as away:
        last = described(away.last)
        raise MigrationError(
            Bilingual(
                f"không thấy sau {patience:g} s: {last.vietnamese}",
                f"is not there after {patience:g} s: {last.english}",
                before=f"{server} ",
            )
        ) from away
    except Exception as error:
        if classify(error) is Failure.OTHER and not isinstance(error, SERVERS_FAIL):
            raise  # ours, or a fault
        why = described(error)
        raise MigrationError(
            Bilingual(f"không nhận: {why.vietnamese}", f"refuses: {why.english}", before=f"{server} ")
        ) from error


def _to_standard_error(line: str) -> None:
    sys.stderr.write(f"{line}\n")


async def ensure_consumer(settings: Settings, *, notice: Notice) -> None:
    """Make the projector's consumer where the stream is there and the consumer isn't, and say so.

    Raises MigrationError where it is not the projector's, and what nats-py raises.
    """
    client = await connect_once(settings, "tonghop up")
    try:
        jetstream = client.jetstream(timeout=5)
        try:
            await jetstream.consumer_info(settings.stream, settings.consumer)
        except NotFoundError as missing:
            if missing.err_code != _NO_CONSUMER:
                return
            await _ensure_consumer(jetstream, settings)
            notice(
                either(
                    f"nats: bộ tiêu thụ {settings.consumer} đã bị xóa, đã tạo lại",
                    f"nats: the consumer {settings.consumer} of the projector was deleted, and is made anew",
                )
            )
    finally:
        await client.close()


async def mend_stream(settings: Settings, *, notice: Notice) -> None:
    """Give a stream of before the limits of today, with a user that may change it; nothing else of it is touched.

    Waits for nothing. One that is closed for a restore stays as it is. Raises MigrationError, and what nats-py raises.
    """
    client = await connect_once(settings, "tonghop up")
    try:
        found = await _asked(client, f"$JS.API.STREAM.INFO.{settings.stream}", b"")
        if found is None:
            return
        config = found["config"]
        lacking = {name: value for name, value in LIMITS.items() if config.get(name) != value}
        if not lacking or any(subject.startswith(f"{RESTORING}.") for subject in config.get("subjects", ())):
            return
        request = json.dumps(config | lacking).encode()
        await _asked(client, f"$JS.API.STREAM.UPDATE.{settings.stream}", request)
        notice(
            either(
                f"nats: luồng {settings.stream} nhận giới hạn mới: {_limits(lacking)}",
                f"nats: the stream {settings.stream} gets its limits: {_limits(lacking)}",
            )
        )
    finally:
        await client.close()


async def _asked(client: Client, subject: str, request: bytes) -> dict[str, Any] | None:
    """Ask the server as it is: what it says of a stream is given back whole, also what nats-py knows nothing of."""
    answer: dict[str, Any] = json.loads((await client.request(subject, request, timeout=10)).data)
    error = answer.get("error")
    if error is not None and error.get("err_code") != _NO_STREAM:
        raise MigrationError(f"{subject}: {error.get('description')}")
    return None if error is not None else answer


def _limits(values: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())


async def _migrate_stream(settings: Settings, notice: Notice) -> None:
    client = await connect_once(settings, "tonghop migrate")  # the waiting is done, and told, by the caller
    try:
        jetstream = client.jetstream(timeout=10)
        await _ensure_stream(jetstream, settings, notice)
        await _ensure_consumer(jetstream, settings)
    finally:
        await client.close()


async def _ensure_stream(jetstream: JetStreamContext, settings: Settings, notice: Notice) -> None:
    wanted = stream_config(settings)
    try:
        found = (await jetstream.stream_info(settings.stream)).config
    except NotFoundError:
        await _expect_no_figures(settings)
        found = (await jetstream.add_stream(wanted)).config
    if any(subject.startswith(f"{RESTORING}.") for subject in found.subjects or ()):
        raise MigrationError(
            f"the stream {settings.stream} takes no events: a restore is at work, or was broken off. "
            "Run `tonghop restore` again, in the same way"
        )
    promised: dict[str, Any] = {
        name: getattr(wanted, name)
        for name in (
            *("subjects", "retention", "storage", "discard", "max_msgs", "max_bytes", "max_age"),
            *("max_msgs_per_subject", "deny_delete", "deny_purge", "allow_direct", "allow_atomic"),
        )
    }
    # What would take messages away, or acknowledge them before they are kept.
    promised |= dict.fromkeys(("allow_rollup_hdrs", "allow_msg_ttl", "allow_msg_schedules", "allow_msg_counter"), False)
    promised |= {"no_ack": False, "sealed": False, "mirror": None}
    wrong = _differences(promised, {name: getattr(found, name) for name in promised})
    if (found.num_replicas or 1) < settings.replicas:
        wrong.append(f"num_replicas is {found.num_replicas}, must be at least {settings.replicas}")
    if found.persist_mode == "async":
        wrong.append("persist_mode is async, must be default")
    if wrong:
        raise MigrationError(
            f"the stream {settings.stream} breaks a promise of the log: {'; '.join(wrong)}. "
            f"Correct it with `nats stream edit {settings.stream}` as the operator's user of "
            "deploy/nats/accounts.conf; never remove the stream, it is the log"
        )
    _tell_of_limits(settings, found, notice)


def _tell_of_limits(settings: Settings, found: StreamConfig, notice: Notice) -> None:
    """Say what an operator should change; nothing is wrong with what the log holds, so this is no reason to stop."""
    lacking = []
    if found.max_msg_size != LARGEST_MESSAGE:
        lacking.append(f"--max-msg-size={LARGEST_MESSAGE}")
    if found.duplicate_window != DUPLICATE_WINDOW:
        lacking.append(f"--dupe-window={DUPLICATE_WINDOW}s")
    if lacking:
        command = f"nats stream edit {settings.stream} {' '.join(lacking)}"
        notice(
            either(
                f"Luồng {settings.stream} còn giới hạn cũ và vẫn chạy tiếp. "
                f"Hãy sửa bằng người dùng vận hành: {command}",
                f"The stream {settings.stream} has limits of before and goes on. "
                f"Correct them as the operator's user: {command}",
            )
        )


async def _expect_no_figures(settings: Settings) -> None:
    """Raise MigrationError where figures stand already: a new log beside them would begin at position 1 once more."""
    connection = await connect(settings.database_url)
    try:
        position = await position_of(connection)
    finally:
        await connection.close()
    if position:
        raise MigrationError(
            f"the stream {settings.stream} is lost: the figures in the database stand at position {position}, and no "
            "new one is made beside them. `tonghop restore --from-ledger` brings it back (with `--data-dir DIR` for "
            "the folder of `tonghop up`)"
        )


async def _ensure_consumer(jetstream: JetStreamContext, settings: Settings) -> None:
    wanted = consumer_config(settings)
    try:
        found = (await jetstream.consumer_info(settings.stream, settings.consumer)).config
    except NotFoundError:
        found = (await jetstream.add_consumer(settings.stream, wanted)).config
    promised: dict[str, Any] = {name: getattr(wanted, name) for name in ("ack_policy", "max_deliver")}
    promised |= dict.fromkeys(
        ("deliver_subject", "filter_subject", "filter_subjects", "headers_only", "inactive_threshold")
    )
    wrong = _differences(promised, {name: getattr(found, name) for name in promised})
    if found.deliver_policy not in {DeliverPolicy.ALL, DeliverPolicy.BY_START_SEQUENCE}:  # the latter: made anew
        wrong.append(f"deliver_policy is {_plain(found.deliver_policy)}, must be all")
    if wrong:
        raise MigrationError(
            f"the consumer {settings.consumer} of {settings.stream} is not the projector's: {'; '.join(wrong)}. "
            f"Remove it with `nats consumer rm {settings.stream} {settings.consumer}` and migrate again: "
            "the projector finds its position in the database"
        )


def _differences(promised: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """Name the settings that differ; an absent one, as older servers answer, stands for no, none and no limit."""
    return [
        f"{name} is {_plain(found[name])}, must be {_plain(value)}"
        for name, value in promised.items()
        if (found[name] or None) != (value or None)
    ]


def _plain(value: Any) -> Any:
    return "none" if value is None else getattr(value, "value", value)
