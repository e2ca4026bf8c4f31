"""Errors as RFC 9457 problems: what isn't an answer is `application/problem+json` and names what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Collection
from http import HTTPStatus
from typing import Any, Final

import asyncpg
import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Match

from projections.answers.access.needs import ROLES, Need
from projections.answers.report.report_answers import UnitName
from projections.answers.sentence.unsaid import UnsaidError
from projections.store.reading.find_unit import UnknownUnitError
from services.connecting.database_failures import DATABASE_AWAY, NOT_MIGRATED

MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER: Final = 2
"""Seconds after which one whose question can't be answered yet may ask again."""

CHALLENGE: Final = 'Bearer realm="tonghop"'
"""What an answer says that takes an account (RFC 9110 §11.6.1, RFC 6750 §3)."""

_NEEDED: Final = {
    Need.FIGURES: ("xem số liệu", "see figures"),
    Need.SINGLE_EVENTS: ("xem từng sự kiện", "see single events"),
    Need.SENDING: ("gửi sự kiện", "send events"),
    Need.KEEPING: ("trao và thu hồi quyền", "grant or revoke roles"),
    Need.OPERATING: ("xem vận hành", "see operations"),
}
_LONGEST_SHOWN: Final = 200


class Problem(Exception):  # noqa: N818 - RFC 9457 calls it a problem
    """An answer that is a problem; members beyond the standard ones (`parameter`, `position`) stand beside them."""

    def __init__(self, status: int, title: str, detail: str, *, again: int | None = None, **members: Any) -> None:
        super().__init__(detail)
        self.again = again
        self.status = status
        self.title = title
        self.detail = detail
        self.members = members

    def __reduce__(self) -> tuple[Callable[..., Problem], tuple[object, ...]]:
        """Let it pass from one process to another."""
        return _problem_of, (self.status, self.title, self.detail, self.again, self.members)

    def response(self, headers: dict[str, str] | None = None) -> Response:
        """Write it; 503 and 429 say when to ask again, 401 how to be known."""
        kind = "about:blank" if self.title == HTTPStatus(self.status).phrase else f"urn:tonghop:problem:{self.status}"
        body = {"type": kind, "title": self.title, "status": self.status, "detail": self.detail, **self.members}
        headers = {**(headers or {}), "cache-control": "no-store"}
        if self.status == HTTPStatus.UNAUTHORIZED:
            headers["www-authenticate"] = CHALLENGE
        if self.status in {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS}:
            headers["retry-after"] = str(self.again or RETRY_AFTER)
        return Response(msgspec.json.encode(body), self.status, headers, MEDIA_TYPE)


class NotReachedProblem(Problem):
    """A server has not reached the position that an answer must reflect (503); ``standby``: another may have it."""

    def __init__(self, wanted: int, position: int, *, standby: bool) -> None:
        super().__init__(
            503,
            "Chưa sẵn sàng",
            f"Số liệu mới đến vị trí {position}, chưa tới {wanted}.",
            position=position,
        )
        self.wanted = wanted
        self.position = position
        self.standby = standby

    def __reduce__(self) -> tuple[Callable[..., Problem], tuple[object, ...]]:
        """Let it pass from one process to another."""
        return _not_reached, (self.wanted, self.position, self.standby)


def bad_parameter(parameter: str, expected: str, **members: Any) -> Problem:
    """Say which parameter can't be used and what it may be (contract §5: 422)."""
    detail = f"Tham số “{parameter}” không hợp lệ: {expected}."
    return Problem(422, "Tham số không hợp lệ", detail, parameter=parameter, **members)


def officers_only(parameter: str) -> Problem:
    """Say that a parameter is for officers alone (contract §7: 403)."""
    detail = (
        f"Tham số “{parameter}” chỉ dành cho vai trò officer ở đơn vị này. / "
        f"“{parameter}” is for officers of this unit alone."
    )
    return Problem(403, "Không được phép", detail, parameter=parameter)


def not_acceptable(media_types: Collection[str]) -> Problem:
    """Say that an answer is in none of the forms that `Accept` takes (406), and which there are."""
    known = ", ".join(media_types)
    detail = (
        f"Không có dạng nào mà “Accept” nhận. Hãy dùng một trong: {known}. / "
        f"In none of the forms that “Accept” takes; there are: {known}."
    )
    return Problem(406, "Không có dạng đó", detail, available=list(media_types))


def too_long(what: str, length: int, most: int, **members: Any) -> Problem:
    """Say that an answer would be too long, and how long it is: nothing is cut off silently (422)."""
    detail = (
        f"Kết quả có {length} {what}, tối đa {most}: hãy thu hẹp khoảng thời gian hay đơn vị, hoặc xem từng trang bằng "
        f"“limit”. / The answer has {length} rows or cells, at most {most} are given: ask for less, or page."
    )
    return Problem(422, "Quá dài", detail, length=length, most=most, **members)


