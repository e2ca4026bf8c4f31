"""What can go wrong in the projector, and what is done about it.

    ProjectorError
    └── RefusedError      the log is not the one that the figures were made from: an operator has to decide

Everything else is sorted by ``is_transient``: waited out with backoff, or narrowed down to the one message that it
comes from.
"""

from __future__ import annotations

import asyncpg
import nats.errors

from projections.core.message import GapError
from projections.store.writing import FencedError
from services.projector.intake import ConsumerGoneError

_TRANSIENT = (
    OSError,
    TimeoutError,
    EOFError,
    nats.errors.Error,
    asyncpg.InterfaceError,
    # Of a connection that the server ended while nothing was asked: the next statement finds it so.
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.exceptions.OperatorInterventionError,
    asyncpg.exceptions.InsufficientResourcesError,
    asyncpg.exceptions.TransactionRollbackError,
    asyncpg.exceptions.ObjectInUseError,
    asyncpg.exceptions.LockNotAvailableError,
    asyncpg.exceptions.PostgresSystemError,
    asyncpg.exceptions.InvalidCatalogNameError,
    asyncpg.exceptions.InvalidSchemaNameError,
    asyncpg.exceptions.InvalidAuthorizationSpecificationError,
    asyncpg.exceptions.SyntaxOrAccessError,
    asyncpg.exceptions.InternalServerError,
    asyncpg.exceptions.ReadOnlySQLTransactionError,
    FencedError,
    GapError,
    ConsumerGoneError,
)

_ADVICE = (
    (
        asyncpg.exceptions.DiskFullError,
        "đĩa của cơ sở dữ liệu đã đầy, hãy dọn chỗ / the database's disk is full, make room",
    ),
    (
        asyncpg.exceptions.PostgresSystemError,
        "đĩa của cơ sở dữ liệu hỏng hoặc mất tệp / the database's disk fails, or a file is missing",
    ),
)


class ProjectorError(Exception):
    """The projector can't go on."""


class RefusedError(ProjectorError):
    """The log and the figures don't belong together; the message says what to do."""


def is_transient(error: BaseException) -> bool:
    """Tell whether waiting can help: a server is away, restarting, full or busy, or another projector was faster.

    A schema, a file or a permission that is missing is no message's fault either: nothing is rejected because of it.
    """
    return isinstance(error, _TRANSIENT)


def part_of(error: BaseException) -> str:
    """Name the part that failed: ``bus``, ``database`` or ``projector``."""
    if isinstance(error, (nats.errors.Error, ConsumerGoneError, GapError)):
        return "bus"
    if isinstance(
        error, (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, FencedError, OSError)
    ):
        return "database"
    return "projector"


def described(error: BaseException) -> str:
    """Say what went wrong, and where somebody has to do something about it, what that is."""
    said = f"{type(error).__name__}: {error}"
    advice = next((words for kind, words in _ADVICE if isinstance(error, kind)), None)
    return said if advice is None else f"{advice}: {said}"
