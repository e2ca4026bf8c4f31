"""The one place that connects to PostgreSQL: by any address that libpq takes, one server after another."""

from __future__ import annotations

import asyncio
import random
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, TypeVar
from weakref import WeakKeyDictionary

import asyncpg

from projections.bilingual import Bilingual
from projections.store.address import AddressError, DatabaseAddress, arguments, with_keyword
from projections.store.silent_servers import Place, is_silent, note_answers, note_silent

if TYPE_CHECKING:
    from asyncpg import Pool, Record
    from asyncpg.pool import PoolConnectionProxy

    Acquired: TypeAlias = PoolConnectionProxy[Record]

PATIENCE: Final = 10.0
"""Seconds for one server, where the address does not say it (`connect_timeout`)."""
_ONE_OF_SEVERAL: Final = 3.0
"""Seconds for a server that is not the last: a machine without power answers nothing at all."""
_NO_LIMIT: Final = 3_600.0
_ROOM: Final = 1 << 20
"""Bytes on their way to a server on this machine, or as many as the kernel allows, some two or five times as many as
else: what it works on while Python does something else."""
AT_ONCE: Final = 1.5
"""Seconds in which one server of several answers what is asked of it first, or another one is asked."""
_IMPATIENT: Final = 2
"""So many servers are given up in this way; the next is waited for, for it may be this machine that is slow."""
_MOST: Final = 20
"""Connections to servers that are known to be silent, out of one pool, that are thrown away in turn."""

# What is done about a peer that went without a word, where the address doesn't say: found within half a minute.
_SOCKET: Final = {"keepalives": 1, "keepalives_idle": 15, "keepalives_interval": 5, "keepalives_count": 3}
_USER_TIMEOUT: Final = 30_000
_OPTIONS: Final = (
    ("keepalives_idle", socket.IPPROTO_TCP, getattr(socket, "TCP_KEEPIDLE", None)),
    ("keepalives_interval", socket.IPPROTO_TCP, getattr(socket, "TCP_KEEPINTVL", None)),
    ("keepalives_count", socket.IPPROTO_TCP, getattr(socket, "TCP_KEEPCNT", None)),
    ("tcp_user_timeout", socket.IPPROTO_TCP, getattr(socket, "TCP_USER_TIMEOUT", None)),
)

Primary = Literal["only", "if there"]
Begun = TypeVar("Begun")

_places: WeakKeyDictionary[asyncpg.Connection, Place] = WeakKeyDictionary()
"""Where connections lead whose address has several servers."""

# After these another server may do: this one is away, starts, is full, or is not what was asked for.
_NEXT: Final = (
    OSError,
    TimeoutError,
    asyncpg.CannotConnectNowError,
    asyncpg.PostgresConnectionError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InternalClientError,
)


async def connect(
    url: str,
    *,
    within: float = PATIENCE,
    server_settings: Mapping[str, str] | None = None,
    command_timeout: float | None = None,
    others_may_do: bool = False,
    **classes: Any,
) -> asyncpg.Connection:
    """Connect to the first server of the address that will do (`target_session_attrs`).

    `within` is in seconds and for each server, where the address has no connect_timeout; the others are
    asyncpg.connect's. Of several servers those that said nothing lately are tried last, and where `others_may_do` not
    at all. Raises AddressError, and what the last server, or the way to it, raised.
    """
    address = DatabaseAddress.parse(url)
    common = arguments(address) | classes | {"command_timeout": command_timeout}
    # By its name a projector finds the sessions of a frozen one: what the code calls itself stands.
    common["server_settings"] = {**address.session, **(server_settings or {})}
    if address.password_file is not None:
        common["password"] = _password(address.password_file)
    if address.tls.get("sslrootcert") == "system":
        common["ssl"] = _system_authorities(address)
        common["dsn"] = None
    places = list(address.places)
    if address.shuffled:
        random.shuffle(places)
    if address.wanted != "prefer-standby":
        return await _first(address, places, within, common, others_may_do=others_may_do)
    try:
        return await _first(address, places, within, common | {"target_session_attrs": "standby"}, others_may_do=True)
    except _NEXT:
        return await _first(address, places, within, common | {"target_session_attrs": None})


def create_pool(
    url: str,
    *,
    within: float = PATIENCE,
    server_settings: Mapping[str, str] | None = None,
    command_timeout: float | None = None,
    primary: Primary | None = None,
    **options: Any,
) -> asyncpg.Pool:
    """Make a pool of such connections; `options` are those of a pool (asyncpg.create_pool). Raises AddressError.

    `primary`: of the servers of the address the one that can be written to, or, with `if there`, another in its stead.
    """
    DatabaseAddress.parse(url)
    urls = [url] if primary is None else [with_keyword(url, "target_session_attrs", "read-write")]
    if primary == "if there":
        urls.append(url)

    async def one(*_: object, connection_class: object, record_class: object, **__: object) -> asyncpg.Connection:
        async def to(place: str, *, others_may_do: bool = False) -> asyncpg.Connection:
            return await connect(
                place,
                within=within,
                others_may_do=others_may_do,
                server_settings=server_settings,
                command_timeout=command_timeout,
                connection_class=connection_class,
                record_class=record_class,
            )

        for place in urls[:-1]:
            try:
                return await to(place, others_may_do=True)
            except _NEXT:
                continue
        return await to(urls[-1])

    connecting: Any = one  # the stubs ask for one that takes a DSN
    pool: asyncpg.Pool = asyncpg.create_pool(connect=connecting, **options)
    return pool