def file_too_long(what: str, length: int, most: int, form: str) -> Problem:
    """Say that a file of a form would be too long, how long it is, and which form takes more (422)."""
    detail = (
        f"Tệp {form} sẽ có {length} {what}, tối đa {most}: hãy thu hẹp khoảng thời gian, đơn vị hay nội dung, hoặc "
        f"dùng “format=csv”. / The {form} file would have {length} rows, columns or characters, at most {most} are "
        "written: ask for less, or for format=csv."
    )
    return Problem(422, "Quá dài", detail, length=length, most=most, parameter="format")


def file_took_too_much(form: str) -> Problem:
    """Say that a file was given up as it took more time or memory than it may (503), and what would be cheaper."""
    detail = (
        f"Tệp {form} tốn quá nhiều thời gian hay bộ nhớ nên đã dừng; hãy thu hẹp câu hỏi, hoặc dùng “format=csv”. / "
        f"The {form} file took too much time or memory and was stopped: ask for less, or for format=csv."
    )
    return Problem(503, "Quá lâu", detail, again=30)


def unfit_template(why: str) -> Problem:
    """Say that an office's template can't be filled (503): the operator has to mend it."""
    return not_ready(
        f"Mẫu Word của cơ quan không dùng được: {why}. Hãy sửa mẫu trong TONGHOP_TEMPLATES. / "
        f"The office's Word template can't be used: {why}. Mend it in TONGHOP_TEMPLATES."
    )


def not_found(what: str, **members: Any) -> Problem:
    """Say that there is no such thing (contract §5: 404)."""
    return Problem(404, "Không tìm thấy", what, **members)


def unknown_unit(asked: str, near: list[UnitName] | None = None, *, none_yet: bool = False) -> Problem:
    """Say that a unit isn't known, and which may be meant (contract §9), or that there is none at all yet."""
    unit = asked[:_LONGEST_SHOWN]
    suggested = {} if near is None else {"suggestions": [msgspec.to_builtins(each) for each in near]}
    if none_yet:
        detail = (
            f"Không có đơn vị “{unit}”: dịch vụ còn trống, chưa có đơn vị nào; hãy bắt đầu bằng `tonghop init`. / "
            "There is no such unit: the service is empty, it has no unit yet; begin with `tonghop init`."
        )
    elif near:
        named = "; ".join(f"{each.name} ({each.id})" for each in near)
        detail = f"Không có đơn vị “{unit}”. Có phải là: {named}? / There is no such unit; one of these may be meant."
    else:
        detail = f"Không có đơn vị “{unit}”. / There is no such unit."
    return not_found(detail, unit=unit, **suggested)


def no_event(publisher: str, event_id: str) -> Problem:
    """Say that there is no such event."""
    return not_found(
        f"Không có sự kiện “{event_id}” của “{publisher}”. / There is no such event.", publisher=publisher, id=event_id
    )


def unauthenticated() -> Problem:
    """Say that nobody is known by what a request carries (contract §7: 401)."""
    detail = (
        "Cần một tài khoản: hãy đăng nhập, hoặc gửi “Authorization: Bearer TOKEN”. / "
        "This takes an account: sign in, or send “Authorization: Bearer TOKEN”."
    )
    return Problem(401, "Chưa đăng nhập", detail)


def forbidden(need: Need, unit: str, name: str | None) -> Problem:
    """Say that an account's roles don't allow what is asked of a unit (contract §7: 403)."""
    vietnamese, english = _NEEDED[need]
    roles = sorted(ROLES[need])
    detail = (
        f"Tài khoản này không được {vietnamese} của {name or unit} ({unit}) trong câu hỏi này: cần vai trò "
        f"{' hoặc '.join(roles)} tại đơn vị đó hoặc cấp trên. / This account may not {english} of that unit in this "
        f"question: it takes the role {' or '.join(roles)} there or above."
    )
    return Problem(403, "Không được phép", detail, unit=unit, name=name)


def not_ready(detail: str, **members: Any) -> Problem:
    """Say that the answer can't be given yet (contract §5: 503)."""
    return Problem(503, "Chưa sẵn sàng", detail, **members)


def not_audited() -> Problem:
    """Say that the audit log can't have what an answer shows (contract §7: 503)."""
    return not_ready(
        "Không ghi được nhật ký truy cập nên không trả lời; hãy hỏi lại sau. / "
        "The audit log can't be written, so there is no answer: ask again."
    )


def too_busy(again: int) -> Problem:
    """Say that more is asked than can be answered (503); ``again``: seconds."""
    detail = f"Dịch vụ đang bận; hãy hỏi lại sau {again} giây. / The service is busy: ask again in {again} seconds."
    return Problem(503, "Đang bận", detail, again=again)


def too_many(again: int) -> Problem:
    """Say that one client asks more than its share (429); ``again``: seconds."""
    detail = (
        f"Có quá nhiều câu hỏi cùng lúc từ một nơi; hãy hỏi lại sau {again} giây. / "
        f"Too many questions at a time from one client: ask again in {again} seconds."
    )
    return Problem(429, "Quá nhiều câu hỏi", detail, again=again)


