"""What it means that something failed: the table, and that nobody else keeps one."""

from __future__ import annotations

import ast
import socket
import ssl
from pathlib import Path

import asyncpg
import nats.errors
import nats.js.errors
import pytest
from asyncpg import exceptions as pg
from sqlalchemy.exc import DBAPIError

from projections.store.address import AddressError
from services.connecting.bus import DeniedError, UnreachableError, denial
from services.connecting.failures import Failure, advice, classify, described
from services.connecting.nats_internals import NotEncryptedError
from services.settings import SettingsError

SERVICES = Path(__file__).parents[2] / "services"
HOME = SERVICES / "connecting"


def postgres(code: str) -> BaseException:
    return asyncpg.PostgresError.new({"C": code, "M": "what it says"})


def jetstream(code: int, err_code: int) -> nats.js.errors.APIError:
    kinds = {404: nats.js.errors.NotFoundError, 503: nats.js.errors.ServiceUnavailableError}
    kind = kinds.get(code, nats.js.errors.ServerError if code >= 500 else nats.js.errors.BadRequestError)
    return kind(code=code, err_code=err_code, description="what it says")


def wrapped(error: BaseException) -> DBAPIError:
    """Wrap an error as SQLAlchemy's asyncpg dialect does."""
    inner = type("Error", (Exception,), {"__module__": "sqlalchemy.dialects.postgresql.asyncpg"})("what it says")
    inner.__cause__ = error
    return DBAPIError("SELECT", None, inner)


def unreachable(error: BaseException) -> UnreachableError:
    found = UnreachableError("nats://h: what it says")
    found.__cause__ = error
    return found


def refused_handshake() -> ssl.SSLError:
    error = ssl.SSLError(1, "[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] tlsv13 alert certificate required")
    error.reason = "TLSV13_ALERT_CERTIFICATE_REQUIRED"
    return error


A, R, M, W, O = Failure.AWAY, Failure.REFUSED, Failure.MISSING, Failure.WRONG, Failure.OTHER  # noqa: E741
TABLE = [
    *(
        (postgres(code), A)
        for code in ("08001", "08006", "25006", "40001", "40P01", "53300", "55P03", "57P01", "57P03")
    ),
    *((postgres(code), A) for code in ("53100", "58030", "XX000", "57014")),
    *((postgres(code), R) for code in ("28000", "28P01", "42501")),
    *((postgres(code), M) for code in ("3D000", "3F000", "42P01")),
    *((postgres(code), W) for code in ("42601", "42703", "42883", "42P02")),
    *((postgres(code), O) for code in ("22001", "22P02", "23505", "23514", "54000")),
    (pg.InterfaceError("connection is closed"), A),
    (pg.InternalClientError("unexpected state"), A),
    (pg.TargetServerAttributeNotMatched("none of the hosts"), A),
    (asyncpg.DataError("invalid input for query argument"), O),
    (pg.ClientConfigurationError("sslmode"), R),
    (ConnectionRefusedError(111, "refused"), A),
    (ConnectionError('PostgreSQL server at "h:1" rejected SSL upgrade'), R),
    (FileNotFoundError(2, "no socket"), A),
    (PermissionError(13, "the socket's folder"), R),
    (TimeoutError(), A),
    (socket.gaierror(-3, "try again"), A),
    (ssl.SSLCertVerificationError("expired"), R),
    (refused_handshake(), R),
    (ssl.SSLEOFError(8, "EOF occurred in violation of protocol"), A),
    (EOFError(), A),
    (nats.errors.NoServersError(), A),
    (nats.errors.NoRespondersError(), A),
    (nats.errors.TimeoutError(), A),
    (nats.errors.ConnectionClosedError(), A),
    (nats.errors.AuthorizationError(), R),
    (nats.errors.Error("nats: 'Authorization Violation'"), R),
    (nats.errors.Error("nats: 'User Authentication Expired'"), R),
    (DeniedError("publish", "x"), R),
    (NotEncryptedError(), R),
    (jetstream(503, 10008), A),
    (jetstream(500, 10047), A),
    (jetstream(404, 10059), M),
    (jetstream(400, 10052), O),
    (jetstream(500, 10074), O),
    (jetstream(503, 10039), R),
    (SettingsError("TONGHOP_X"), R),
    (AddressError("no such keyword"), R),
    (ValueError("a fault"), O),
    (wrapped(postgres("42501")), R),
    (wrapped(ConnectionRefusedError(111, "refused")), A),
    (wrapped(postgres("42703")), W),
    (unreachable(ssl.SSLCertVerificationError("expired")), R),
    (unreachable(ConnectionRefusedError(111, "refused")), A),
]


@pytest.mark.parametrize(("error", "kind"), TABLE, ids=lambda each: getattr(each, "sqlstate", None) or repr(each)[:40])
def test_each_error_is_of_one_kind(error: BaseException, kind: Failure) -> None:
    assert classify(error) is kind


@pytest.mark.parametrize(
    "error", [error for error, kind in TABLE if kind in {R, M, W}], ids=lambda each: repr(each)[:40]
)
def test_what_no_waiting_mends_says_what_to_do(error: BaseException) -> None:
    said = described(error)
    itself = isinstance(
        error, (DeniedError, NotEncryptedError, SettingsError, AddressError, pg.ClientConfigurationError)
    )
    left = isinstance(error, (PermissionError, nats.js.errors.APIError))
    assert itself or left or advice(error) is not None, said


def test_a_denial_is_read_out_of_the_words_of_the_server() -> None:
    found = denial(nats.errors.Error('nats: permissions violation for publish to "$js.api.stream.info.party"'))
    assert found is not None
    assert (found.what, found.subject) == ("publish", "$js.api.stream.info.party")
    assert denial(nats.errors.Error("nats: timeout")) is None


def test_no_other_file_says_which_errors_are_a_server_that_is_away() -> None:
    """A tuple of two kinds of a server's errors is a table of its own: there is one, and this is not its place."""
    kinds = {"PostgresConnectionError", "CannotConnectNowError", "InterfaceError", "NoServersError", "PostgresError"}
    found = []
    for file in sorted(SERVICES.rglob("*.py")):
        if HOME in file.parents:
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Tuple):
                names = {
                    each.attr if isinstance(each, ast.Attribute) else getattr(each, "id", "") for each in node.elts
                }
                if len(names & kinds) > 1 or (names & kinds and "OSError" in names):
                    found.append(f"{file.relative_to(SERVICES)}:{node.lineno}")
    assert found == []


def test_nobody_else_connects() -> None:
    calls = ("asyncpg.connect(", "asyncpg.create_pool(", "nats.connect(", "NatsBroker(", "create_async_engine(")
    homes = {"services/connecting", "projections/store/connecting.py", "projections/store/schema/migrate.py"}
    root = SERVICES.parent
    found = {
        str(file.relative_to(root))
        for package in ("services", "projections")
        for file in (root / package).rglob("*.py")
        if any(call in file.read_text(encoding="utf-8") for call in calls)
    }
    assert {name for name in found if not any(name.startswith(home) for home in homes)} == set()
