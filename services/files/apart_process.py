"""The process that writes one file: told by standard input, it writes into a folder of its own and ends.

It may hold no more memory, take no more time and make no longer file than it was told, it ends with whoever started it,
and leaves no image of its memory.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from projections.answers.tables.answer_table import Cells
from services.bounded.binding import bind
from services.files.bounds import TemplateError, TooLongError
from services.files.manuscript import ANSWER, FAILED, REFUSED, UNFIT, Manuscript, TooLong, unpacked

_DIES_WITH_ITS_PARENT: Final = 1
"""PR_SET_PDEATHSIG, of Linux."""
_LONGEST: Final = 500


def main() -> None:
    """Run as `python -m services.files.apart_process FOLDER`."""
    folder = Path(sys.argv[1])
    os.umask(0o077)
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_DIES_WITH_ITS_PARENT, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever started it
    manuscript, rows = unpacked(sys.stdin.buffer)
    bounds = manuscript.bounds
    bind(memory=bounds.memory, seconds=bounds.seconds, written=bounds.scratch)
    try:
        write(manuscript, rows, folder)
    except TooLongError as error:
        (folder / REFUSED).write_bytes(msgspec.json.encode(TooLong(error.what, error.length, error.most)))
    except TemplateError as error:
        (folder / UNFIT).write_text(str(error)[:_LONGEST], encoding="utf-8")
    except BaseException as error:  # noqa: BLE001 - whatever it is, it must be told
        with suppress(OSError, MemoryError):
            (folder / FAILED).write_text(repr(error)[:_LONGEST], encoding="utf-8")
        os._exit(1)
    os._exit(0)  # taking it all apart again would be a good part of the time


def write(manuscript: Manuscript, rows: Iterator[Cells], folder: Path) -> None:
    """Write a file into a folder. Raises TooLongError and TemplateError."""
    _WRITERS[manuscript.form](manuscript, rows, folder)


def _xlsx(manuscript: Manuscript, rows: Iterator[Cells], folder: Path) -> None:
    from services.files.workbooks import write_workbook  # noqa: PLC0415 - one file needs one library

    write_workbook(manuscript.table, rows, folder / ANSWER, folder)


def _docx(manuscript: Manuscript, rows: Iterator[Cells], folder: Path) -> None:
    from services.files.documents import write_document  # noqa: PLC0415 - as above

    write_document(manuscript.table, list(rows), manuscript.templates, folder / ANSWER)


def _pdf(manuscript: Manuscript, rows: Iterator[Cells], folder: Path) -> None:
    from services.files.printing import write_pdf  # noqa: PLC0415 - as above

    write_pdf(manuscript.table, list(rows), manuscript.templates.frame, folder / ANSWER)


_WRITERS: Final[dict[str, Callable[[Manuscript, Iterator[Cells], Path], None]]] = {
    "xlsx": _xlsx,
    "docx": _docx,
    "pdf": _pdf,
}


if __name__ == "__main__":
    main()
