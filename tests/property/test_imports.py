"""Any sheet of any events, however it is mangled, half-sent and sent again, gives the figures of these events."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.catalogue import MEASURE_NUMBERS, MEASURES
from events.derived import fact_entries
from events.envelope import Event
from services.publishing.gateway import Gateway
from services.publishing.lines import Line
from services.publishing.owning import Owns
from services.publishing.sending import ChunkOutcome, Unsent
from tests.attacks.guarded import Guarded
from tests.attacks.publishing import ROOT, established, projecting, published
from tests.integration.sheets import Clerk, by_row, clerk_of
from tests.integration.test_sending import begin_anew, bus
from tests.property.examples import examples
from tests.property.sheet_mangling import UNITS, sheet_of
from tests.property.sheet_writing import WRITERS

__all__ = ["bus"]
ANY = "application/octet-stream"
ALL = f"units/{ROOT}/report?from=1990-01-01&to=2030-12-31&by=none&measures={','.join(MEASURES)}"
SINCE = {"since": "1990-01-01"}


@pytest.fixture
async def clerk(bus: Guarded, database: str) -> AsyncIterator[Clerk]:
    await begin_anew(bus)
    units = [established(ROOT, None, "central"), *(established(unit.id, ROOT) for unit in UNITS)]
    for event, (_, name) in zip(units[1:], UNITS, strict=True):
        event["data"] |= {"name": name, **SINCE}
    units[0]["data"] |= SINCE
    async with (
        clerk_of(bus.url("api"), bus.url("gateway"), database) as opened,
        projecting(bus.url("projector"), database, units=()),
    ):
        await published(bus.url("all-units"), units)
        yield opened


class LosingGateway:
    """The gateway over a poor line: now nothing gets through, now a half, now all and no answer comes back."""

    def __init__(self, gateway: Gateway, random: Random) -> None:
        self._gateway = gateway
        self._random = random

    async def send(self, lines: Sequence[Line], owning: Owns, *, whole: bool = False) -> ChunkOutcome:
        how = self._random.choice(("well", "well", "away", "half", "unanswered"))
        through = {"away": 0, "half": 0 if whole else len(lines) // 2}.get(how, len(lines))
        answers: list[Any] = []
        if through:
            answers = (await self._gateway.send(lines[:through], owning, whole=whole)).answers
        if how == "unanswered":
            answers = [Unsent(line, "bus_away", in_doubt=True) for line in lines]
        return ChunkOutcome([*answers, *(Unsent(line, "bus_away", in_doubt=False) for line in lines[through:])], None)


async def holds_all(clerk: Clerk, seed: int, sheets: int) -> None:
    random = Random(seed)
    held: dict[str, Event] = await _held(clerk)
    sendings = clerk.sender.app.state.sendings
    gateway = sendings.gateway
    for _ in range(sheets):
        sheet = sheet_of(random)
        answer = await clerk.upload(ROOT, WRITERS[random.choice([*WRITERS])](sheet.grid), ANY, sheet.type)
        if not sheet.events:
            assert answer.json().get("reason") in {"no_rows", "no_head"}, answer.text
            continue
        assert answer.status_code == 201, answer.text
        made = answer.json()
        said: dict[str, Event] = {}
        for row, event in sheet.events.items():
            before = said.get(event.id) or held.get(event.id)
            status = by_row(made)[row]
            right = {"ready", "suspicious", "will_wait"} if before is None else {"duplicate"}
            if before is not None and before.data != event.data:
                right = {"differs"} if event.id not in said else {"refused"}
            assert status in right, (seed, row, made["rows"])
            said.setdefault(event.id, event)
        sendings.gateway = LosingGateway(gateway, random)
        sent = await clerk.send(made["import"])
        sendings.gateway = gateway
        assert sent.status_code in {200, 202, 503}, sent.text
        told = await clerk.send(made["import"])
        assert {item["status"] for item in told.json()["items"]} <= {"accepted", "duplicate", "refused"}, told.text
        for item in told.json()["items"]:
            assert item["status"] == "refused" or item["outcome"] in {"counted", "duplicate", "parked"}, item
        for id_, event in said.items():
            held.setdefault(id_, event)
    await _agrees(clerk, held)


async def _held(clerk: Clerk) -> dict[str, Event]:
    """Give the events of the examples before: one database serves all."""
    known: dict[str, Event] = clerk.__dict__.setdefault("held", {})
    return known


async def _agrees(clerk: Clerk, held: dict[str, Event]) -> None:
    expected = Counter(entry.measure for event in held.values() for entry in fact_entries(event))
    answer = (await clerk.ask("GET", ALL)).json()
    if answer["parked"]:
        parked = (await clerk.ask("GET", "outcomes?outcome=parked&limit=1000")).json()["outcomes"]
        for each in parked:
            expected.subtract(entry.measure for entry in fact_entries(held[each["id"]]))
    assert answer["total"] == {measure: expected[number] for measure, number in MEASURE_NUMBERS.items()}
    assert await clerk.sender.logged() >= len(held)


@examples(8)
@given(st.integers(0, 2**32 - 1))
async def test_sheets_give_the_figures_of_their_events(clerk: Clerk, seed: int) -> None:
    await holds_all(clerk, seed, 3)


@pytest.mark.long
@examples(150)
@given(st.integers(0, 2**32 - 1))
async def test_many_sheets_give_the_figures_of_their_events(clerk: Clerk, seed: int) -> None:
    await holds_all(clerk, seed, 4)
