"""The files of an outbox as files: for their owner alone, their errors in our words, and whose turn it is to send."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from projections.bilingual import Bilingual
from services.client.errors import OutboxBusyError, OutboxError, OutboxFileError, OutboxFullError

OPENING: Final = threading.Lock()
"""Nobody else in this process opens a file that is just being made."""


@contextmanager
def in_our_words(path: Path) -> Iterator[None]:
    """Tell what SQLite and the system say of a file as OutboxError."""
    try:
        yield
    except sqlite3.Error as error:
        raise _told(path, error) from error
    except OSError as error:
        raise _unusable(path, error.strerror or str(error)) from error


def _told(path: Path, error: sqlite3.Error) -> OutboxError:
    code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return OutboxFullError(
            Bilingual(
                "đĩa đã đầy, hãy dọn chỗ; không có gì bị mất hay thay đổi",
                "the disk is full, make room; nothing is lost or changed",
                before=f"{path}: ",
            )
        )
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return OutboxBusyError(
            Bilingual("tiến trình khác đang giữ tệp", "another process holds the file", before=f"{path}: ")
        )
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return damaged(path, str(error))
    return _unusable(path, str(error))


def damaged(path: Path, why: str) -> OutboxFileError:
    """Say that a file is damaged, and how what is in it is saved."""
    return OutboxFileError(
        Bilingual(
            "bị hỏng: hãy giữ bản sao, cứu bằng `sqlite3 TỆP .recover`, và put lại những gì chưa chắc đã gửi (gửi lại "
            "không hại gì)",
            "is damaged: keep a copy, save what is in it by `sqlite3 FILE .recover`, and put again whatever may not "
            "have been sent, which is harmless",
            before=f"{path} ",
        ).with_detail(why)
    )


def _unusable(path: Path, why: str) -> OutboxFileError:
    return OutboxFileError(Bilingual(f"không dùng được {path}", f"{path} can't be used").with_detail(why))


def made(path: Path) -> None:
    """Make the file for its owner alone, or close it to others; what SQLite puts beside it is as this one.

    One that is there is not opened: to close it again would give back the locks that this process has on it (POSIX).
    """
    if _created(path):
        return
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise OutboxFileError(Bilingual("không phải tệp", "is no file", before=f"{path} "))
    if stat.S_IMODE(found.st_mode) & 0o077 and os.name == "posix":
        path.chmod(0o600)


def _created(path: Path) -> bool:
    """Make an empty file where there is none, with its name on the disk; False where there is one."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        return False
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    return True


class Turn:
    """The turn to send what is in a file: one process or thread has it at a time.

    It is a lock of the system's on a file beside it: whoever is killed gives it back, and no clock is asked.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.with_name(f"{path.name}-sending")

    @contextmanager
    def taken(self, patience: float) -> Iterator[bool]:
        """Wait for the turn for so many seconds; False where another has it still."""
        with in_our_words(self._path), OPENING:
            _created(self._path)
            connection = sqlite3.connect(self._path, timeout=patience, isolation_level=None, check_same_thread=False)
        with closing(connection):
            with in_our_words(self._path):
                ours = self._begun(connection)
            yield ours

    def _begun(self, connection: sqlite3.Connection) -> bool:
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if (error.sqlite_errorcode & 0xFF) in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
                return False
            raise
        return True
