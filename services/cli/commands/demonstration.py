"""Bring the demonstration in where it isn't yet, and show what the service makes of it."""

import asyncio
import io
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from projections.answers.words.outcome_words import OUTCOMES
from projections.bilingual import Bilingual
from services.cli.client import get
from services.cli.errors import CommandError
from services.cli.options import DATA
from services.cli.own_token import own_token
from services.cli.screen import console
from services.cli.views.demonstration import side_by_side
from services.cli.views.reports import as_table
from services.cli.words import say
from services.demo.documents.questions import QUESTIONS
from services.demo.generator import FIRST_DAY, LAST_DAY
from services.demo.saying import CloudEvent
from services.demo.scenario import parts
from services.demo.units import DISTRICT
from services.language import chosen, either
from services.publishing.connection import connect
from services.publishing.flow import Flow, LineOutcome
from services.publishing.outcomes import Patience
from services.settings import Settings

_PATIENCE = 120.0
_FOOTNOTE: Final = (
    "Ba tổng số của huyện theo tin ngày 28/11/2023; số liệu dưới tổng số của huyện là dữ liệu mô phỏng.",
    "The district's three totals are those published on 28/11/2023; what is below them is synthetic.",
)
_PROVINCE: Final = "bac-ninh"
_REFORMED: Final = (
    "\nCùng thời gian đó ở Bắc Ninh, trước khi sắp xếp ngày 01/07/2025: như khi đó, và hiện nay, gồm cả Bắc Giang.\n",
    "\nThe same days in Bắc Ninh, before the reform of 01/07/2025: as it was, and today, with Bắc Giang (synthetic).\n",
)
_DOCUMENTS: Final = (
    "\nNăm tài liệu, mỗi câu viết từ số liệu, và cách hỏi tiếp:\n",
    "\nThe five documents, each sentence made of figures, and how to ask on:\n",
)


_Asking = Callable[..., Awaitable[tuple[str, dict[str, Any]]]]
"""Asks the API for a path made of parts, with parameters."""


async def run(settings: Settings, out: Console | None = None, data_dir: Path = DATA) -> None:
    """Publish what is missing, wait until it is counted, and print the reports as the API gives them.

    First Gia Bình's for the published period; then Bắc Ninh's for the same days on both bases; then what can be said of
    the five documents, and how to ask on.
    The service may still be starting. What is in already is not published again: the last event of each part is asked
    for, and they went in in order. Raises CommandError where the API doesn't come, BusRefusedError where the bus can't
    be used.
    """
    out = out or console()
    asking = partial(asyncio.to_thread, partial(get, settings.api_url, token=own_token(settings.api_url, data_dir)))
    reflecting: dict[str, str | int] = {}
    missing = [event for part in parts() if not await _is_in(asking, part[-1]) for event in part]
    if missing:
        position = await _publish(settings, missing, out)
        if position is not None:
            reflecting = {"min_position": position, "wait": 30}
    table = as_table(await _report(asking, DISTRICT, **reflecting), either(*_FOOTNOTE))
    page = f"{settings.api_url}/don-vi/{DISTRICT}?from={FIRST_DAY}&to={LAST_DAY}"
    out.print(Text(f"{either('Mở trong trình duyệt', 'Open in a browser')}: {page}\n", "bold"), soft_wrap=True)
    out.print(table)
    _ask_again(settings, out, DISTRICT)
    out.print(Text(either(*_REFORMED)), soft_wrap=True)
    was, now = [await _report(asking, _PROVINCE, basis=basis) for basis in ("as-was", "as-now")]
    out.print(side_by_side(was, now))
    _ask_again(settings, out, f"{_PROVINCE} --basis as-now")
    out.print(Text(either(*_DOCUMENTS)), soft_wrap=True)
    for title, commands in QUESTIONS.items():
        out.print(Text(title), soft_wrap=True)
        for command in commands:
            if command.startswith("statement "):
                out.print(Text(f"  {await _sentence(asking, command)}", "bold"), soft_wrap=True)
            out.print(Text(f"  tonghop {command} --api {settings.api_url}", "dim"), soft_wrap=True)


async def _report(asking: _Asking, unit: str, **asked: str | int) -> dict[str, Any]:
    period = {"from_": FIRST_DAY.isoformat(), "to": LAST_DAY.isoformat()}
    _, report = await asking("v1", "units", unit, "report", **period, **asked)
    return report


async def _sentence(asking: _Asking, command: str) -> str:
    _, unit, *options = command.split()
    asked = {f"{name.removeprefix('--')}_": value for name, value in zip(options[::2], options[1::2], strict=True)}
    _, answer = await asking("v1", "units", unit, "statement", **asked)
    text: str = answer["text"]
    return text


def _ask_again(settings: Settings, out: Console, question: str) -> None:
    command = f"tonghop report {question} --from {FIRST_DAY} --to {LAST_DAY} --api {settings.api_url}"
    out.print(Text(f"\n{either('Hỏi lại', 'Ask again')}: {command}\n"), soft_wrap=True)


async def _is_in(asking: _Asking, event: CloudEvent) -> bool:
    """Ask for an event, waiting for an API that is still starting."""
    publisher = event["source"].rpartition("/")[2]
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            await asking("v1", "events", publisher, event["id"])
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

    def tell(told: LineOutcome) -> None:
        tally[told.outcome] += 1
        positions.append(told.position or 0)

    lines = io.BytesIO(b"\n".join(json.dumps(event, ensure_ascii=False).encode() for event in demonstration))

    def notice(said: Bilingual | None) -> None:
        if said is not None:
            out.print(chosen(said), markup=False, soft_wrap=True)

    credentials = None if settings.nats_credentials is None else str(settings.nats_credentials)
    async with connect(settings.nats_url, notice=notice, credentials=credentials, patience=_PATIENCE) as bus:
        patience = Patience(_PATIENCE)
        flow = Flow(bus, batches=True, patience=patience, tell=tell, sent=lambda _: None, notice=notice)
        if ended := await flow.run(lines):
            raise ended
    told = ", ".join(f"{say(OUTCOMES, outcome)}: {number}" for outcome, number in sorted(tally.items()))
    out.print(f"{either('Số liệu minh họa', 'The demonstration')}: {told}", soft_wrap=True)
    return max(positions) or None