def unforeseen() -> Problem:
    """Say that the service is wrong, and nothing of how: that is in its log."""
    return Problem(500, HTTPStatus(500).phrase, "Lỗi ngoài dự kiến; đã ghi vào nhật ký của dịch vụ.")


def took_too_long() -> Problem:
    """Say that a question was given up (503), and what would make it cheaper."""
    detail = (
        "Câu hỏi tốn quá nhiều thời gian nên đã dừng; hãy thu hẹp khoảng thời gian, đơn vị hoặc số nội dung "
        "thống kê. / "
        "It took too long and was stopped: narrow down the days, the unit or the measures."
    )
    return Problem(503, "Quá lâu", detail, again=30)


def _problem_of(status: int, title: str, detail: str, again: int | None, members: dict[str, Any]) -> Problem:
    return Problem(status, title, detail, again=again, **members)


def _not_reached(wanted: int, position: int, standby: bool) -> Problem:
    return NotReachedProblem(wanted, position, standby=standby)


async def _problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 - it is registered for it
    return error.response()


async def _unknown_unit(_: Request, error: Exception) -> Response:
    assert isinstance(error, UnknownUnitError)  # noqa: S101 - it is registered for it
    return unknown_unit(str(error), none_yet=error.none_yet).response()


async def _unsaid(_: Request, error: Exception) -> Response:
    assert isinstance(error, UnsaidError)  # noqa: S101 - it is registered for it
    refused = [
        {"parameter": each.parameter, "clause": each.clause, "detail": f"{each.reason[0].upper()}{each.reason[1:]}."}
        for each in (error, *error.others)
    ]
    title, detail = "Số liệu không nói điều đó", refused[0]["detail"]
    return Problem(422, title, detail, parameter=error.parameter, clause=error.clause, refused=refused).response()


_SAID: Final = {
    404: ("Không tìm thấy", "Không có đường dẫn “{path}”. / There is no such path."),
    405: ("Phương thức không dùng được", "“{method}” không dùng được ở đây; dùng: {allow}. / Method not allowed."),
}


_METHODS: Final = {"GET": "GET", "HEAD": "GET", **{each: each for each in ("POST", "PUT", "PATCH", "DELETE")}}
"""Each method, and as which one it is answered."""


async def _http(request: Request, error: Exception) -> Response:
    """Answer what no route answers; the words are ours, whatever the framework says."""
    assert isinstance(error, HTTPException)  # noqa: S101 - it is registered for it
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    if error.status_code not in _SAID:
        phrase = HTTPStatus(error.status_code).phrase
        return Problem(error.status_code, phrase, f"{phrase}.").response(headers)
    if "allow" in headers:
        headers["allow"] = ", ".join(_allowed(request))
    title, detail = _SAID[error.status_code]
    path = request.url.path[:_LONGEST_SHOWN]
    said = detail.format(path=path, method=request.method, allow=headers.get("allow", ""))
    if error.status_code == HTTPStatus.NOT_FOUND and path.rstrip("/") and path.endswith("/"):
        said += " Hãy bỏ dấu “/” ở cuối. / Leave out the slash at the end."
    return Problem(error.status_code, title, said).response(headers)


def _allowed(request: Request) -> list[str]:
    """List the methods that a path takes; the framework names those of one route, and a path may have several."""
    routes, scope = request.app.routes, request.scope
    return [
        method
        for method, asked in _METHODS.items()
        if any(route.matches({**scope, "method": asked})[0] is Match.FULL for route in routes)
    ]


async def _validation(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - it is registered for it
    first = error.errors()[0]
    return bad_parameter(str(first["loc"][-1]), str(first["msg"])).response()


async def _database_away(_: Request, error: Exception) -> Response:
    if isinstance(error, asyncpg.DataError):  # a value that we let through: our fault, not the database's
        return await _unforeseen(_, error)
    return not_ready("Chưa kết nối được cơ sở dữ liệu.").response()


async def _too_long(_: Request, __: Exception) -> Response:
    return took_too_long().response()


async def _not_migrated(_: Request, __: Exception) -> Response:
    return not_ready("Cơ sở dữ liệu chưa có lược đồ: hãy chạy `tonghop migrate`.").response()


async def _unforeseen(_: Request, __: Exception) -> Response:
    return unforeseen().response()


def mount(app: FastAPI) -> None:
    """Let every error of the app be answered as a problem."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(UnknownUnitError, _unknown_unit)
    app.add_exception_handler(UnsaidError, _unsaid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _validation)
    for away in DATABASE_AWAY:
        app.add_exception_handler(away, _database_away)
    app.add_exception_handler(asyncpg.QueryCanceledError, _too_long)
    for missing in NOT_MIGRATED:
        app.add_exception_handler(missing, _not_migrated)
    app.add_exception_handler(Exception, _unforeseen)
