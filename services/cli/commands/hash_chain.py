"""What the commands about the hash chain do: compute it anew from the ledger with a progress bar, sign, compare."""

import asyncio
import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg

from projections.rules.log.hash_chain import START
from projections.rules.log.message import GapError, Message
from projections.store.log import hash_chain
from projections.store.log.kept_log import kept_messages
from services.cli.database import on_database
from services.cli.errors import CommandError, DiffersError
from services.cli.screen import console
from services.cli.words import moment
from services.connecting.bus import connect_once
from services.connecting.database_failures import SERVERS_FAIL
from services.language import chosen, either
from services.log.gaps import read_range
from services.progress_bar import progress_bar
from services.settings import Settings
from services.verification import attestation

_BUS_WITHIN = 20.0
_UNREADABLE: tuple[type[Exception], ...] = (*SERVERS_FAIL, GapError)
_NAMED = 10
"""Positions that a message names."""


def verify_chain(settings: Settings, first: int) -> str:
    """Hold the ledger to its chain from a position on and say that it is right.

    Raises DiffersError, which names what is not, and CommandError where that can't be told.
    """

    async def work(connection: asyncpg.Connection) -> str:
        last, _ = await hash_chain.head(connection)
        chained = (await hash_chain.last_link(connection, last)).position
        if chained < last:
            raise CommandError(
                either(
                    f"Chuỗi băm mới tới vị trí {chained}, sổ cái tới {last}: bộ tổng hợp nối tiếp khi khởi động.",
                    f"The chain ends at {chained}, the ledger at {last}: the projector carries it on when it starts.",
                )
            )
        with _progress(either("Tính lại", "Computing"), first, last) as tell:
            broken = await hash_chain.first_broken(connection, first, tell)
        stray = await hash_chain.strays(connection)
        if stray:
            at = ", ".join(map(str, stray[:_NAMED]))
            raise DiffersError(
                either(f"SAI: có mắt xích không ai lưu, tại {at}.", f"There are links that nobody keeps, at {at}.")
            )
        if broken is None:
            return either(f"Chuỗi băm đúng tới vị trí {last}.", f"The chain is right up to position {last}.")
        raise DiffersError(await _named(settings, connection, broken))

    return on_database(settings, work)


def sign_position(settings: Settings, key: Path, position: int | None) -> str:
    """Return a signed position, as JSON.

    The chain is computed anew from the log's beginning and held to what is kept. Raises DiffersError where it differs,
    which names what was changed, and CommandError.
    """

    async def work(connection: asyncpg.Connection) -> attestation.Attestation:
        last, _ = await hash_chain.head(connection)
        signed = last if position is None else position
        if not 0 < signed <= last:
            raise CommandError(either(f"Sổ cái mới tới vị trí {last}.", f"The ledger ends at position {last}."))
        with _progress(either("Tính lại", "Computing"), 1, signed) as tell:
            link, broken = await hash_chain.held(connection, START, signed, tell)
        if broken is not None:
            raise DiffersError(await _named(settings, connection, broken))
        as_of = await _as_of(connection, signed)
        return attestation.sign(pem, settings.stream, link, as_of, dt.datetime.now(dt.UTC))

    pem = _read(key)
    try:
        return attestation.written(on_database(settings, work))
    except attestation.AttestingError as error:
        raise CommandError(chosen(error)) from error


