"""A clerk with sheets, and the API that takes them: what tests of imports share."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
import openpyxl

from services.api.import_bodies import CSV, XLSX
from services.api.parameters import today
from tests.integration.reading_here import read_here
from tests.integration.test_sending import Sender, api

HEADS = ("Đơn vị", "Mã đảng viên", "Ngày quyết định")
DAY = (today() - dt.timedelta(days=30)).strftime("%d/%m/%Y")
"""Neither long ago nor to come: nothing about it is suspicious."""
ADMITTED = "member.admitted"


@asynccontextmanager
async def clerk_of(nats: str, publishing: str, database: str, **options: Any) -> AsyncIterator[Clerk]:
    async with api(nats, publishing, database, **{"read_sheet": read_here, **options}) as sender:
        yield Clerk(sender)


def csv_of(*rows: Sequence[str], heads: Sequence[str] = HEADS) -> bytes:
    return "\n".join(";".join(row) for row in (heads, *rows)).encode()


def xlsx_of(*rows: Sequence[object], heads: Sequence[str] = HEADS) -> bytes:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in (heads, *rows):
        sheet.append(list(row))
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def admissions(unit: str, references: Iterable[object], day: str = DAY) -> list[tuple[str, str, str]]:
    return [(unit, str(reference), day) for reference in references]


def by_row(import_: dict[str, Any], *fields: str) -> dict[int, Any]:
    """Give fields of rows by their number; of one field its values alone."""
    found = {row["row"]: tuple(row.get(field) for field in fields or ("status",)) for row in import_["rows"]}
    return {row: values[0] if len(values) == 1 else values for row, values in found.items()}


class Clerk:
    """Sends sheets to the API; `who` is an account, with what a token of it is limited to."""

    def __init__(self, sender: Sender, who: str = "admin") -> None:
        self.sender = sender
        self.who = who

    def as_(self, who: str) -> Clerk:
        return Clerk(self.sender, who)

    async def ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.who}", **request.pop("headers", {})}
        return await self.sender.client.request(method, f"/v1/{path}", headers=headers, **request)

    async def upload(self, unit: str, sheet: bytes, kind: str = CSV, type_: str = ADMITTED) -> httpx.Response:
        sheets = f"units/{unit}/imports?type={type_}"
        return await self.ask("POST", sheets, content=sheet, headers={"content-type": kind})

    async def imported(self, unit: str, *rows: Sequence[str], **sheet: Any) -> dict[str, Any]:
        answer = await self.upload(unit, csv_of(*rows, **sheet))
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def look(self, import_: str, query: str = "") -> dict[str, Any]:
        answer = await self.ask("GET", f"imports/{import_}{query}")
        assert answer.status_code == 200, answer.text
        seen: dict[str, Any] = answer.json()
        return seen

    async def mend(self, import_: str, row: int, **body: Any) -> httpx.Response:
        return await self.ask("PATCH", f"imports/{import_}/rows/{row}", json=body)

    async def send(self, import_: str, wait: int = 10) -> httpx.Response:
        return await self.ask("POST", f"imports/{import_}/send", headers={"prefer": f"wait={wait}"})

    async def sent(self, import_: str) -> list[dict[str, Any]]:
        answer = await self.send(import_)
        assert answer.status_code == 202, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    async def admissions(self, unit: str) -> int:
        asked = f"units/{unit}/report?from=2000-01-01&to=2030-12-31&by=none"
        return int((await self.as_("admin").ask("GET", asked)).json()["total"]["admissions"])


__all__ = ["CSV", "XLSX"]
