"""Sheets over HTTP: templates, imports, their rows, sending them, the sheet back (contract, section 8)."""

from __future__ import annotations

import asyncio
import datetime as dt
from contextlib import AsyncExitStack
from functools import partial
from hashlib import blake2b
from importlib.metadata import version
from typing import Annotated, Final

from fastapi import Path, Query, Request, Response
from pydantic import Field

from events.catalogue import FACTS
from projections.answers.access.needs import Need
from projections.store.reading.confined import speakers
from projections.store.reading.sheet_events import units_of
from services.api import kept_imports
from services.api.access import access_of
from services.api.answering import CACHING, reader_of
from services.api.asked import matched
from services.api.documentation import a_file, gone, sent, taking, taking_files, told
from services.api.gate import who_asks
from services.api.guard import MOST_BODY
from services.api.import_bodies import TAKEN, XLSX, sheet_type_of, too_long
from services.api.import_results import sheet_back
from services.api.import_sending import send_import
from services.api.importing import (
    being_sent,
    imports_of,
    mend,
    no_import,
    own_import,
    page_shown,
    require_clerk,
    require_room,
    take,
)
from services.api.json_bodies import read
from services.api.kept_imports import KeptImport
from services.api.long_bodies import body_of, length_said
from services.api.parameters import PAGE, Cursor, Limit, Strict, UnitPath, cursor_of, key_of, one_of, today
from services.api.problems import not_found
from services.api.reading_route import reading_router
from services.api.routes_accounts import answer
from services.api.routes_sending import PREFER, waits
from services.api.sendings import sendings_of
from services.api.sights import holder_of
from services.import_answers import Import, ImportHead, ImportList, Mending, counts_of
from services.needs import needs
from services.send_answers import SentAnswer
from services.sheets.bounds import MAX_FILE
from services.sheets.template import MOST_UNITS, template
from services.sheets.units import NamedUnit

router = reading_router("/v1", "sheets")

TYPES: Final = tuple(row.type for row in FACTS)
ImportPath = Annotated[
    str, Path(alias="import", description="An import", examples=["i-0123456789abcdef0123456789abcdef"])
]
TypePath = Annotated[str, Path(description="A type of fact", examples=["member.admitted"])]
RowPath = Annotated[str, Path(description="A row's number in its sheet", examples=["7"])]
FactType = Annotated[str, one_of(TYPES)]


class TypeQuery(Strict):
    """Of which type a sheet is."""

    type: FactType = Field(description="A type of fact", examples=["member.admitted"])


class PageQuery(Strict):
    """Which page of a sheet is asked for."""

    cursor: Cursor = None


class ListQuery(Strict):
    """Which page of a list is asked for."""

    limit: Limit = PAGE
    cursor: Cursor = None


@router.get(
    "/units/{unit}/templates/{type}.xlsx",
    summary="A sheet to be filled in",
    response_class=Response,
    responses=a_file(XLSX),
)
@needs(Need.SENDING)
async def template_of(
    request: Request,
    unit: UnitPath,
    type: TypePath,  # noqa: A002 - the name in the path
    _: Annotated[Strict, Query()],
) -> Response:
    """Make the sheet of a type, with lists of its codes and of the unit and those below it, for its clerks."""
    if type not in TYPES:
        raise not_found(f"Không có bảng mẫu loại này; có: {', '.join(TYPES)}. / There is no such template.")
    reader = reader_of(request)
    await reader.at_once(request, partial(require_clerk, asker=who_asks(request), unit=unit))
    found = await reader.at_once(request, lambda snapshot, _: units_of(snapshot, unit, MOST_UNITS))
    said = repr((version("tonghop"), type, found)).encode()
    tag = blake2b(said, digest_size=12).hexdigest()
    headers = {"etag": f'"{tag}"', "cache-control": CACHING}
    if matched(request.headers.get("if-none-match", ""), tag) is not None:
        return Response(None, 304, headers)
    async with imports_of(request).writing.turn(who_asks(request).account):
        units = [NamedUnit(*each) for each in found.units]
        made = await asyncio.to_thread(template, type, units, found.number)
    return _file(made, f"{type}.xlsx", headers)


@router.post(
    "/units/{unit}/imports",
    status_code=201,
    summary="Send a sheet to be looked at",
    responses=told(Import, 201),
    openapi_extra=taking_files(TAKEN),
)
@needs(Need.SENDING)
async def import_sheet(request: Request, unit: UnitPath, query: Annotated[TypeQuery, Query()]) -> Response:
    """Read a sheet and say what would become of each row; nothing is published. A refused sheet leaves nothing."""
    headers = request.headers
    said = sheet_type_of(headers.get("content-type", ""), headers.get("content-encoding", ""))
    length = length_said(request)
    if length is not None and length > MAX_FILE:
        raise too_long()
    await reader_of(request).at_once(request, partial(require_clerk, asker=who_asks(request), unit=unit))
    await require_room(request)
    async with AsyncExitStack() as stack:
        if length is None or length > MOST_BODY:
            place = sendings_of(request).long.place(reader_of(request).client(request))
            await stack.enter_async_context(place)
        body = await body_of(request, MAX_FILE, too_long)
        made = await take(request, unit, query.type, said, body)
    response = answer(made, 201)
    response.headers["location"] = f"/v1/imports/{made.import_}"
    return response


