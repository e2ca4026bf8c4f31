"""Errors as RFC 9457 problems: what isn't an answer is `application/problem+json` and names what is wrong."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

import asyncpg
import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from projections.core.unsaid import UnsaidError
from projections.store.reading.standing import UnknownUnitError
from services.connecting.failures import DATABASE_AWAY, NOT_MIGRATED

MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER: Final = "2"


class Problem(Exception):  # noqa: N818 - RFC 9457 calls it a problem
    """An answer that is a problem; members beyond the standard ones (`parameter`, `position`) stand beside them."""

    def __init__(self, status: int, title: str, detail: str, **members: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.title = title
        self.detail = detail
        self.members = members

    def response(self, headers: dict[str, str] | None = None) -> Response:
        """Write it; 503 says when to ask again."""
        kind = "about:blank" if self.title == HTTPStatus(self.status).phrase else f"urn:tonghop:problem:{self.status}"
        body = {"type": kind, "title": self.title, "status": self.status, "detail": self.detail, **self.members}
        headers = {**(headers or {}), "cache-control": "no-store"}
        if self.status == HTTPStatus.SERVICE_UNAVAILABLE:
            headers["retry-after"] = RETRY_AFTER
        return Response(msgspec.json.encode(body), self.status, headers, MEDIA_TYPE)


def bad_parameter(parameter: str, expected: str) -> Problem:
    """Say which parameter can't be used and what it may be (contract §5: 422)."""
    detail = f"Tham số “{parameter}” không hợp lệ: {expected}."
    return Problem(422, "Tham số không hợp lệ", detail, parameter=parameter)


def not_found(what: str, **members: str) -> Problem:
    """Say that there is no such thing (contract §5: 404)."""
    return Problem(404, "Không tìm thấy", what, **members)


def not_ready(detail: str, **members: Any) -> Problem:
    """Say that the answer can't be given yet (contract §5: 503)."""
    return Problem(503, "Chưa sẵn sàng", detail, **members)


async def _problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 - it is registered for it
    return error.response()


async def _unknown_unit(_: Request, error: Exception) -> Response:
    return not_found(f"Không có đơn vị “{error}”.", unit=str(error)).response()


async def _unsaid(_: Request, error: Exception) -> Response:
    assert isinstance(error, UnsaidError)  # noqa: S101 - it is registered for it
    reason = f"{error.reason[0].upper()}{error.reason[1:]}."
    members = {"parameter": error.parameter, "clause": error.clause}
    return Problem(422, "Số liệu không nói điều đó", reason, **members).response()


async def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - it is registered for it
    phrase = HTTPStatus(error.status_code).phrase
    return Problem(error.status_code, phrase, str(error.detail)).response(dict(error.headers or {}))


async def _validation(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - it is registered for it
    first = error.errors()[0]
    return bad_parameter(str(first["loc"][-1]), str(first["msg"])).response()


async def _database_away(_: Request, error: Exception) -> Response:
    if isinstance(error, asyncpg.DataError):  # a value that we let through: our fault, not the database's
        return await _unforeseen(_, error)
    return not_ready("Chưa kết nối được cơ sở dữ liệu.").response()


async def _not_migrated(_: Request, __: Exception) -> Response:
    return not_ready("Cơ sở dữ liệu chưa có lược đồ: hãy chạy `tonghop migrate`.").response()


async def _unforeseen(_: Request, __: Exception) -> Response:
    return Problem(500, HTTPStatus(500).phrase, "Lỗi ngoài dự kiến; đã ghi vào nhật ký của dịch vụ.").response()


def mount(app: FastAPI) -> None:
    """Let every error of the app be answered as a problem."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(UnknownUnitError, _unknown_unit)
    app.add_exception_handler(UnsaidError, _unsaid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _validation)
    for away in DATABASE_AWAY:
        app.add_exception_handler(away, _database_away)
    for missing in NOT_MIGRATED:
        app.add_exception_handler(missing, _not_migrated)
    app.add_exception_handler(Exception, _unforeseen)
