"""No mixture of questions takes reading down (issue 12, 10 and 29): shown by who is answered, not by the clock."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from services.api.answering import SLOW
from services.settings import Address
from tests.attacks.http_serving import CELLS, CHEAP, GUARD, METRICS, SILENCE, Wire, held_up, locked, nobody_held_up

FAR = 2**62
LONG = "/v1/units/trung-uong/report?from=2021-01-01&to=2021-12-31&by=level:cell"
CHILDREN = "/v1/units/unit-005/report?from=2021-01-01&to=2021-12-31"
PAST = "/v1/units/trung-uong/report?from=2021-01-01&to=2021-12-31&by=none&position=12"
EVENTS = "/v1/units/trung-uong/events?from=2021-01-01&to=2021-12-31&format=csv"
OPERATORS = ("/healthz", "/readyz", "/v1/status")


@asynccontextmanager
async def wires(shipped: Address, number: int, source: str = "127.0.0.1") -> AsyncIterator[list[Wire]]:
    made = [await Wire.to(shipped, source) for _ in range(number)]
    try:
        yield made
    finally:
        for wire in made:
            wire.hang_up()


@pytest.fixture(autouse=True)
async def _nobody_waits(shipped: Address) -> None:
    """Begin when those of the test before have left the queues: they would have their share of them."""
    await waiting(shipped, lambda queues: not any(queues.values()))


async def waiting(shipped: Address, enough: Callable[[dict[str, float]], bool]) -> None:
    """Wait until as many questions wait in the queues as is asked for; `enough` is given the number by queue."""
    async with wires(METRICS[shipped], 1, "127.0.0.8") as (probe,), asyncio.timeout(GUARD):
        while True:
            told = (await probe.get("/metrics")).body.decode()
            found = re.findall(r'^tonghop_api_waiting\{queue="(\w+)"\} (\S+)$', told, re.MULTILINE)
            if enough({queue: float(number) for queue, number in found}):
                return
            await asyncio.sleep(0.05)


async def test_slow_questions_hold_up_no_quick_one(wide: str, shipped: Address) -> None:
    async with locked(wide), wires(shipped, 16) as slow, wires(shipped, 1, "127.0.0.2") as (other,):
        for wire in slow:
            wire.ask(SILENCE)
        await held_up(wide, 1)
        assert (await other.get(CHEAP)).status == 200
        for path in OPERATORS:
            assert (await other.get(path)).status in {200, 503}, path
        assert json.loads((await other.get("/v1/status")).body)["position"] == 12


async def test_who_hangs_up_leaves_nothing_running(wide: str, shipped: Address) -> None:
    async with locked(wide), wires(shipped, 40) as slow:
        for wire in slow:
            wire.ask(SILENCE)
        await held_up(wide, 1)
        for wire in slow:
            wire.hang_up()
        await nobody_held_up(wide)
        async with wires(shipped, 1) as (other,):
            assert (await other.get(LONG)).status == 200  # the slots are free, too


async def test_many_positions_of_the_past_hold_up_no_quick_one(wide: str, shipped: Address) -> None:
    async with locked(wide, "statement"), wires(shipped, 16) as slow, wires(shipped, 1, "127.0.0.2") as (other,):
        for position, wire in enumerate(slow):  # no two alike: nothing is answered by what is known of another
            wire.ask(PAST.replace("position=12", f"position={position % 13}"))
        await held_up(wide, SLOW.slots)
        assert (await other.get(CHEAP)).status == 200
        await waiting(shipped, lambda queues: queues["slow"] == len(slow) - SLOW.slots)


@pytest.mark.parametrize("position", ["-1", str(FAR), "9" * 40, "1e3", "12 OR true", "%00"])
async def test_a_hostile_position_is_told_so(shipped: Address, position: str) -> None:
    async with wires(shipped, 1) as (wire,):
        reply = await wire.get(PAST.replace("position=12", f"position={position.replace(' ', '%20')}"))
        assert reply.status == 422
        assert b"position" in reply.body


async def test_waiting_for_a_far_position_holds_nothing(shipped: Address) -> None:
    async with wires(shipped, 40) as waiting, wires(shipped, 1, "127.0.0.2") as (other,):
        for wire in waiting:
            wire.ask(f"{PAST}&min_position={FAR}&wait=60")
        # At once, if only to say that nothing is known: this world has figures, and no statements that made its units.
        assert (await other.get(PAST)).status == 404
        assert (await other.get(f"{CHEAP}&min_position=12&wait=20")).status == 200


async def test_those_who_wait_are_bounded_for_each_client(shipped: Address) -> None:
    async with wires(shipped, 130) as waiting, wires(shipped, 1, "127.0.0.2") as (other,):
        for wire in waiting:
            wire.ask(f"{CHEAP}&min_position={FAR}&wait=60")
        done, _ = await asyncio.wait(
            [asyncio.ensure_future(wire.reply()) for wire in waiting], return_when=asyncio.FIRST_COMPLETED
        )
        refused = done.pop().result()
        assert refused.status == 429
        assert int(refused.headers["retry-after"]) > 0
        assert refused.headers["content-type"] == "application/problem+json"
        other.ask(f"{CHEAP}&min_position={FAR}&wait=1")
        assert (await other.reply()).status == 503  # waited, as it is another's share that is used up


async def test_the_queue_of_slow_questions_is_bounded(wide: str, shipped: Address) -> None:
    async with locked(wide), wires(shipped, 120) as slow:
        for wire in slow:
            wire.ask(SILENCE)
        replies = [asyncio.ensure_future(wire.reply()) for wire in slow]
        done, pending = await asyncio.wait(replies, return_when=asyncio.FIRST_COMPLETED)
        assert {reply.result().status for reply in done} == {429}
        for reply in pending:
            reply.cancel()


@pytest.mark.long
async def test_each_client_gets_its_turn(wide: str, shipped: Address) -> None:
    order: list[str] = []

    async def finish(wire: Wire, whose: str) -> None:
        assert (await wire.reply()).status == 200
        order.append(whose)

    async with locked(wide) as lock, wires(shipped, 41, "127.0.0.9") as made:
        *many, one = made
        for wire in many:
            wire.ask(SILENCE, X_Forwarded_For="192.0.2.1")
        await held_up(wide, 2)
        # Whatever the many write further left, it is the proxy's own word that counts.
        one.ask(SILENCE, X_Forwarded_For="192.0.2.1, 192.0.2.2")
        await waiting(shipped, lambda queues: queues.get("slow") == len(made) - SLOW.slots)  # the one too
        finishing = [asyncio.ensure_future(finish(wire, "many")) for wire in many]
        finishing.append(asyncio.ensure_future(finish(one, "one")))
        await lock.release()
        await finishing[-1]
        assert order.index("one") <= 8, "two that were at work, and those who were handed over meanwhile"
        await asyncio.gather(*finishing)


async def test_operators_are_answered_before_a_hundred_reports_of_a_wide_unit(shipped: Address) -> None:
    finished = 0

    async def finish(wire: Wire) -> None:
        nonlocal finished
        assert (await wire.reply()).status in {200, 429}
        finished += 1

    async with wires(shipped, 60) as many, wires(shipped, 1, "127.0.0.2") as (operator,):
        for number, wire in enumerate(many):
            wire.ask(f"{CHILDREN}&measures={'badges' if number % 2 else 'admissions'}")
        finishing = [asyncio.ensure_future(finish(wire)) for wire in many]
        for path in OPERATORS:
            assert (await operator.get(path)).status in {200, 503}, path
        assert (await operator.get(CHEAP)).status == 200
        assert finished < len(many)
        for each in finishing:
            each.cancel()


@pytest.mark.parametrize("form", ["json", "csv"])
async def test_a_long_answer_is_whole_and_its_reader_holds_nobody_up(shipped: Address, form: str) -> None:
    async with wires(shipped, 1) as (slow,), wires(shipped, 1, "127.0.0.2") as (other,):
        slow.ask(f"{LONG}&format={form}")
        assert await slow.reader.readexactly(1) == b"H"
        assert (await other.get(CHEAP)).status == 200
        head = (await slow.reader.readuntil(b"\r\n\r\n")).decode()
        length = int(head.lower().partition("content-length: ")[2].partition("\r\n")[0])
        body = await slow.reader.readexactly(length)
    if form == "csv":
        *rows, total = csv.DictReader(io.StringIO(body.decode(), newline=""))
        assert sum(int(row["admissions"]) for row in rows) == int(total["admissions"])
        assert (len(rows), total["note"]) == (CELLS + 2, f"Hết: {CELLS + 3} dòng")
        return
    answer = json.loads(body)
    assert sum(row["values"]["admissions"] for row in answer["rows"]) == answer["total"]["admissions"]
    assert len(answer["rows"]) == CELLS + 2, "the cell of the small world, and the rest"


@pytest.mark.parametrize("path", [CHILDREN, LONG, SILENCE, f"{LONG}&format=csv"])
async def test_slow_answers_have_etags_too(shipped: Address, path: str) -> None:
    async with wires(shipped, 1) as (wire,):
        first = await wire.get(path)
        again = await wire.get(path, If_None_Match=first.headers["etag"])
        assert (first.status, again.status, again.body) == (200, 304, b"")
        packed = await wire.get(path, Accept_Encoding="gzip")
        assert packed.headers["content-encoding"] == "gzip"
        assert packed.headers["etag"] not in {first.headers["etag"], ""}
        assert len(packed.body) < len(first.body)


async def test_a_whole_list_is_written_apart(shipped: Address) -> None:
    async with wires(shipped, 1) as (wire,):
        answer = await wire.get(EVENTS)
        assert (answer.status, answer.headers["content-type"].partition(";")[0]) == (200, "text/csv")
        *_, last = answer.body.decode().splitlines()
        assert last.endswith(f"Hết: {len(answer.body.decode().splitlines()) - 1} dòng")
