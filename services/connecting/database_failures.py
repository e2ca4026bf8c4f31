"""What is known of errors of PostgreSQL and its driver: which pass by themselves, and what to do about the others.

`failures` asks here when there is such an error; nothing that runs without a database imports this file.
"""

from __future__ import annotations

from typing import Final, Literal

import asyncpg
import nats.errors
from asyncpg import exceptions as pg

from projections.bilingual import Bilingual
from projections.store.address import AddressError
from services.settings import SettingsError

_OTHER: Final = (
    pg.DataError,  # a value that PostgreSQL can't take: never the server's fault
    asyncpg.DataError,  # a value that asyncpg can't write
    pg.UnsupportedClientFeatureError,
    pg.UnsupportedServerFeatureError,
)
_REFUSED: Final = (
    pg.InvalidAuthorizationSpecificationError,
    pg.InsufficientPrivilegeError,
    pg.ClientConfigurationError,
)
_MISSING: Final = (pg.InvalidCatalogNameError, pg.InvalidSchemaNameError, pg.UndefinedTableError)

DATABASE_AWAY: Final[tuple[type[Exception], ...]] = (
    OSError,  # no socket, refused, reset; TimeoutError is one of them
    EOFError,
    pg.InterfaceError,  # the connection was closed under us
    # Of a connection that the server ended while nothing was asked: the next statement finds it so.
    pg.InternalClientError,
    pg.PostgresConnectionError,
    pg.OperatorInterventionError,  # starting, shutting down, or a statement that took too long
    pg.InsufficientResourcesError,  # no connections left, no memory, a full disk
    pg.TransactionRollbackError,
    pg.ObjectInUseError,
    pg.LockNotAvailableError,
    pg.PostgresSystemError,  # a disk that fails, a file that is gone
    pg.InternalServerError,
    pg.ReadOnlySQLTransactionError,  # a standby: another server is the primary now, or will be
    # These last until somebody does something, and to whoever asks they are the same.
    pg.InvalidCatalogNameError,
    pg.InvalidAuthorizationSpecificationError,
    pg.InsufficientPrivilegeError,
)
"""Errors of PostgreSQL, or of the way to it, because of which it can't be used at the moment."""
RECOVERY_CONFLICTS: Final[tuple[type[Exception], ...]] = (pg.SerializationError, pg.DeadlockDetectedError)
"""What only reads meets on a standby alone (40001, 40P01): what the primary has removed was still being read."""
INTERRUPTED: Final[tuple[type[Exception], ...]] = (
    *RECOVERY_CONFLICTS,
    pg.AdminShutdownError,  # 57P01: stopped, or promoted and started anew
    pg.CrashShutdownError,
    pg.ReadOnlySQLTransactionError,  # 25006
    pg.PostgresConnectionError,  # ended while it was asked
    pg.InterfaceError,
    pg.InternalClientError,
    ConnectionResetError,
    BrokenPipeError,
)
"""What breaks off a question that may be asked again at once: this connection is lost, the server may be there."""
NOT_MIGRATED: Final[tuple[type[Exception], ...]] = (pg.UndefinedTableError, pg.UndefinedColumnError)
"""What a reader meets where the schema is missing, or older than this program."""
SERVERS_FAIL: Final[tuple[type[Exception], ...]] = (
    *(OSError, EOFError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError),
    *(nats.errors.Error, SettingsError, AddressError),
)
"""Whatever a server, or the way to it, may answer with: what a command tells plainly (`failures.described`)."""

_SORTED: Final[
    tuple[tuple[Literal["other", "refused", "missing", "wrong", "away"], tuple[type[BaseException], ...]], ...]
] = (
    ("other", _OTHER),
    ("refused", _REFUSED),
    ("missing", _MISSING),
    ("wrong", (pg.SyntaxOrAccessError,)),
    ("away", DATABASE_AWAY),
)
"""In this order: some are kinds of others."""

_NO_PERMISSION: Final = Bilingual(
    "người dùng cơ sở dữ liệu thiếu quyền, hãy cấp quyền (deploy/postgres/roles.sql) hay đổi người dùng",
    "this user of the database lacks a permission: grant it (deploy/postgres/roles.sql), or name another "
    "(TONGHOP_DATABASE_URL)",
)
_NOT_LET_IN: Final = Bilingual(
    "cơ sở dữ liệu không nhận người dùng hay mật khẩu",
    "the database does not take this user or password",
    after=" (TONGHOP_DATABASE_URL, TONGHOP_DATABASE_PASSWORD_FILE)",
)
_STATEMENT: Final = Bilingual(
    "cơ sở dữ liệu không hiểu câu lệnh: lược đồ khác phiên bản (hãy chạy `tonghop migrate`), hoặc chương trình lỗi",
    "the database can't make sense of a statement: the schema is of another version (run `tonghop migrate`), or this "
    "program has a fault (report it)",
)
_DISK_FULL: Final = Bilingual("đĩa của cơ sở dữ liệu đã đầy, hãy dọn chỗ", "the database's disk is full, make room")
_DISK: Final = Bilingual("đĩa của cơ sở dữ liệu hỏng hoặc mất tệp", "the database's disk fails, or a file is missing")
_NO_SCHEMA: Final = Bilingual(
    "chưa có lược đồ, hãy chạy `tonghop migrate`", "the schema is missing, run `tonghop migrate`"
)
_NO_DATABASE: Final = Bilingual(
    "chưa có cơ sở dữ liệu, hãy tạo (createdb)", "the database is missing, make it (createdb)"
)

_LOCKED: Final = Bilingual(
    "bảng đang được đọc hay ghi lâu, sẽ thử lại", "a table is read or written for long just now, it is tried again"
)

_ADVICE: Final[tuple[tuple[type[BaseException], Bilingual], ...]] = (
    (pg.DiskFullError, _DISK_FULL),
    (pg.LockNotAvailableError, _LOCKED),
    (pg.PostgresSystemError, _DISK),
    (pg.InsufficientPrivilegeError, _NO_PERMISSION),
    (pg.InvalidAuthorizationSpecificationError, _NOT_LET_IN),
    (pg.InvalidSchemaNameError, _NO_SCHEMA),
    (pg.UndefinedTableError, _NO_SCHEMA),
    (pg.InvalidCatalogNameError, _NO_DATABASE),
    (pg.SyntaxOrAccessError, _STATEMENT),
)


def kind_of(error: BaseException) -> Literal["other", "refused", "missing", "wrong", "away"]:
    """Say what kind of failure an error of asyncpg is (`failures.Failure`)."""
    return next((kind for kind, types in _SORTED if isinstance(error, types)), "other")


def advice_on(error: BaseException) -> Bilingual | None:
    """Say what somebody has to do about an error of asyncpg, None where nothing but waiting helps or is known."""
    return next((words for kind, words in _ADVICE if isinstance(error, kind)), None)
