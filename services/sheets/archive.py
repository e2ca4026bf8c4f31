"""The zip archive that an .xlsx or .ods is, looked through before anything opens it: sizes, broken parts, entities."""

import io
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
