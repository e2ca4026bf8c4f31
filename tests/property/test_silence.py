"""Silence, zero and totals that differ are those that looking at every fact and every declaration finds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from random import Random
from typing import Any

import asyncpg
from hypothesis import given
from hypothesis import strategies as st

from projections.rules.counting.periods import Days
from projections.store.batch.packing import pack_all
from projections.store.reading.silence import SilenceQuestion, silence
from projections.store.reading.snapshot import snapshot
from projections.store.rebuilding.comparing.packed_rows import packed_differences
from services.api.parameters import cursor_of
from tests.oracle.oracle import Oracle
from tests.oracle.silence import Quiet, quiet
from tests.oracle.telling import Said, say
from tests.oracle.wording import LEVELS, MEASURES
from tests.property.examples import examples
from tests.property.reading import RANGES, Reader
from tests.property.smallest import hold
from tests.property.strategies import ACTIONS, DAYS, UNITS, Teller, cuttings
from tests.property.system import Batch, System, oracle_of

SPOKEN = [*["declared"] * 20, *(action for action in ACTIONS if action != "fact"), *["fact"] * 6]
LISTS = ("silent", "only_zero", "declared_zero", "differing", "admitted_nobody")
QUESTIONS = 12


class Declaring(Teller):
    """Tells few facts and many declarations: totals near what is counted, zeros, the same again, stocks."""

    def declared(self) -> Said:
        unit, first, last = self.any_unit(), *sorted((self.day(), self.day()))
        data: dict[str, Any] = {"value": self.one((0, 0, 1, 1, 2))}
        if self.one_in(6):
            data |= {"figure": "members", "on": last}
        else:
            data |= {"figure": self.one((*MEASURES, "admissions", "admissions")), "from": first, "to": last}
        return say(self.publisher_for(unit), self.new_id(), "figure.declared", unit, data)


def log_of(random: Random) -> list[Said]:
    teller = Declaring(random, UNITS[: random.randint(3, len(UNITS))])
    for _ in range(random.randint(10, 45)):
        teller.log.append(getattr(teller, random.choice(SPOKEN))())
    return teller.log


logs = st.integers(0, 2**32 - 1).map(lambda seed: log_of(Random(seed)))
delivered = logs.flatmap(lambda log: st.tuples(st.just(log), cuttings(len(log)), st.integers(0, 2**32 - 1)))


@examples(30)
@given(delivered)
async def test_silence_is_what_looking_at_everything_finds(
    system: System, reader: Reader, example: tuple[list[Said], list[Batch], int]
) -> None:
    log, batches, seed = example

    async def disagreement(log: list[Said], batches: Sequence[Batch]) -> str | None:
        await system.deliver(log, batches)
        oracle, random = oracle_of(log), Random(seed)
        for unit, days, level in questions(oracle, random):
            found = await told(reader, unit, days, level, random.choice((1, 2, 100)))
            right = quiet(oracle, unit, *days, level)
            if found != right:
                return f"{unit} {days} {level}: {found}, not {right}"
        return None

    await hold(log, batches, disagreement)


@examples(10)
@given(logs)
async def test_tables_and_what_is_packed_say_the_same(system: System, log: list[Said]) -> None:
    await system.deliver(log, [(0, len(log), False)])
    async with asyncpg.create_pool(system.url, min_size=1, max_size=1) as pool:
        for unit, days, level in questions(oracle_of(log), Random(len(log))):
            question = SilenceQuestion(unit, Days(*days), level, None, 100, None)
            async with snapshot(pool) as opened:
                few, all_ = [await silence(opened, question, cursor_of, packed=packed) for packed in (False, True)]
            assert few == all_


@examples(20)
@given(delivered)
async def test_what_is_packed_batch_by_batch_is_what_the_tables_say(
    system: System, example: tuple[list[Said], list[Batch], int]
) -> None:
    log, batches, _ = example

    async def disagreement(log: list[Said], batches: Sequence[Batch]) -> str | None:
        await system.deliver(log, batches)
        connection = system.connection
        schema = await connection.fetchval("SELECT current_schema()")
        await connection.execute(
            "CREATE SCHEMA before; CREATE TABLE before.packed AS SELECT * FROM packed;"
            "CREATE VIEW before.unit AS SELECT * FROM unit"
        )
        try:
            await pack_all(connection)
            found, _ = await packed_differences(connection, "before", schema, None)
        finally:
            await connection.execute("DROP SCHEMA before CASCADE")
        return str(found) if found else None

    await hold(log, batches, disagreement)


def questions(oracle: Oracle, random: Random) -> list[tuple[str, tuple[dt.date, dt.date], str | None]]:
    """Ask the root and some others, of one level or of all."""
    units = oracle.hierarchy().units()
    asked = []
    for number in range(QUESTIONS if units else 0):
        pair = random.choice(RANGES) if random.randrange(2) else sorted(random.choices(DAYS, k=2))
        first, last = map(dt.date.fromisoformat, pair)
        unit = units[0] if number % 3 == 0 else random.choice(units)
        asked.append((unit, (first, last), random.choice((None, None, *LEVELS))))
    return asked


async def told(reader: Reader, unit: str, days: tuple[dt.date, dt.date], level: str | None, limit: int) -> Quiet:
    """Read the answer with all pages of its lists."""
    path = f"/v1/units/{unit}/silence"
    asked = {"from": str(days[0]), "to": str(days[1]), "limit": str(limit)} | (
        {} if level is None else {"level": level}
    )
    answer = await reader.get(path, asked)
    rows: dict[str, list[dict[str, Any]]] = {}
    for name in LISTS:
        page, rows[name] = answer[name], [*rows_of(answer[name])]
        while page["next"] is not None:
            following = await reader.get(path, asked | {"list": name, "cursor": page["next"]})
            assert [bool(rows_of(following[other])) for other in LISTS if other != name] == [False] * 4
            assert {other: following[other]["count"] for other in LISTS} == {n: answer[n]["count"] for n in LISTS}
            page = following[name]
            rows[name] += rows_of(page)
        assert answer[name]["count"] == len(rows[name])
    return Quiet(
        answer["asked"],
        [unit["id"] for unit in rows["silent"]],
        [unit["id"] for unit in rows["only_zero"]],
        [
            (row["unit"]["id"], [(z["figure"], z["from"], z["to"], z["said"]["position"]) for z in row["figures"]])
            for row in rows["declared_zero"]
        ],
        [
            (
                row["unit"]["id"],
                *(row[key] for key in ("figure", "from", "to", "declared", "counted")),
                row["said"]["position"],
            )
            for row in rows["differing"]
        ],
        [unit["id"] for unit in rows["admitted_nobody"]],
    )


def rows_of(page: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page["figures"] if "figures" in page else page["units"]
    return found
