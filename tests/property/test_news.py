"""What open pages are told: where nothing is said to be new, no figure has changed; and what is said adds up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import asyncpg
from hypothesis import given
from hypothesis import strategies as st

from events.catalogue import MEASURES
from projections.store.connecting import create_pool
from projections.store.live.projection import Projection
from projections.store.reading.news import Watched, news_between
from projections.store.reading.snapshot import snapshot
from tests.oracle.telling import (
    ROOT,
    Said,
    admitted,
    assigned,
    declared,
    dissolved,
    founded,
    granted,
    moved,
    renamed,
    retracted,
    root,
    transferred,
)
from tests.property.examples import examples
from tests.property.reading import Reader, reader_of
from tests.property.strategies import cuttings, logs
from tests.property.system import SIZES, Batch, messages, oracle_of, system_on

EVER = {"from": "1900-01-01", "to": "9999-12-31", "by": "none", "measures": ",".join(MEASURES)}
delivered = logs.flatmap(
    lambda log: st.tuples(
        st.just(log), cuttings(len(log)), st.lists(st.integers(0, len(log)), min_size=1, max_size=3, unique=True)
    )
)


async def news(pool: asyncpg.Pool, after: int, until: int, watches: list[Watched]) -> list[int]:
    async with snapshot(pool) as opened:
        return await news_between(opened, after, until, watches)


async def totals(reader: Reader, unit: str, position: int | None) -> list[dict[str, int]] | None:
    """Return the totals of all days on both bases; None where the unit was not known then."""
    then = {} if position is None else {"position": str(position)}
    found = []
    for basis in ("as-was", "as-now"):
        answer = await reader.client.get(f"/v1/units/{unit}/report", params={**EVER, **then, "basis": basis})
        if answer.status_code == 404:
            return None
        found.append(answer.json()["total"])
    return found


@examples(12)
@given(delivered)
async def test_where_nothing_is_new_no_figure_has_changed(
    database: str, example: tuple[list[Said], list[Batch], list[int]]
) -> None:
    log, batches, moments = example
    units = oracle_of(log).hierarchy().units()
    watches = [Watched(unit) for unit in units]
    if not units:
        return
    async with (
        system_on(database) as system,
        reader_of(database) as reader,
        create_pool(database, within=5, min_size=0, max_size=1) as pool,
    ):
        await system.deliver(log, batches)
        for after in moments:
            whole = await news(pool, after, len(log), watches)
            middle = (after + len(log)) // 2
            parts = [await news(pool, after, middle, watches), await news(pool, middle, len(log), watches)]
            assert [sum(each) for each in zip(*parts, strict=True)] == whole
            for unit, events in zip(units, whole, strict=True):
                if not events:
                    assert await totals(reader, unit, after) == await totals(reader, unit, None), (unit, after)


def told(*, found: Iterable[int], units: Iterable[str]) -> dict[str, int]:
    return {unit: n for unit, n in zip(units, found, strict=True) if n}


async def test_an_event_is_new_for_whom_it_changes_a_figure(database: str) -> None:
    """Each line of the log, and for whom it is new."""
    units = (ROOT, "tinh", "huyen", "xa", "phuong", "khac")
    log = [
        root(),
        founded("tinh", ROOT, "2000-01-01"),
        founded("huyen", "tinh", "2000-01-01"),
        founded("xa", "huyen", "2000-01-01"),
        founded("phuong", "tinh", "2000-01-01"),
        founded("khac", ROOT, "2000-01-01"),
    ]
    above = {ROOT: 1, "tinh": 1, "huyen": 1, "xa": 1}
    beside = {ROOT: 1, "tinh": 1, "phuong": 1}
    expected = [
        (admitted("xa", "2023-05-05", "a1"), above),
        (transferred("xa", "phuong", "2023-05-06", "t1"), above | beside),
        (admitted("mai-sau", "2023-05-05", "a2"), {}),  # it waits
        (admitted("xa", "2023-05-05", "a1"), {}),  # and this is the first again
        (founded("mai-sau", "phuong", "2020-01-01"), {ROOT: 2, "tinh": 2, "phuong": 2}),  # with what waited for it
        (retracted("xa", "r1", "a1"), above),
        (assigned("phuong", "admissions", ("2023-01-01", "2023-12-31"), (5, None), "g1"), beside),
        (declared("phuong", "members", "2023-12-31", 9, "d1"), beside),
        (granted("phuong", "0" * 16, "reader", "k1", by=ROOT), {}),
        (renamed("xa", "Xã khác", "2024-01-01", "n1"), above),
        (moved("xa", "khac", "2024-01-01", "m1"), above | {"khac": 1}),
        (admitted("xa", "2023-06-06", "a3"), above | {"khac": 1}),  # as-was below the one, as-now below the other
        (admitted("xa", "2024-06-06", "a4"), {ROOT: 1, "xa": 1, "khac": 1}),
        (retracted(ROOT, "r2", "m1", subject="xa"), above | {"khac": 1}),
        (retracted("phuong", "r3", "g1"), beside),
        (dissolved("huyen", "2025-01-01", "khac"), {ROOT: 1, "tinh": 1, "huyen": 1, "khac": 1}),
    ]
    first = len(log)
    said = messages([*log, *(each for each, _ in expected)])
    projection = await Projection.open(database, root=ROOT, sizes=SIZES)
    async with create_pool(database, within=5, min_size=0, max_size=1) as pool:
        await projection.apply(said[:first])
        for position, (_, new) in enumerate(expected, start=first):
            await projection.apply(said[position : position + 1])
            found = await news(pool, position, position + 1, [Watched(unit) for unit in units])
            assert told(found=found, units=units) == new, said[position]
        await projection.close()
        year, day = (dt.date(2023, 1, 1), dt.date(2023, 12, 31)), dt.date(2023, 5, 6)
        days = [Watched(ROOT, *year), Watched(ROOT, day, day)]
        assert await news(pool, 6, 8, days) == [2, 1]
