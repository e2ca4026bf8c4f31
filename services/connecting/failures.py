"""What it means that something failed: the one place that says which errors pass by themselves, and which never will.

    AWAY      the server is not there, starting, full, busy, or another was quicker: it passes by itself
    REFUSED   the server does not let this user in, or not do this: somebody has to change a setting or a permission
    MISSING   a database, a schema or a table is not there: `tonghop migrate` makes it, or a switch is going on
    WRONG     the server can't make sense of the statement: the fault is in this program, or in the schema's version
    OTHER     anything else, for example a value that can't be stored

Pure: it looks at what an error is, and at nothing else. What is PostgreSQL's is in `database_failures`, imported when
there is such an error: who only sends has no driver of a database (docs/decisions/0044-client-and-light-install.md).
"""

from __future__ import annotations

import ssl
from enum import StrEnum
from typing import Final

import nats.errors
import nats.js.errors

from projections.bilingual import Bilingual
from projections.store.address import AddressError
from services.connecting.bus import DeniedError, UnreachableError
from services.connecting.nats_internals import NotEncryptedError
from services.error_line import said
from services.settings import SettingsError


class Failure(StrEnum):
    """What kind of failure an error is."""

    AWAY = "away"
    REFUSED = "refused"
    MISSING = "missing"
    WRONG = "wrong"
    OTHER = "other"


_REFUSED: Final = (
    SettingsError,
    AddressError,
    PermissionError,
    ssl.SSLCertVerificationError,
    DeniedError,
    NotEncryptedError,
    nats.errors.AuthorizationError,
    nats.errors.InvalidUserCredentialsError,
)
BUS_AWAY: Final[tuple[type[Exception], ...]] = (OSError, EOFError, nats.errors.Error)
"""Errors of NATS, or of the way to it, that pass by themselves, as far as they are not refusals."""

PASSES_OR_IS_REPAIRED: Final = frozenset({Failure.AWAY, Failure.REFUSED, Failure.MISSING})
"""What a process that stays waits for: also for somebody who grants a permission, or migrates."""

_SORTED: Final = (
    (Failure.REFUSED, _REFUSED),
    (Failure.MISSING, (nats.js.errors.NotFoundError,)),
    (Failure.AWAY, BUS_AWAY),
)
"""In this order: some are kinds of others."""

_REJECTED_TLS: Final = ("rejected SSL upgrade", "error response during SSL")
_ALERTS: Final = ("ALERT", "WRONG_VERSION", "UNSUPPORTED_PROTOCOL", "CERTIFICATE")
_NATS_REFUSES: Final = ("authorization violation", "authentication", "account authentication expired", "credentials")
_FORBIDDEN: Final = frozenset({10002, 10035, 10039, 10076})
"""Of JetStream: permission denied, not enabled for the account, or not at all."""
_NO_ROOM: Final = frozenset({10008, 10023, 10047, 10077})
"""No leader yet, resources or storage used up, a stream at its limit."""


def classify(error: BaseException) -> Failure:
    """Say what kind of failure an error is; the cause of one that only wraps it decides."""
    error = origin(error)
    if _is_of_database(error):
        from services.connecting.database_failures import kind_of  # noqa: PLC0415 - there is an error of its driver

        return Failure(kind_of(error))
    if _refuses(error):
        return Failure.REFUSED
    if isinstance(error, nats.js.errors.APIError):
        return _of_jetstream(error)
    return next((kind for kind, types in _SORTED if isinstance(error, types)), Failure.OTHER)


def server_of(error: BaseException) -> str | None:
    """Say whose failure it is: ``bus``, ``database``, or None. What only a socket says counts as the database's."""
    error = origin(error)
    if isinstance(error, nats.errors.Error):
        return "bus"
    return "database" if _is_of_database(error) or isinstance(error, OSError) else None


def origin(error: BaseException) -> BaseException:
    """Find what really happened: SQLAlchemy wraps its driver's error, that of no server the last attempt's."""
    while True:
        inner = getattr(error, "orig", None) or (error.__cause__ if _wraps(error) else None)
        if not isinstance(inner, BaseException):
            return error
        error = inner


