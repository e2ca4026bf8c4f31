"""How long a sheet of 50,000 rows takes, and how much memory: `python -m tests.bench.sheets [--rows N] [--http]`.

The sheet is written first, in a process of its own, so that its writing is in no figure. With `--http` it is sent to
`tonghop api` as it is shipped, on a database with 800 units, and looked at: the memory is that of the API's process and
all that it starts, added up every 20 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import multiprocessing
import resource
import sys
import time
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path

import httpx
import openpyxl
import psutil

from projections.store.live.projection import Projection
from projections.store.schema.migrate import upgrade
from services.settings import Settings
from services.sheets.apart import read_apart
from services.sheets.columns import columns_of
from services.sheets.reading import SheetQuestion
from services.sheets.refusals import SheetRefused
from services.sheets.results_sheet import ResultRow, results_sheet
from services.sheets.template import template
from services.sheets.units import NamedUnit
from tests import servers
from tests.attacks.http_serving import serving
from tests.integration.test_sending import NOWHERE
from tests.integration.test_verify import SIZES
from tests.oracle.telling import ROOT, root, say
from tests.property.system import messages

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


async def over_http(sheet: bytes) -> None:
    """Send the sheet to the API, and print how long the preview took and what its processes held at the most."""
    of_unit = {"parent": ROOT, "level": "cell", "since": "2000-01-01"}
    said = [root(), *(say(ROOT, u.id, "unit.established", u.id, {**of_unit, "name": u.name}) for u in UNITS)]
    with servers.short_folder() as folder, servers.running_postgres(folder) as postgres:
        async with servers.fresh_database(postgres, "template0") as url:
            await upgrade(url)
            projection = await Projection.open(url, root=ROOT, sizes=SIZES)
            await projection.apply(messages(said))
            await projection.close()
            before = set(psutil.Process().children())
            async with serving(Settings(database_url=url, nats_url=NOWHERE, access="open"), Path(folder)) as address:
                (api,) = [each for each in set(psutil.Process().children()) - before if "api" in each.cmdline()]
                async with httpx.AsyncClient(base_url=f"http://{address}", timeout=120) as client:
                    await _previewed(client, api, sheet)


async def _previewed(client: httpx.AsyncClient, api: psutil.Process, sheet: bytes) -> None:
    most: dict[str, float] = {}
    watching = asyncio.create_task(_watch(api, most))
    started = time.perf_counter()
    path = f"/v1/units/{ROOT}/imports?type={TYPE}"
    answer = await client.post(path, content=sheet, headers={"content-type": "application/octet-stream"})
    seconds = time.perf_counter() - started
    watching.cancel()
    assert answer.status_code == 201, answer.text
    made = answer.json()
    rows, ready = sum(made["counts"].values()), made["counts"]["ready"]
    print(f"over HTTP: {rows} rows, {ready} of them ready, in {seconds:.1f} s (aim {AIM_SECONDS})")
    shares = ", ".join(f"{name} {size:.0f}" for name, size in most.items() if name != "all")
    print(f"all processes at once {most['all']:.0f} MB (aim {AIM_MEMORY}); each at its most: {shares} MB")
    started = time.perf_counter()
    page = await client.get(f"/v1/imports/{made['import']}?cursor={made['next']}" if made["next"] else "/healthz")
    print(f"a page of a thousand: {(time.perf_counter() - started) * 1000:.0f} ms, HTTP {page.status_code}")
    started = time.perf_counter()
    back = await client.get(f"/v1/imports/{made['import']}.xlsx")
    seconds, size = time.perf_counter() - started, len(back.content) / 1e6
    print(f"sheet back: {size:.1f} MB in {seconds:.1f} s, HTTP {back.status_code}")


async def _watch(api: psutil.Process, most: dict[str, float]) -> None:
    while True:
        sizes: dict[str, float] = {}
        for each in (api, *api.children(recursive=True)):
            with suppress(psutil.Error):
                name = "API" if each == api else "".join(each.cmdline()[2:3]) or "ending"
                sizes[name] = sizes.get(name, 0) + each.memory_info().rss / 1e6
        sizes["all"] = sum(sizes.values())
        for name, size in sizes.items():
            most[name] = max(most.get(name, 0), size)
        await asyncio.sleep(0.02)


def main() -> int:
    """Measure and print; 1 where the sheet was refused."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.sheets", description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--http", action="store_true", help="over HTTP, on servers of its own")
    asked = parser.parse_args()
    rows = asked.rows
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        sheet = pool.apply(sheet_of, (rows,))
    if asked.http:
        asyncio.run(over_http(sheet))
        return 0
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
