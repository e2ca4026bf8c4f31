"""The body of a request, as JSON of one type: what is unknown, missing or of another type is named."""

from __future__ import annotations

import re
from typing import Final, TypeVar

import msgspec
from fastapi import Request

from services.api.problems import Problem, bad_parameter

Body = TypeVar("Body", bound=msgspec.Struct)

MOST: Final = 64 * 1024
"""Bytes of such a body."""
_AT: Final = re.compile(r" - at `\$\.?(?P<path>[^`]*)`")
_UNKNOWN: Final = re.compile(r"unknown field `(?P<field>[^`]*)`")


async def read(request: Request, kind: type[Body]) -> Body:
    """Read the body. Raises a Problem: 415 for another media type, 413, 400 for what is no JSON, 422 for a field."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        detail = "Cần nội dung application/json. / The body must be application/json."
        raise Problem(415, "Sai kiểu nội dung", detail, parameter="Content-Type")
    body = await request.body()
    if len(body) > MOST:
        raise Problem(413, "Quá dài", f"Nội dung gửi lên dài quá {MOST} byte. / The body is too long.")
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        said = str(error)
        field = _UNKNOWN.search(said)
        path = _AT.search(said)
        name = field["field"] if field else path["path"] if path else "body"
        raise bad_parameter(name or "body", said) from error
    except (ValueError, RecursionError) as error:
        detail = "Nội dung không phải JSON. / The body is no JSON."
        raise Problem(400, "Không đọc được", detail) from error
