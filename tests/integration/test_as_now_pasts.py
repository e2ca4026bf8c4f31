"""What small units have as-now of the past, in one row: made while nothing comes, gone with whatever makes it wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from projections.store.generations import enter_the_one_in_force
from projections.store.live.projection import Projection
from tests.integration.test_verify import verified
from tests.oracle.telling import ROOT, Said, admitted, dissolved, founded, moved, renamed, retracted, root
from tests.property.reading import Reader, reader_of
from tests.property.system import SIZES, messages
from tests.servers import connect

LOG = [
    root(),
    founded("tinh", ROOT, "2000-01-01", "province"),
    founded("huyen", "tinh", "2000-01-01", "upper"),
    *(founded(f"x{n}", "huyen", "2000-01-01", "grassroots") for n in range(1, 5)),
    *(founded(f"c{n}", f"x{n}", "2000-01-01", "cell") for n in range(1, 5)),
    *(admitted(f"c{n}", f"2020-0{n}-15", f"f{n}") for n in range(1, 5)),
    admitted("x2", "2020-03-01", "own"),
    moved("x1", "tinh", "2021-07-01", "m1"),
    moved("x4", "tinh", "2021-07-01", "m4"),
    dissolved("x2", "2021-07-01", "x1", "d2"),
    dissolved("x3", "2021-07-01", "x1", "d3"),
    admitted("c2", "2021-08-01", "after"),
]
MADE = ["tinh", "x1"]
ASKED = {"from": "2020-01-01", "to": "2021-12-31", "basis": "as-now", "by": "child", "measures": "admissions"}


class _World:
    """A database that follows a log, and who asks it."""

    def __init__(self, url: str, projection: Projection, reader: Reader, log: Sequence[Said]) -> None:
        self.url = url
        self.projection = projection
        self.log = list(log)
        self._reader = reader

    async def tell(self, *said: Said, rest: bool = False) -> None:
        self.log += said
        await self.projection.apply(messages(self.log))
        if rest:
            await self.projection.rest()

    async def kept(self) -> list[str]:
        """Name the units that have a row which is read."""
        query = "SELECT id FROM as_now_past JOIN checkpoint USING (repairs, rules) JOIN unit ON no = unit ORDER BY 1"
        return [row[0] for row in await self.fetch(query)]

    async def fetch(self, query: str) -> list[Any]:
        connection = await connect(self.url)
        try:
            await enter_the_one_in_force(connection)
            rows: list[Any] = await connection.fetch(query)
        finally:
            await connection.close()
        return rows

    async def counted(self, unit: str = "tinh", **asked: str) -> dict[str, int]:
        """Ask twice, once of what is remembered; give what each child has, and the unit itself."""
        answers = [await self._reader.get(f"/v1/units/{unit}/report", ASKED | asked) for _ in range(2)]
        assert answers[0] == answers[1]
        rows = answers[0]["rows"]
        assert sum(row["values"]["admissions"] for row in rows) == answers[0]["total"]["admissions"]
        return {row["unit"]["id"]: row["values"]["admissions"] for row in rows if not row.get("own")}


async def _followed(url: str, reader: Reader, log: Sequence[Said] = LOG) -> _World:
    world = _World(url, await Projection.open(url, root=ROOT, sizes=SIZES), reader, log)
    await world.tell()
    return world


async def test_they_are_made_while_nothing_comes_and_say_what_there_was(database: str) -> None:
    async with reader_of(database) as reader:
        world = await _followed(database, reader)
        assert (await world.kept(), await world.counted()) == ([], {"huyen": 0, "x1": 5, "x4": 1})
        await world.projection.rest()
        assert "x1" in await world.kept()
        assert await world.counted() == {"huyen": 0, "x1": 5, "x4": 1}
        ends = {"to": "2020-03-01"}
        assert await world.counted(**ends) == {"huyen": 0, "x1": 3, "x4": 0}
        assert await world.counted(**{"from": "2020-03-01", "to": "2021-06-30"}) == {"huyen": 0, "x1": 2, "x4": 1}
        assert await world.counted(**{"from": "2021-07-01"}) == {"huyen": 0, "x1": 1, "x4": 0}
        await world.projection.close()


@pytest.mark.parametrize(
    ("said", "there", "counted"),
    [
        (admitted("c3", "2021-09-01", "new"), True, {"x1": 6, "x4": 1}),
        (admitted("c3", "2021-06-30", "late"), False, {"x1": 6, "x4": 1}),
        (admitted("x2", "2020-12-31", "late"), False, {"x1": 6, "x4": 1}),
        (retracted("c2", "r", "f2"), False, {"x1": 4, "x4": 1}),
        (retracted("c2", "r", "after"), True, {"x1": 4, "x4": 1}),
        (founded("c5", "x3", "2020-01-01", "cell"), True, {"x1": 5, "x4": 1}),
        (renamed("x4", "Đảng bộ khác", "2022-01-01", "n"), False, {"x1": 5, "x4": 1}),
        (moved("c3", "x4", "2020-01-01", "m"), False, {"x1": 4, "x4": 2}),
        (retracted(ROOT, "r", "d3"), False, {"x1": 4, "x4": 1}),
    ],
)
async def test_what_may_make_them_wrong_takes_them(
    database: str, said: Said, there: bool, counted: dict[str, int]
) -> None:
    async with reader_of(database) as reader:
        world = await _followed(database, reader)
        await world.projection.rest()
        assert await world.counted() == {"huyen": 0, "x1": 5, "x4": 1}
        await world.tell(said)
        assert ("x1" in await world.kept()) is there
        for _ in range(2):
            found = await world.counted()
            assert {unit: found[unit] for unit in counted} == counted
            await world.projection.rest()
        assert "x1" in await world.kept()
        await world.projection.close()


async def test_rows_from_before_other_rules_wrote_are_not_read_and_go_with_the_next_batch(database: str) -> None:
    async with reader_of(database) as reader:
        world = await _followed(database, reader)
        await world.projection.rest()
        await world.projection.close()
        connection = await connect(database)
        await enter_the_one_in_force(connection)
        await connection.execute("UPDATE as_now_past SET days = ''")
        await connection.execute("UPDATE checkpoint SET rules = 'of another version'")
        assert await world.counted() == {"huyen": 0, "x1": 5, "x4": 1}
        world.projection = await Projection.open(database, root=ROOT, sizes=SIZES)
        await world.projection.rest()
        assert await world.counted() == {"huyen": 0, "x1": 5, "x4": 1}
        await world.tell(admitted("c4", "2021-10-01", "next"))
        assert await connection.fetchval("SELECT count(*) FROM as_now_past") == 0
        await world.projection.rest()
        assert "x1" in await world.kept()
        assert await world.counted() == {"huyen": 0, "x1": 5, "x4": 2}
        await connection.close()
        await world.projection.close()


async def test_one_that_is_wrong_is_found_and_none_is_read_after_a_repair(database: str) -> None:
    async with reader_of(database) as reader:
        world = await _followed(database, reader)
        await world.projection.rest()
        await world.projection.close()
        assert not (await verified(database)).comparison
        await world.fetch("UPDATE as_now_past SET days = '' WHERE unit = (SELECT no FROM unit WHERE id = 'x1')")
        (found,) = (await verified(database)).comparison.listed
        assert (found.table, found.key) == ("as_now_past", {"unit": "x1"})
        await verified(database, repair=True)
        assert (await world.kept(), await world.counted()) == ([], {"huyen": 0, "x1": 5, "x4": 1})
