"""How long a sheet of 50,000 rows takes, and how much memory: `python -m tests.bench.sheets [--rows N]`.

The sheet is written first, in a process of its own, so that its writing is in no figure.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import multiprocessing
import resource
import sys
import time
from datetime import date, timedelta

import openpyxl

from services.sheets.apart import read_apart
from services.sheets.columns import columns_of
from services.sheets.reading import SheetQuestion
from services.sheets.refusals import SheetRefused
from services.sheets.results_sheet import ResultRow, results_sheet
from services.sheets.template import template
from services.sheets.units import NamedUnit

TYPE = "member.admitted"
UNITS = tuple(NamedUnit(f"cb-{number}", f"Chi bộ {number}") for number in range(800))
AIM_SECONDS, AIM_MEMORY = 10, 300


def sheet_of(rows: int) -> bytes:
    """Write a sheet of admissions in which every cell is filled."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    columns = columns_of(TYPE)
    sheet.append(["STT", *[column.head for column in columns.all]])
    for number in range(rows):
        day = date(2023, 1, 1) + timedelta(number % 365)
        facets = [column.codes[number % len(column.codes)].word for column in columns.all if column.facet]
        sheet.append([number + 1, UNITS[number % 800].name, f"2023-{number}", day, day, "không", *facets])
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def main() -> int:
    """Measure and print; 1 where the sheet was refused."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.sheets", description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000)
    rows = parser.parse_args().rows
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        sheet = pool.apply(sheet_of, (rows,))
    others = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    started = time.perf_counter()
    answer = asyncio.run(read_apart(sheet, SheetQuestion(TYPE, UNITS, date(2026, 11, 28))))
    seconds = time.perf_counter() - started
    if isinstance(answer, SheetRefused):
        print(answer.detail)
        return 1
    child, own = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_CHILDREN, resource.RUSAGE_SELF))
    told = "" if child > others else " at most (its writing took that much)"
    print(f"{answer.count} rows, {len(sheet) / 1e6:.1f} MB: read in {seconds:.1f} s (aim {AIM_SECONDS})")
    print(f"process that reads {child / 1024:.0f} MB{told}, process that asks {own / 1024:.0f} MB (aim {AIM_MEMORY})")
    started = time.perf_counter()
    template(TYPE, UNITS)
    print(f"template with {len(UNITS)} units: {(time.perf_counter() - started) * 1000:.0f} ms")
    started = time.perf_counter()
    back = results_sheet(TYPE, (ResultRow(row.row, row.cells, "sẵn sàng") for row in answer.rows()))
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"sheet back: {len(back) / 1e6:.1f} MB in {time.perf_counter() - started:.1f} s, {own / 1024:.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
