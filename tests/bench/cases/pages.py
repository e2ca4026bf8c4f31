"""Pages: what open ones cost the API that tells them what is new; what a browser sees of one, against the budget."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterable
from random import Random
from statistics import median
from typing import Any, Final

import nats
import psutil
from playwright.async_api import Page, async_playwright

from tests.bench.asking import Client
from tests.bench.bench import Bench
from tests.bench.catching_up import publish_one
from tests.bench.figures import Aim, Figure
from tests.bench.rig import BenchError
from tests.bench.world import LAST_DAY, ROOT, YEAR_FIRST, recent
from tests.browser.installed import CHROMIUM

HERE: Final = CHROMIUM.exists()
OPEN: Final = 200
LOADS: Final = 15
"""Times that each page is opened."""
DAYS: Final = f"from={YEAR_FIRST}&to={LAST_DAY}"
# What the page of a unit is made of, asked for at once: the answers' own time.
_PARTS: Final = (
    f"report?{DAYS}&measures=admissions,confirmations,badges&compare=last-year",
    f"report?from={YEAR_FIRST.year - 2}-01-01&to={LAST_DAY.year}-12-31&by=month",
    f"indicators?on={LAST_DAY}",
    f"silence?{DAYS}&limit=1",
    f"silence?{DAYS}&limit=1000&level=grassroots",
    f"statement?{DAYS}",
)
_SEEN: Final = """() => {
  const [page] = performance.getEntriesByType("navigation");
  const files = performance.getEntriesByType("resource").filter((each) => each.initiatorType !== "eventsource");
  return {
    first: page.responseStart - page.requestStart,
    bytes: page.transferSize,
    requests: 1 + files.length,
    painted: performance.getEntriesByName("first-contentful-paint")[0]?.startTime,
    moved: window.__moved ?? 0,
  };
}"""
_PAINTED: Final = """() => new Promise((done) => {
  const look = () =>
    performance.getEntriesByName("first-contentful-paint").length ? done(true) : setTimeout(look, 10);
  look();
})"""
_MOVED: Final = """
window.__moved = 0;
new PerformanceObserver((list) => { for (const each of list.getEntries()) window.__moved += each.value; })
  .observe({type: "layout-shift", buffered: true});
