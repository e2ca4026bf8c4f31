"""Files that nobody made by mistake: bombs, lies about sizes, entities, cells at the end of the world."""

from __future__ import annotations

import io
import struct
import zipfile
from datetime import date

import openpyxl

HEAD = ("Đơn vị", "Mã đảng viên", "Ngày quyết định")
_SHEET = "xl/worksheets/sheet1.xml"


def good() -> bytes:
    """Make a sheet of one row, as it should be."""
    book = openpyxl.Workbook()
    book.active.append(HEAD)
    book.active.append(("cb-1", "a", date(2026, 2, 5)))
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def changed(part: str, content: bytes, sheet: bytes | None = None) -> bytes:
    """Put another content in the place of a part."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(sheet or good())) as before, zipfile.ZipFile(written, "w", 8) as after:
        for name in {*before.namelist(), part}:
            after.writestr(name, content if name == part else before.read(name))
    return written.getvalue()


def _xml(rows: str, before: str = "") -> bytes:
    name = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'<?xml version="1.0"?>{before}<worksheet xmlns="{name}"><sheetData>{rows}</sheetData></worksheet>'.encode()


def _cells(row: int, *texts: str) -> str:
    cells = "".join(
        f'<c r="{"ABC"[at]}{row}" t="inlineStr"><is><t>{text}</t></is></c>' for at, text in enumerate(texts)
    )
    return f'<row r="{row}">{cells}</row>'


def bomb(size: int) -> bytes:
    """Make a file whose sheet is zeros when it is unzipped."""
    return changed(_SHEET, bytes(size))


def lying(size: int) -> bytes:
    """Make a bomb that says of itself that it unzips to ten bytes."""
    made = bytearray(bomb(size))
    for signature, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = -1
        while (place := made.find(signature, place + 1)) >= 0:
            if made[place + at : place + at + 4] == struct.pack("<I", size):
                made[place + at : place + at + 4] = struct.pack("<I", 10)
    return bytes(made)


def laughing() -> bytes:
    """Make a sheet whose entities unfold to a thousand million letters."""
    entities = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))
    doctype = f'<!DOCTYPE x [<!ENTITY l0 "ha">{entities}<!ENTITY f SYSTEM "file:///etc/passwd">]>'
    return changed(_SHEET, _xml(_cells(1, *HEAD) + _cells(2, "cb-1", "&l9;", "&f;"), doctype))


def far_away() -> bytes:
    """Make a sheet with a cell in the last row of the last column."""
    far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    return changed(_SHEET, _xml(_cells(1, *HEAD) + _cells(2, "cb-1", "a", "5/2/2026") + far))


def deep() -> bytes:
    """Make a sheet whose elements nest a hundred thousand deep."""
    return changed(_SHEET, _xml("<row>" * 100_000))


def repeated() -> bytes:
    """Make an .ods whose one cell stands for a hundred million."""
    return ods(
        '<table:table-row table:number-rows-repeated="100000"><table:table-cell table:number-columns-repeated="1000" '
        'office:value-type="string"><text:p>x</text:p></table:table-cell></table:table-row>'
    )


def ods(rows: str) -> bytes:
    """Make an .ods of the rows of its one table."""
    office = "urn:oasis:names:tc:opendocument:xmlns:"
    content = (
        f'<office:document-content xmlns:office="{office}office:1.0" xmlns:table="{office}table:1.0" '
        f'xmlns:text="{office}text:1.0" '
        'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0">'
        f'<office:body><office:spreadsheet><table:table table:name="a">{rows}</table:table></office:spreadsheet>'
        "</office:body></office:document-content>"
    )
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", 8) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet", 0)
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
    return written.getvalue()


def linked() -> bytes:
    """Make a sheet whose reference is a formula over another file, with the value that it had."""
    formula = '<c r="B2" t="str"><f>[1]Sheet1!$A$1&amp;WEBSERVICE("http://127.0.0.1:9/")</f><v>a</v></c>'
    cells = _cells(2, "cb-1", "", "5/2/2026").replace('<c r="B2" t="inlineStr"><is><t></t></is></c>', formula)
    return changed(_SHEET, _xml(_cells(1, *HEAD) + cells))
