"""The zip archive that an .xlsx or .ods is, looked through before anything opens it: sizes, broken parts, entities."""

import io
import re
import zipfile
import zlib
from typing import Final

from services.sheets.bounds import Bounds
from services.sheets.formats import broken, no_sheet, too_large, with_password

_CHUNK: Final = 1 << 16
_ENCRYPTED: Final = 0x1
_DECLARATION: Final = (b"<!DOCTYPE", b"<!ENTITY")
_XML: Final = (".xml", ".rels")
_LONGEST: Final = max(map(len, _DECLARATION))
_OPENED: Final = ("xl/workbook.xml", "content.xml")


class Archive:
    """A zip archive whose parts are whole, within the bounds and without entities."""

    def __init__(self, sheet: bytes, bounds: Bounds) -> None:
        """Look through it; raises SheetRefusedError."""
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(sheet))
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
            raise broken() from None
        parts = self._zip.infolist()
        if len(parts) > bounds.parts or sum(part.file_size for part in parts) > bounds.unzipped:
            raise too_large()
        if len({part.filename for part in parts}) != len(parts):
            raise broken()
        if not any(part.filename in _OPENED for part in parts):
            raise no_sheet()
        self._left = bounds.unzipped
        for part in parts:
            if part.flag_bits & _ENCRYPTED:
                raise with_password()
            self._look_through(part)

    def read(self, part: str) -> bytes | None:
        """Unzip a part; None where there is none."""
        try:
            return self._zip.read(part)
        except KeyError:
            return None

    def _look_through(self, part: zipfile.ZipInfo) -> None:
        """Unzip a part and let it go again: what it says of its own size may be a lie."""
        is_xml = part.filename.lower().endswith(_XML)
        end = b""
        try:
            with self._zip.open(part) as opened:
                while chunk := opened.read(_CHUNK):
                    self._left -= len(chunk)
                    if self._left < 0:
                        raise too_large()
                    if is_xml and any(found in end + chunk for found in _DECLARATION):
                        raise no_sheet()
                    if is_xml and chunk.startswith((b"\xff\xfe", b"\xfe\xff")):
                        raise no_sheet()
                    end = chunk[-_LONGEST:]
        except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, OSError, NotImplementedError):
            raise broken() from None


_SHEET: Final = re.compile(rb"<(?:\w+:)?sheet\b([^>]*)>")
_RELATION: Final = re.compile(rb"<(?:\w+:)?Relationship\b([^>]*)>")
_ATTRIBUTE: Final = re.compile(rb"([\w:]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_CELL: Final = re.compile(rb"<(?:\w+:)?c\b([^>]*?)(?:/>|>(.*?)</(?:\w+:)?c>)", re.DOTALL)
_VALUE: Final = re.compile(rb"<(?:\w+:)?v\b[^>]*>[^<]|<(?:\w+:)?is\b")
_FORMULA: Final = re.compile(rb"<(?:\w+:)?f[\s/>]")
_AT: Final = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_MAY_BE_UNKNOWABLE: Final = (b"<f", b":f", b'"e"', b"'e'")


def unknowable_cells(archive: Archive, sheet: int) -> set[tuple[int, int]]:
    """Find the cells of the n-th sheet of an .xlsx whose value isn't in it: errors, and formulas never calculated.

    Each is (row, column) from 0. The library that reads sheets gives such cells as blank.
    """
    part = _part_of(archive, sheet)
    xml = archive.read(part) if part else None
    if xml is None or not any(mark in xml for mark in _MAY_BE_UNKNOWABLE):
        return set()
    found = set()
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
