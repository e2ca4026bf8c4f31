"""Broken files by the thousand: `python -m tests.bench.sheet_fuzz --files 100000`.

Each is a good sheet, broken in one to four ways, and read in a process of its own with the bounds of the service. It is
forked from this one, which has loaded all that reads: a file takes some milliseconds. It must end within its bounds
with an answer that is of the contract, and leave no file. A failure is printed with its number, which makes the file
again.
"""

from __future__ import annotations

import argparse
import io
import os
import resource
import signal
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

from services.sheets import apart_process
from services.sheets.bounds import Bounds
from services.sheets.reading import SheetQuestion, read
from services.sheets.refusals import SheetRefused
from tests.property.sheet_mangling import TODAY, UNITS, sheet_of
from tests.property.sheet_writing import WRITERS

BOUNDS = Bounds(unzipped=20 * 1024 * 1024, rows=1_000, seconds=10, within=10, memory=400 * 1024 * 1024)
FAILED = 99
READ, OTHER, REASONS = "read", "killed", "refused"
WROTE = f"{OTHER} SIGXFSZ"
"""It tried to write a file, which it may not."""
_SPLICES = (
    b"<!DOCTYPE a [<!ENTITY b 'c'>]>",
    b"&b;&lt;&#x0;&#xFFFF;",
    b"</row></sheetData>",
    b'r="XFD1048576"',
    b't="s"><v>99999999999</v>',
    b"=HYPERLINK(1)",
    b"\x00\xff\xfe",
    b'table:number-columns-repeated="999999999"',
    b'ref="A1:XFD1048576"',
    b"1e308",
    b"-1",
    b'"',
)


def file_of(number: int) -> tuple[SheetQuestion, bytes]:
    """Make the n-th broken file."""
    random = Random(number)
    sheet = sheet_of(random)
    broken = WRITERS[random.choice([*WRITERS])](sheet.grid)
    for _ in range(random.randint(1, 4)):
        broken = random.choice(_WAYS)(random, broken)
    return SheetQuestion(sheet.type, UNITS, TODAY, bounds=BOUNDS, pasted=random.randrange(10) == 0), broken


def _cut(random: Random, file: bytes) -> bytes:
    return file[: random.randrange(len(file) + 1)]


def _flip(random: Random, file: bytes) -> bytes:
    changed = bytearray(file)
    for _ in range(random.randint(1, 20) if file else 0):
        changed[random.randrange(len(changed))] = random.randrange(256)
    return bytes(changed)


def _splice(random: Random, file: bytes) -> bytes:
    at = random.randrange(len(file) + 1)
    return file[:at] + random.choice(_SPLICES) * random.choice([1, 1, 1, 1000]) + file[at:]


def _repeat(random: Random, file: bytes) -> bytes:
    at, length = random.randrange(len(file) + 1), random.randrange(1, 2_000)
    return file[:at] + file[at : at + length] * random.choice([2, 2, 100]) + file[at + length :]


def _part(random: Random, file: bytes) -> bytes:
    """Break one part of an archive, and zip it rightly."""
    try:
        with zipfile.ZipFile(io.BytesIO(file)) as before:
            parts = {name: before.read(name) for name in before.namelist()}
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, zipfile.zlib.error, EOFError):
        return _flip(random, file)
    if not parts:
        return file
    name = random.choice([*parts])
    if random.randrange(8) == 0:
        del parts[name]
    elif random.randrange(20) == 0:
        parts[name] = b"<a>" * random.choice([1_000, 8_000_000])
    else:
        parts[name] = random.choice((_cut, _flip, _splice, _repeat))(random, parts[name])
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as after:
        for each, content in parts.items():
            after.writestr(each, content)
    return written.getvalue()


_WAYS: tuple[Callable[[Random, bytes], bytes], ...] = (_cut, _flip, _splice, _repeat, _part, _part, _part, _part)


def read_broken(number: int) -> tuple[str, float, int]:
    """Read the n-th file in a process of its own; give what came of it, the seconds and the KiB that it took."""
    asked, file = file_of(number)
    answer, into = os.pipe()
    started = time.perf_counter()
    child = os.fork()
    if child == 0:
        _read_and_tell(asked, file, into)
    os.close(into)
    with os.fdopen(answer, "rb") as told:
        said = told.read().decode()
    _, status, usage = os.wait4(child, 0)
    if os.WIFSIGNALED(status):
        said = f"{OTHER} {signal.Signals(os.WTERMSIG(status)).name}"
    elif os.WEXITSTATUS(status) == FAILED:
        said = f"failed {said}"
    return said, time.perf_counter() - started, usage.ru_maxrss


def _read_and_tell(asked: SheetQuestion, file: bytes, into: int) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    apart_process.bind_to(asked.bounds)
    code = 0
    try:
        result = read(file, asked)
        said = f"{REASONS} {result.reason}" if isinstance(result, SheetRefused) else READ
        if not isinstance(result, SheetRefused):
            for _ in result.rows():
                pass
    except MemoryError:
        said = f"{REASONS} too_large"
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is what is looked for
        said, code = f"{type(error).__name__}: {error}"[:200], FAILED
        if type(error).__name__ == "PanicException":  # the library's own: `apart` answers that the file is broken
            said, code = f"{REASONS} by a panic", 0
    os.write(into, said.encode())
    os._exit(code)


def main() -> int:
    """Read as many as asked for; 0 where none failed, none took more than its bounds, and no file was left."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TMPDIR"] = tempfile.tempdir = folder
        os.chdir(folder)
        failed = _main()
        left = sorted(Path(folder).rglob("*"))
        os.chdir("/")
    print(f"files left: {len(left)}")
    return 1 if failed or left else 0


def _main() -> bool:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.sheet_fuzz", description=__doc__)
    parser.add_argument("--files", type=int, default=2_000)
    parser.add_argument("--first", type=int, default=0, help="the number of the first file")
    arguments = parser.parse_args()
    base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    counts: Counter[str] = Counter()
    slowest, largest, failed = 0.0, 0, []
    for number in range(arguments.first, arguments.first + arguments.files):
        said, seconds, memory = read_broken(number)
        counts[said if not said.startswith("failed") else "failed"] += 1
        if said.startswith(("failed", WROTE)) or seconds > BOUNDS.seconds * 2 or memory * 1024 > BOUNDS.memory:
            failed.append(number)
            print(f"{number}: {said}, {seconds:.1f} s, {memory / 1024:.0f} MB")
        slowest, largest = max(slowest, seconds), max(largest, memory)
    for said, count in counts.most_common():
        print(f"{count:8} {said}")
    print(f"slowest {slowest:.2f} s, largest {largest / 1024:.0f} MB (began with {base / 1024:.0f} MB)")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