def verify_position(settings: Settings, file: Path, public_key: Path | None, *, quick: bool) -> str:
    """Check a signed position and hold the ledger to it.

    Computes the chain from the log's beginning on, or ``quick`` from the last link that is kept. Raises DiffersError
    where the signed position or the ledger is not what was signed, CommandError where that can't be told.
    """

    async def work(connection: asyncpg.Connection) -> None:
        last, _ = await hash_chain.head(connection)
        if position > last:
            raise CommandError(
                either(
                    f"Sổ cái mới tới vị trí {last}, trước vị trí đã ký {position}.",
                    f"The ledger ends at position {last}, before the signed one, {position}.",
                )
            )
        before = await hash_chain.last_link(connection, position) if quick else START
        with _progress(either("Tính lại", "Computing"), before.position + 1, position) as tell:
            value = await hash_chain.hash_at(connection, position, before, tell)
        if value.hex() != statement.hash or await _as_of(connection, position) != statement.as_of:
            found, signed = value.hex(), statement.hash
            raise DiffersError(
                either(
                    f"KHÁC: sổ cái tới vị trí {position} không còn như khi được ký: {found}, không phải {signed}.",
                    f"The ledger up to position {position} is not what was signed: {found}, not {signed}.",
                )
            )

    statement = _checked(file, public_key)
    position = statement.position
    if statement.stream != settings.stream:
        raise CommandError(
            either(f"Bản xác nhận về luồng khác: {statement.stream}.", f"It is about the stream {statement.stream}.")
        )
    on_database(settings, work)
    unchecked = either(
        "\nChưa kiểm tra đó là khóa của ai (--public-key).", "\nWhose key it is was not checked (--public-key)."
    )
    signed, by = moment(statement.signed_at.isoformat()), statement.public_key
    return either(
        f"Đúng: sổ cái tới vị trí {position} như đã ký lúc {signed}, khóa {by}.",
        f"Right: the ledger up to position {position} is what was signed at {signed} with the key {by}.",
    ) + ("" if public_key else unchecked)


def _checked(file: Path, public_key: Path | None) -> attestation.Attestation:
    try:
        statement = attestation.read(_read(file))
        if public_key is not None:
            attestation.require_key(statement, _read(public_key))
    except attestation.WrongAttestationError as error:
        raise DiffersError(chosen(error)) from error
    except attestation.AttestingError as error:
        raise CommandError(chosen(error)) from error
    return statement


async def _named(settings: Settings, connection: asyncpg.Connection, broken: hash_chain.Broken) -> str:
    """Name the link, and as far as the stream can tell the messages of the ledger that were changed."""
    first, last = broken.sound + 1, broken.computed.position
    kept = either("không có", "missing") if broken.kept is None else broken.kept.hex()
    computed = broken.computed.hash.hex()
    says = either(
        f"SAI tại mắt xích {last}: sổ cái đã bị sửa trong các vị trí {first}–{last}, hoặc chính mắt xích đó.\n"
        f"  đã lưu     {kept}\n"
        f"  tính lại   {computed}\n",
        f"The link at position {last} differs: the ledger was changed among {first}-{last}, or the link was.\n"
        f"  kept       {kept}\n"
        f"  computed   {computed}\n",
    )
    try:
        async with asyncio.timeout(_BUS_WITHIN):
            streamed = await _streamed(settings, first, last)
    except _UNREADABLE as error:
        return says + either(
            f"  Không đọc được luồng để chỉ rõ vị trí: {error!r}", f"  The stream can't tell which: {error!r}"
        )
    differ = [
        f"{kept.position} ({', '.join(parts)})"
        for kept, sent in zip(await kept_messages(connection, first, last), streamed, strict=True)
        if (parts := _parts(kept, sent))
    ]
    if not differ:
        return says + either(
            "  Sổ cái khớp với luồng: mắt xích đã bị sửa.", "  The ledger is as the stream is: the link was changed."
        )
    named = "; ".join(differ[:_NAMED]) + (f"; +{len(differ) - _NAMED}" if len(differ) > _NAMED else "")
    return says + either(f"  Khác với luồng tại vị trí: {named}", f"  Other than in the stream: {named}")


async def _streamed(settings: Settings, first: int, last: int) -> list[Message]:
    client = await connect_once(settings, "tonghop verify")
    try:
        return await read_range(client, settings.stream, first, last)
    finally:
        await client.close()


def _parts(kept: Message, sent: Message) -> list[str]:
    return [
        name
        for name, one, other in zip(Message._fields, kept, sent, strict=True)
        if (one or b"") != (other or b"")  # no headers are empty headers
    ]


async def _as_of(connection: asyncpg.Connection, position: int) -> dt.datetime:
    as_of: dt.datetime = await connection.fetchval("SELECT published_at FROM ledger WHERE position = $1", position)
    return as_of


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(attestation.LARGEST)
    except OSError as error:
        raise CommandError(
            either(f"Không đọc được {file}: {error.strerror}.", f"Can't read {file}: {error.strerror}.")
        ) from error


@contextmanager
def _progress(says: str, first: int, last: int) -> Iterator[hash_chain.Tell]:
    err = console(stderr=True)
    with progress_bar(err) as progress:
        task = progress.add_task(says, total=max(0, last - first + 1))
        yield lambda position: progress.update(task, completed=max(0, position - first + 1))