"""


async def listening(bench: Bench) -> None:
    """Open pages: the API's processor time with and without 200 streams of news, while facts come and while none do."""
    await bench.rig.start_missing()
    random, world = Random(bench.parameters.seed), bench.world
    units = [ROOT, *(random.choice(world.provinces) for _ in range(OPEN // 4 - 1))]
    cells = [random.choice(world.cells)[0] for _ in range(OPEN - len(units))]
    for name, watched in (("none", []), (str(OPEN), [*units, *cells])):
        async with _streams(bench, watched) as heard:
            idle = await _cost(bench, asyncio.sleep(bench.parameters.seconds / 2))
            busy = await _cost(bench, _publish(bench))
        bench.found(
            Figure(f"API's processor, {name} pages open, nothing new", idle, "% of a core"),
            Figure(f"API's processor, {name} pages open, {bench.parameters.rate} facts/s", busy, "% of a core"),
        )
        if watched:
            bench.found(Figure(f"messages to {OPEN} pages", sum(heard), "messages"))


async def pages(bench: Bench) -> None:
    """Pages in Chromium: first byte, size, requests, first contents, what moves; of a province and of the root."""
    if not HERE:
        bench.remarks.append(f"pages in a browser were not measured: there is no {CHROMIUM}")
        return
    await bench.rig.start_missing()
    base = f"http://{bench.rig.settings.http}"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for name, unit in (("a province", bench.world.provinces[0]), ("the root", ROOT)):
            target = f"/don-vi/{unit}?{DAYS}"
            seen: list[dict[str, Any]] = []
            answers: list[float] = []
            for _ in range(LOADS):
                context = await browser.new_context()  # nothing is cached
                await context.add_init_script(_MOVED)
                page = await context.new_page()
                answers.append(await _answers(bench, unit))
                seen.append(await _opened(page, base + target))
                await context.close()
            own = median(answers)
            first = median(each["first"] for each in seen)
            bench.found(
                Figure(f"page of {name}: the answers it is made of", own, "ms"),
                Figure(f"page of {name}: first byte over these", first - own, "ms", aim=Aim(at_most=50)),
                Figure(
                    f"page of {name}: compressed", median(each["bytes"] for each in seen), "bytes", aim=Aim(at_most=1e5)
                ),
                Figure(
                    f"page of {name}: requests", max(each["requests"] for each in seen), "requests", aim=Aim(at_most=12)
                ),
                Figure(
                    f"page of {name}: contents visible, after the first byte",
                    median(each["painted"] - each["first"] for each in seen),
                    "ms",
                    aim=Aim(at_most=300),
                ),
                Figure(
                    f"page of {name}: moved by",
                    max(each["moved"] for each in seen),
                    "of the window",
                    aim=Aim(at_most=0.001),
                ),
            )
        await browser.close()


async def _opened(page: Page, address: str) -> dict[str, Any]:
    answer = await page.goto(address, wait_until="load")
    if answer is None or answer.status != 200:
        raise BenchError(f"{address} answers {answer and answer.status}")
    await page.evaluate(_PAINTED)
    found: dict[str, Any] = await page.evaluate(_SEEN)
    return found


async def _answers(bench: Bench, unit: str) -> float:
    """Ask for what a page is made of, at once, and return the milliseconds."""
    async with contextlib.AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(Client(bench.rig.settings.http)) for _ in _PARTS]
        began = time.perf_counter()
        asked = (client.get(f"/v1/units/{unit}/{part}") for client, part in zip(clients, _PARTS, strict=True))
        await asyncio.gather(*asked)
        return 1_000 * (time.perf_counter() - began)


@contextlib.asynccontextmanager
async def _streams(bench: Bench, units: Iterable[str]) -> AsyncIterator[list[int]]:
    """Keep a stream open for each unit, and count the messages of each."""
    address = bench.rig.settings.http
    heard: list[int] = []
    reading: list[asyncio.Task[None]] = []
    writers: list[asyncio.StreamWriter] = []

    async def read(reader: asyncio.StreamReader, number: int) -> None:
        while line := await reader.readline():
            heard[number] += line.startswith(b"event: moved")

    for number, unit in enumerate(units):
        # Of a client there are but a hundred; loopback has addresses enough.
        reader, writer = await asyncio.open_connection(*address, local_addr=(f"127.0.0.{2 + number // 50}", 0))
        writer.write(f"GET /v1/units/{unit}/news HTTP/1.1\r\nHost: {address}\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in head.partition(b"\r\n")[0]:
            raise BenchError(f"the news of {unit}: {head!r}")
        heard.append(0)
        writers.append(writer)
        reading.append(asyncio.create_task(read(reader, number)))
    try:
        yield heard
    finally:
        for task in reading:
            task.cancel()
        for writer in writers:
            writer.close()


async def _publish(bench: Bench) -> None:
    """Publish facts at a steady rate."""
    client = await nats.connect(bench.rig.nats.url)
    try:
        jetstream, began = client.jetstream(), time.perf_counter()
        lines = bench.facts.make(bench.parameters.rate * bench.parameters.seconds // 2, recent)
        async with asyncio.TaskGroup() as group:
            for index, line in enumerate(lines):
                await asyncio.sleep(began + index / bench.parameters.rate - time.perf_counter())
                group.create_task(publish_one(jetstream, line))
    finally:
        await client.close()


async def _cost(bench: Bench, work: Any) -> float:
    """Return the share of a core that the API takes while something is done, in per cent."""
    process = psutil.Process(bench.rig.api.pid)
    before, began = sum(process.cpu_times()[:2]), time.perf_counter()
    await work
    return 100 * (sum(process.cpu_times()[:2]) - before) / (time.perf_counter() - began)