@router.get("/imports", summary="One's own sheets", responses=told(ImportList))
@needs(Need.SENDING)
async def listed(request: Request, query: Annotated[ListQuery, Query()]) -> Response:
    """List the sheets that the account sent, the newest first: those of units for which it may send now."""
    asker, imports = who_asks(request), imports_of(request)
    before = key_of(query.cursor, tuple[dt.datetime, str])
    reading = access_of(request).reading
    found, more = await kept_imports.page_of_list(reading, asker.account, before=before, limit=query.limit)
    holder = holder_of(asker, today())
    if holder is not None:
        units = {each.unit for each in found}
        may = await reader_of(request).at_once(request, lambda snapshot, _: speakers(snapshot, holder, units))
        found = [each for each in found if each.unit in may]
    heads = [
        ImportHead(
            import_=each.id,
            unit=each.unit,
            type=each.type,
            made_at=each.made_at,
            until=imports.until(each),
            rows=each.rows,
            counts=counts_of(each.counts),
            receipt=each.receipt,
        )
        for each in found
    ]
    return answer(ImportList(heads, cursor_of(more)))


@router.get(
    "/imports/{import}.xlsx",
    summary="The sheet with each row's result",
    response_class=Response,
    responses=a_file(XLSX),
)
@needs(Need.SENDING)
async def result_sheet(request: Request, import_: ImportPath, _: Annotated[Strict, Query()]) -> Response:
    """Give the sheet back with what became, or would become, of each row."""
    kept = await own_import(request, import_)
    return _file(await sheet_back(request, kept), f"{kept.id}.xlsx", {"cache-control": "no-store"})


@router.get("/imports/{import}", summary="A sheet of one's own", responses=told(Import))
@needs(Need.SENDING)
async def import_of(request: Request, import_: ImportPath, query: Annotated[PageQuery, Query()]) -> Response:
    """Say what would become of a thousand rows now, and what became of those that were sent."""
    page = key_of(query.cursor, int) or 0
    return answer(await page_shown(request, await own_import(request, import_), page))


@router.delete(
    "/imports/{import}", status_code=204, summary="Delete a sheet", response_class=Response, responses=gone()
)
@needs(Need.SENDING)
async def delete(request: Request, import_: ImportPath, _: Annotated[Strict, Query()]) -> Response:
    """Delete a sheet of one's own, whatever one may do now; what was sent stays sent, and its receipt is kept."""
    removed = await kept_imports.remove(access_of(request).writing, import_, who_asks(request).account)
    if removed is None:
        raise being_sent()
    if not removed:
        raise no_import()
    return Response(None, 204, {"cache-control": "no-store"})


@router.patch(
    "/imports/{import}/rows/{row}", summary="Mend a row", responses=told(Import), openapi_extra=taking(Mending)
)
@needs(Need.SENDING)
async def mend_row(request: Request, import_: ImportPath, row: RowPath, _: Annotated[Strict, Query()]) -> Response:
    """Mend cells of a row, or say that it is to be sent again, or to take another's place; the row is the answer."""
    return await _mended(request, await own_import(request, import_), row)


@router.patch(
    "/units/{unit}/imports/{import}/rows/{row}",
    summary="Mend a row of a unit's sheet",
    responses=told(Import),
    openapi_extra=taking(Mending),
)
@needs(Need.SENDING)
async def mend_row_of_unit(
    request: Request, unit: UnitPath, import_: ImportPath, row: RowPath, _: Annotated[Strict, Query()]
) -> Response:
    """Mend a row, as `/v1/imports/{import}/rows/{row}` does, of a sheet that was sent for this unit."""
    kept = await own_import(request, import_)
    if kept.unit != unit:
        raise no_import()
    return await _mended(request, kept, row)


@router.post(
    "/imports/{import}/send",
    status_code=202,
    summary="Send what is left of a sheet",
    responses=sent(SentAnswer),
    openapi_extra={"parameters": [PREFER]},
)
@needs(Need.SENDING)
async def send_rows(request: Request, import_: ImportPath, _: Annotated[Strict, Query()]) -> Response:
    """Publish the rows that can be, a thousand at a time, with one receipt over all; called again it sends the rest."""
    status, said = await send_import(request, import_, waits(request))
    response = answer(said, status)
    if said.receipt is not None:
        response.headers["location"] = f"/v1/receipts/{said.receipt}"
    return response


async def _mended(request: Request, kept: KeptImport, row: str) -> Response:
    mending = await read(request, Mending)
    number = int(row) if row.isascii() and row.isdecimal() and len(row) <= len("9999999") else 0
    return answer(await mend(request, kept, number, mending))


def _file(made: bytes, name: str, headers: dict[str, str]) -> Response:
    return Response(made, 200, {**headers, "content-disposition": f'attachment; filename="{name}"'}, XLSX)
