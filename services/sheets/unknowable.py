"""Cells whose value isn't in the file: formulas with an error, and formulas that were never calculated.

The library that reads sheets gives such a cell as blank, and a blank says "unknown": a figure would be wrong, quietly.
Each is (row, column) from 0.
"""

import io
import re
import struct
from collections.abc import Iterator
from typing import Final

import olefile

from services.sheets.archive import Archive
from services.sheets.formats import too_large

_MOST: Final = 200_000
"""Cells without a value; more of them are no sheet to be mended."""

Places = set[tuple[int, int]]

_SHEET: Final = re.compile(rb"<(?:\w+:)?sheet\b([^>]*)>")
_RELATION: Final = re.compile(rb"<(?:\w+:)?Relationship\b([^>]*)>")
_ATTRIBUTE: Final = re.compile(rb"([\w:.-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_CELL: Final = re.compile(rb"<(?:\w+:)?c\b([^>]*?)(?:/>|>(.*?)</(?:\w+:)?c>)", re.DOTALL)
_VALUE: Final = re.compile(rb"<(?:\w+:)?v\b[^>]*>[^<]|<(?:\w+:)?is\b")
_FORMULA: Final = re.compile(rb"<(?:\w+:)?f[\s/>]")
_AT: Final = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_MAY_BE_UNKNOWABLE: Final = (b"<f", b":f", b'"e"', b"'e'")


def in_xlsx(archive: Archive, sheet: int) -> Places:
    """Find those of the n-th sheet of an .xlsx."""
    part = _part_of(archive, sheet)
    xml = archive.read(part) if part else None
    if xml is None or not any(mark in xml for mark in _MAY_BE_UNKNOWABLE):
        return set()
    found: Places = set()
    for cell in _CELL.finditer(xml):
        attributes, inside = _attributes(cell[1]), cell[2] or b""
        kind = attributes.get("t")
        never = kind != "str" and _FORMULA.search(inside) is not None and _VALUE.search(inside) is None
        if (kind == "e" or never) and (at := _AT.fullmatch(attributes.get("r", ""))):
            found.add((int(at[2]) - 1, _column(at[1])))
    return found


def _part_of(archive: Archive, sheet: int) -> str | None:
    """Name the part that the n-th sheet is in, by the workbook's relations."""
    sheets = _SHEET.findall(archive.read("xl/workbook.xml") or b"")
    if sheet >= len(sheets):
        return None
    relation = next((value for name, value in _attributes(sheets[sheet]).items() if name.endswith(":id")), None)
    for found in _RELATION.findall(archive.read("xl/_rels/workbook.xml.rels") or b""):
        attributes = _attributes(found)
        if attributes.get("Id") == relation:
            target = attributes.get("Target", "")
            return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
    return None


def _attributes(text: bytes) -> dict[str, str]:
    return {name.decode(): (one or other).decode("utf-8", "replace") for name, one, other in _ATTRIBUTE.findall(text)}


def _column(letters: str) -> int:
    number = 0
    for each in letters:
        number = number * 26 + ord(each) - ord("A") + 1
    return number - 1


_TABLE: Final = re.compile(rb"<table:table[ >].*?</table:table>", re.DOTALL)
_PLACE: Final = re.compile(rb"<table:(table-row|(?:covered-)?table-cell)\b([^>]*)>")
_LAST: Final = 1 << 20


def in_ods(archive: Archive, sheet: int) -> Places:
    """Find those of the n-th sheet of an .ods; raises SheetRefusedError where there are too many."""
    xml = archive.read("content.xml") or b""
    if b'"error"' not in xml and b":formula" not in xml:
        return set()
    found: Places = set()
    table = next((table[0] for number, table in enumerate(_TABLE.finditer(xml)) if number == sheet), b"")
    first, row, column = 0, 0, 0  # the row and those after it that are the same end before `row`
    for place in _PLACE.finditer(table):
        attributes = _attributes(place[2])
        if place[1] == b"table-row":
            first, row, column = row, row + _times(attributes, "table:number-rows-repeated"), 0
            continue
        after = column + _times(attributes, "table:number-columns-repeated")
        never = "table:formula" in attributes and "office:value-type" not in attributes
        if never or attributes.get("calcext:value-type") == "error":
            if len(found) + (row - first) * (after - column) > _MOST:
                raise too_large()
            found |= {(each, at) for each in range(first, row) for at in range(column, after)}
        column = after
    return found


def _times(attributes: dict[str, str], name: str) -> int:
    times = attributes.get(name, "1")
    return min(int(times[:8]), _LAST) if times.isdecimal() else 1


_RECORD: Final = struct.Struct("<HH")
_BOUND_SHEET, _FORMULA_RECORD, _BOOLEAN_OR_ERROR, _TEXT_OF_FORMULA, _END = 0x85, 0x06, 0x205, 0x207, 0x0A
_BETWEEN: Final = frozenset({0x4BC, 0x221, 0x236})
"""What may stand between a formula and its text: formulas that several cells share, arrays, tables."""
_NO_NUMBER: Final = b"\xff\xff"


def in_xls(sheet: bytes, number: int) -> Places:
    """Find those of the n-th sheet of an .xls; what isn't built as one has none.

    A formula that some program wrote as if its text were empty can't be told from one whose text is.
    """
    try:
        with olefile.OleFileIO(io.BytesIO(sheet)) as opened:
            name = "Workbook" if opened.exists("Workbook") else "Book"
            stream: bytes = opened.openstream(name).read()
        starts = [struct.unpack_from("<I", body)[0] for kind, body in _records(stream, 0) if kind == _BOUND_SHEET]
        return _in_stream(stream, starts[number])
    except (OSError, ValueError, IndexError, struct.error):
        return set()


def _in_stream(stream: bytes, start: int) -> Places:
    found: Places = set()
    waiting: tuple[int, int] | None = None  # a formula whose text is to be in the next record
    for kind, body in _records(stream, start):
        if waiting is not None and kind not in _BETWEEN:
            if kind != _TEXT_OF_FORMULA:
                found.add(waiting)
            waiting = None
        if kind == _BOOLEAN_OR_ERROR and body[7]:
            found.add(struct.unpack_from("<HH", body))
        elif kind == _FORMULA_RECORD and body[12:14] == _NO_NUMBER:
            place: tuple[int, int] = struct.unpack_from("<HH", body)
            if body[6] == 0:
                waiting = place
            elif body[6] == 2:  # noqa: PLR2004 - an error, in the format of Excel 97
                found.add(place)
    return found


def _records(stream: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """Give the records of a part of the stream, to its end."""
    while at + _RECORD.size <= len(stream):
        kind, length = _RECORD.unpack_from(stream, at)
        at += _RECORD.size
        yield kind, stream[at : at + length]
        if kind == _END:
            return
        at += length
