"""What is packed in columns: by batches of any size, put together, made at once, with both ends of the calendar."""

from __future__ import annotations

import asyncpg

from projections.store.batch.packing import pack_all, put_together
from projections.store.rebuilding.comparing.packed_rows import packed_differences
from tests.oracle.telling import ROOT, Said, admitted, founded, moved, retracted, root, say
from tests.property.reading import reader_of
from tests.property.system import System, system_on

LAST = "9999-12-31"
PIECES = "SELECT count(*) FROM packed WHERE kind = $1"


def declared(unit: str, event_id: str, first: str, last: str, value: int) -> Said:
    data = {"figure": "admissions", "from": first, "to": last, "value": value}
    return say(unit, event_id, "figure.declared", unit, data)


LOG = [
    root(),
    founded("tinh", ROOT, "2000-01-01", "province"),
    founded("xa", "tinh", "2000-01-01", "grassroots"),
    *(founded(f"c{n}", "xa", "2000-01-01", "cell") for n in range(1, 5)),
    *(admitted("c1", f"2021-03-{day:02}", f"f-{day}") for day in range(1, 21)),
    *(retracted("c1", f"t-{day}", f"f-{day}") for day in range(1, 20)),
    *(declared("c2", f"d-{day}", "2021-03-01", f"2021-03-{day:02}", day) for day in range(1, 15)),
    retracted("c2", "t-d", "d-3"),
    admitted("c3", LAST, "f-last"),
    declared("c4", "d-last", LAST, LAST, 1),
    moved("xa", ROOT, "2021-03-10", "m-1"),
]


async def _unlike(system: System) -> list[str]:
    """Name what is packed otherwise than the tables say it, and leave it packed as they do."""
    connection: asyncpg.Connection = system.connection
    schema = await connection.fetchval("SELECT current_schema()")
    async with connection.transaction():
        await connection.execute(
            "CREATE SCHEMA before; CREATE TABLE before.packed AS SELECT * FROM packed;"
            "CREATE VIEW before.unit AS SELECT * FROM unit"
        )
        await pack_all(connection)
        found, _ = await packed_differences(connection, "before", schema, None)
        await connection.execute("DROP SCHEMA before CASCADE")
    return [str(each) for each in found]


async def test_pieces_of_single_events_are_put_together(database: str) -> None:
    async with system_on(database) as system, reader_of(database) as reader:
        await system.deliver(LOG, [(at, at + 1, False) for at in range(len(LOG))])
        # Each event added a piece: 20 facts, 19 that were taken back and one of the last day; 14 figures, one and one;
        # 7 units, and one that left and came.
        assert [await system.connection.fetchval(PIECES, kind) for kind in (1, 2, 3)] == [40, 16, 9]
        asked = {"from": "2021-03-01", "to": "2021-03-31"}
        before = await reader.get(f"/v1/units/{ROOT}/silence", asked)
        await put_together(system.connection)
        assert [await system.connection.fetchval(PIECES, kind) for kind in (1, 2, 3)] == [2, 2, 1]
        assert await reader.get(f"/v1/units/{ROOT}/silence", asked) == before
        assert await _unlike(system) == []
        assert await reader.get(f"/v1/units/{ROOT}/silence", asked) == before


async def test_the_last_day_of_all_is_a_day_like_others(database: str) -> None:
    async with system_on(database) as system, reader_of(database) as reader:
        await system.deliver(LOG, [(0, len(LOG), False)])
        assert await _unlike(system) == []
        for unit in (ROOT, "xa"):
            answer = await reader.get(f"/v1/units/{unit}/silence", {"from": LAST, "to": LAST, "level": "cell"})
            assert [each["id"] for each in answer["silent"]["units"]] == ["c1", "c2"]
            assert [each["id"] for each in answer["admitted_nobody"]["units"]] == ["c1", "c2", "c4"]
            (differing,) = answer["differing"]["figures"]
            assert (differing["unit"]["id"], differing["declared"], differing["counted"]) == ("c4", 1, 0)
