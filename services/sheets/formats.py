"""What kind of file some bytes are: by what is in them, for names and declared types are often wrong."""

from typing import Final, Literal

from services.sheets.refusals import SheetRefusedError

Format = Literal["xlsx", "ods", "xls", "text"]

_ZIP: Final = b"PK\x03\x04"
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLD_XLS: Final = (b"\x09\x08", b"\x09\x04", b"\x09\x02", b"\x09\x00")
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
_OTHERS: Final = (
    b"%PDF",
    b"{\\rtf",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"Rar!",
    b"7z\xbc\xaf",
    b"\x1f\x8b",
    b"\x7fELF",
)
_MARKUP: Final = (b"<?xml", b"<html", b"<!doctype", b"<table", b"mime-version")


def format_of(sheet: bytes) -> Format:
    """Say what a file is; raises SheetRefusedError for one that is no sheet."""
    if not sheet.strip():
        raise SheetRefusedError("empty", "tệp rỗng: gửi một bảng có dữ liệu", "the file is empty: send a filled sheet")
    if sheet.startswith(_ZIP):
        return "ods" if b"opendocument.spreadsheet" in sheet[:200] else "xlsx"
    if sheet.startswith(_OLE):
        if _ENCRYPTED in sheet:
            raise with_password()
        return "xls"
    start = sheet[:2_000].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if sheet.startswith((*_OTHERS, *_OLD_XLS)) or start.startswith(_MARKUP):
        raise no_sheet()
    return "text"


def no_sheet() -> SheetRefusedError:
    """Refuse what is no sheet of the kinds that are taken."""
    return SheetRefusedError(
        "not_a_sheet",
        "không phải bảng tính .xlsx, .xls, .ods hay .csv: mở bằng Excel hoặc LibreOffice rồi lưu lại dạng .xlsx",
        "not a sheet of the kinds .xlsx, .xls, .ods or .csv: open it in Excel or LibreOffice and save it as .xlsx",
    )


def broken() -> SheetRefusedError:
    """Refuse a file that can't be read to its end."""
    return SheetRefusedError(
        "broken",
        "tệp hỏng hoặc thiếu phần cuối: mở bằng Excel hoặc LibreOffice, lưu lại dạng .xlsx rồi gửi lại",
        "the file is broken or cut off: open it in Excel or LibreOffice, save it as .xlsx and send it again",
    )


def too_large() -> SheetRefusedError:
    """Refuse what would take more memory than one sheet may."""
    return SheetRefusedError(
        "too_large",
        "bảng quá lớn: xóa trang, ảnh và ô thừa ở xa, hoặc chia thành nhiều tệp",
        "the sheet is too large: delete pages, pictures and cells far away that aren't needed, or make several files",
    )


def too_slow() -> SheetRefusedError:
    """Refuse what would take longer than one sheet may."""
    return SheetRefusedError(
        "too_slow",
        "đọc quá lâu: chép riêng bảng cần gửi sang một tệp mới, hoặc chia thành nhiều tệp",
        "it takes too long to read: copy the table alone to a new file, or make several files",
    )


def with_password() -> SheetRefusedError:
    """Refuse what is locked."""
    return SheetRefusedError(
        "password",
        "tệp có mật khẩu: bỏ mật khẩu rồi gửi lại",
        "the file has a password: take it off and send it again",
    )
