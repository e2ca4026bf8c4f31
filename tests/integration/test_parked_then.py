"""`parked` of a report: what waits below as last known, and facts of the days asked for that were below then (§9)."""

from __future__ import annotations

from tests.oracle.telling import ROOT, admitted, founded, moved, root
from tests.property.reading import reader_of
from tests.property.system import system_on

LOG = [
    root(),
    founded("huyen", ROOT, "2010-01-01"),
    founded("tinh", ROOT, "2010-01-01"),
    founded("xa", "huyen", "2010-01-01"),
    founded("ban", ROOT, "2010-01-01"),
    moved("xa", "tinh", "2023-07-01", "m"),
    admitted("xa", "2023-01-05", "before", by="ban"),  # not authorised: waits
    admitted("xa", "2023-08-05", "after", by="ban"),
]


async def test_a_fact_that_waits_is_parked_where_it_would_have_been_counted(database: str) -> None:
    async with system_on(database) as system, reader_of(database) as reader:
        await system.deliver(LOG, [(0, len(LOG), False)])
        for position in (None, len(LOG)):
            for unit, days, parked in (
                ("huyen", ("2023-01-01", "2023-01-31"), 1),
                ("huyen", ("2023-02-01", "2023-12-31"), 0),
                ("tinh", ("2023-01-01", "2023-01-31"), 2),
                ("xa", ("2023-01-01", "2023-01-31"), 2),
                (ROOT, ("2023-01-01", "2023-12-31"), 2),
                ("ban", ("2023-01-01", "2023-12-31"), 0),
            ):
                asked = {"from": days[0], "to": days[1]} | ({} if position is None else {"position": str(position)})
                found = await reader.get(f"/v1/units/{unit}/report", asked)
                assert found["parked"] == parked, (unit, asked)