def _is_of_database(error: BaseException) -> bool:
    return any(kind.__module__.partition(".")[0] == "asyncpg" for kind in type(error).__mro__)


def _wraps(error: BaseException) -> bool:
    return isinstance(error, UnreachableError) or type(error).__module__.startswith("sqlalchemy.")


def _of_jetstream(error: nats.js.errors.APIError) -> Failure:
    """Sort what JetStream answers to a question that it understood: that it can't now, or that it won't."""
    if isinstance(error, nats.js.errors.NotFoundError):
        return Failure.MISSING
    passes = isinstance(error, nats.js.errors.ServiceUnavailableError) or error.err_code in _NO_ROOM
    return Failure.AWAY if passes else Failure.OTHER


def _refuses(error: BaseException) -> bool:
    """Look at errors that are told apart by nothing but their words."""
    words = str(error)
    if isinstance(error, ssl.SSLError):
        reason = getattr(error, "reason", None) or words  # OpenSSL's word, where it is OpenSSL that says it
        return any(alert in reason.upper() for alert in _ALERTS)
    if isinstance(error, ConnectionError):
        return any(said in words for said in _REJECTED_TLS)
    if isinstance(error, nats.js.errors.APIError):
        return error.err_code in _FORBIDDEN
    return type(error) is nats.errors.Error and any(said in words.lower() for said in _NATS_REFUSES)


_NOT_TRUSTED: Final = Bilingual(
    "chứng thư của máy chủ không được tin, hãy xem tên máy chủ, hạn dùng và CA",
    "the server's certificate is not trusted: look at the host's name, the date and the CA",
    after=" (TONGHOP_NATS_CA, sslrootcert=, TONGHOP_API_CA)",
)
_TLS_FAILS: Final = Bilingual(
    "TLS không thành, máy chủ có thể đòi chứng thư của máy khách",
    "TLS failed, the server may ask for a certificate of the client",
    after=" (TONGHOP_NATS_CERT and _KEY, sslcert= and sslkey=)",
)
_NO_TLS: Final = Bilingual(
    "PostgreSQL không dùng TLS, đã ngắt trước khi gửi mật khẩu",
    "PostgreSQL offers no TLS and sslmode= asks for it: nothing was sent",
)
_BUS_NOT_LET_IN: Final = Bilingual(
    "NATS không nhận người dùng hay mật khẩu",
    "NATS does not take this user or password",
    after=" (TONGHOP_NATS_URL, TONGHOP_NATS_PASSWORD_FILE, TONGHOP_NATS_CREDENTIALS)",
)

_ADVICE: Final[tuple[tuple[type[BaseException], Bilingual], ...]] = (
    (ssl.SSLCertVerificationError, _NOT_TRUSTED),
    (ssl.SSLError, _TLS_FAILS),
    (nats.errors.AuthorizationError, _BUS_NOT_LET_IN),
    (nats.errors.InvalidUserCredentialsError, _BUS_NOT_LET_IN),
)


def advice(error: BaseException) -> Bilingual | None:
    """Say what somebody has to do about an error, None where nothing but waiting helps or is known."""
    error = origin(error)
    if _is_of_database(error):
        from services.connecting.database_failures import advice_on  # noqa: PLC0415 - there is an error of its driver

        return advice_on(error)
    found = next((words for kind, words in _ADVICE if isinstance(error, kind)), None)
    if found is None and _refuses(error):
        return _NO_TLS if isinstance(error, ConnectionError) else _BUS_NOT_LET_IN
    return found


def described(error: BaseException) -> Bilingual:
    """Say what went wrong, and where somebody has to do something about it, what that is."""
    inner = origin(error)
    words = advice(inner)
    if words is not None:
        return words.within(after=f": {said(inner)}")
    told = Bilingual.of(inner)
    if told.in_vietnamese != told.in_english:
        return told.within(f"{type(inner).__name__}: ")
    return Bilingual.of(said(inner))