def one_of_several(connection: Acquired) -> bool:
    """Tell whether a connection leads to one server of several, any of which may do."""
    return itself(connection) in _places


def itself(connection: Acquired) -> Any:
    """Return the connection that a pool has lent: what lasts longer than the lending is known by it."""
    return getattr(connection, "_con", connection)


@asynccontextmanager
async def acquired(
    pool: Pool[Record], begin: Callable[[Acquired], Awaitable[Begun]]
) -> AsyncIterator[tuple[Acquired, Begun]]:
    """Acquire a connection and begin with something small, whose answer comes with it.

    Of several servers one that does not answer that in AT_ONCE is passed over, by whoever connects, for a while: what
    was begun there has never been. Raises what `begin` raises.
    """
    given_up = 0
    for n in range(_MOST, -1, -1):
        async with pool.acquire() as connection:
            has_begun = False
            place = _places.get(itself(connection))
            try:
                if not n or place is None or given_up == _IMPATIENT:
                    alone = await begin(connection)
                    has_begun = True
                    yield connection, alone
                    return
                silent = is_silent(place)
                begun = None if silent else await _at_once(connection, place, begin)
                if begun is not None:
                    has_begun = True
                    yield connection, begun[0]
                    return
            except (asyncio.CancelledError, TimeoutError):
                # Given up in the midst of beginning it would be left in a transaction that nobody owns. And of several
                # servers the pool would wait until this one has heard that nobody waits for it.
                if place is not None or not has_begun:
                    connection.terminate()
                raise
            given_up += not silent
            connection.terminate()


async def first_answer(pool: Pool[Record], ask: Callable[[Acquired], Awaitable[Begun]]) -> Begun:
    """Ask something small of the first server that answers. Raises as `acquired` does."""
    async with acquired(pool, ask) as (_, answer):
        return answer


async def _at_once(
    connection: Acquired, place: Place, begin: Callable[[Acquired], Awaitable[Begun]]
) -> tuple[Begun] | None:
    """Begin; None where no answer came, then the server is noted as silent and the connection is ended."""
    try:
        async with asyncio.timeout(AT_ONCE):
            return (await begin(connection),)
    except TimeoutError:
        note_silent(place)
        return None


async def _first(
    address: DatabaseAddress,
    places: Sequence[Place],
    within: float,
    common: dict[str, Any],
    *,
    others_may_do: bool = False,
) -> asyncpg.Connection:
    limit = within if address.connect_timeout is None else address.connect_timeout or _NO_LIMIT
    brief = limit if address.connect_timeout is not None else min(limit, _ONE_OF_SEVERAL)
    if len(places) <= 1:
        return await _one(address, places[0] if places else None, limit, common)
    places = sorted(places, key=is_silent)
    if others_may_do:
        places = [place for place in places if not is_silent(place)]
    for place in places[:-1]:
        try:
            return await _one_of_several(address, place, brief, common)
        except _NEXT:
            continue
    if not places:
        raise TimeoutError(Bilingual("không máy chủ nào trả lời", "no server answers"))
    return await _one_of_several(address, places[-1], brief if is_silent(places[-1]) else limit, common)


async def _one_of_several(
    address: DatabaseAddress, place: Place, within: float, common: dict[str, Any]
) -> asyncpg.Connection:
    try:
        connection = await _one(address, place, within, common)
    except TimeoutError:
        note_silent(place)
        raise
    note_answers(place)
    _places[connection] = place
    return connection


async def _one(
    address: DatabaseAddress, place: Place | None, within: float, common: dict[str, Any]
) -> asyncpg.Connection:
    where: dict[str, Any] = {} if place is None else {"host": [place[0]], "port": [place[1]]}
    connection: asyncpg.Connection = await asyncpg.connect(timeout=within, **where, **common)
    try:
        _watch_the_peer(connection, address)
    except BaseException:
        connection.terminate()
        raise
    return connection


def _watch_the_peer(connection: Any, address: DatabaseAddress) -> None:
    """Let the kernel find out that the other machine is gone; a socket of this machine needs none of it.

    What that needs is room: it has a fixed one, while one of the network grows with what is sent.
    """
    opened = connection._transport.get_extra_info("socket")  # noqa: SLF001 - asyncpg has no public way to it
    if opened is not None and opened.family == socket.AF_UNIX:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _ROOM)
    if opened is None or opened.family not in {socket.AF_INET, socket.AF_INET6}:
        return
    wanted = {"tcp_user_timeout": _USER_TIMEOUT, **_SOCKET, **address.socket}
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, int(bool(wanted["keepalives"])))
    for name, level, option in _OPTIONS:
        if option is not None and wanted[name] > 0:
            opened.setsockopt(level, option, wanted[name])


def _password(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise AddressError(
            Bilingual(
                "không đọc được tệp mật khẩu",
                "the file of the password can't be read",
                after=f": {file}: {error.strerror}",
            )
        ) from error


def _system_authorities(address: DatabaseAddress) -> ssl.SSLContext:
    """Trust who the system trusts (`sslrootcert=system`); the host's name is always checked then, as libpq has it."""
    if address.tls.get("sslmode", "verify-full") != "verify-full":
        raise AddressError("sslrootcert=system: sslmode=verify-full")
    context = ssl.create_default_context()
    context.set_alpn_protocols(["postgresql"])
    if "sslcert" in address.tls:
        context.load_cert_chain(address.tls["sslcert"], address.tls.get("sslkey"), address.tls.get("sslpassword"))
    return context
