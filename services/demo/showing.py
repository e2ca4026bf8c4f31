"""Bring the demonstration in where it isn't yet, and show what the service makes of it."""

import asyncio
import io
import json
import time
from collections import Counter

from rich.console import Console
from rich.text import Text

from services.cli.client import CommandError, get
from services.cli.reports import as_table, console
from services.cli.words import OUTCOMES, say
from services.demo.generator import FIRST_DAY, LAST_DAY, events
from services.demo.places import DISTRICT
from services.demo.saying import CloudEvent
from services.publishing.bus import connect
from services.publishing.flow import Flow, Told
from services.publishing.lines import read_lines
from services.settings import Settings

_PATIENCE = 120.0
_FOOTNOTE = (
    "Ba tổng số của huyện theo tin ngày 28/11/2023; số liệu dưới tổng số của huyện là dữ liệu mô phỏng. "
    "/ Synthetic below the published totals."
)


async def run(settings: Settings, out: Console | None = None) -> None:
    """Publish what is missing, wait until it is counted, and print Gia Bình's report as the API gives it.

    The service may still be starting. What is in already is not published again: its last event is asked for, and they
    went in in order. Raises CommandError where the API doesn't come, BusRefusedError where the bus can't be used.
    """
    out = out or console()
    demonstration = events()
    position = None
    if not await _is_in(settings, demonstration[-1]):
        position = await _publish(settings, demonstration, out)
    question: dict[str, str | int] = {"from_": FIRST_DAY.isoformat(), "to": LAST_DAY.isoformat()}
    if position is not None:
        question |= {"min_position": position, "wait": 30}
    _, report = await asyncio.to_thread(get, settings.api_url, "v1", "units", DISTRICT, "report", **question)
    out.print(as_table(report, _FOOTNOTE))
    command = f"tonghop report {DISTRICT} --from {FIRST_DAY} --to {LAST_DAY} --api {settings.api_url}"
    out.print(Text(f"\nHỏi lại / ask again: {command}\n"), soft_wrap=True)


async def _is_in(settings: Settings, event: CloudEvent) -> bool:
    """Ask for an event, waiting for an API that is still starting."""
    publisher = event["source"].rpartition("/")[2]
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            await asyncio.to_thread(get, settings.api_url, "v1", "events", publisher, event["id"])
        except CommandError as error:
            if error.status == 404:  # noqa: PLR2004 Not Found
                return False
            if time.monotonic() > until:
                raise
            await asyncio.sleep(0.1)
        else:
            return True


async def _publish(settings: Settings, demonstration: list[CloudEvent], out: Console) -> int | None:
    """Publish all, tell of what isn't in the figures, and return the highest position."""
    tally: Counter[str] = Counter()
    positions = [0]

    def tell(told: Told) -> None:
        tally[told.outcome] += 1
        positions.append(told.position or 0)

    lines = io.BytesIO(b"\n".join(json.dumps(event, ensure_ascii=False).encode() for event in demonstration))
    async with connect(settings.nats_url, notice=out.print) as bus:
        flow = Flow(bus, batches=True, patience=_PATIENCE, tell=tell, sent=lambda _: None, notice=out.print)
        await flow.run(read_lines(lines))
    told = ", ".join(f"{say(OUTCOMES, outcome)}: {number}" for outcome, number in sorted(tally.items()))
    out.print(f"Số liệu minh họa / demonstration: {told}")
    return max(positions) or None
