"""A unit floods the log with what is rejected, and a handful with it: the rest goes on, and all of it is named."""

from __future__ import annotations

import httpx

from tests.fault.load import Told
from tests.fault.projecting import Bench, Projector, bench, eventually
from tests.integration.test_api import client_of, get
from tests.oracle.telling import Said, admitted, founded, root

WORLD = (root(), founded("u1", "trung-uong", "2020-01-01"))
HOSTILE = tuple(f"h{n}" for n in range(5))


def rubbish(unit: str, n: int) -> list[Told]:
    return [Told(Said(f"party.v1.{unit}.member.admitted", b"{}"), f"{unit}-{each}") for each in range(n)]


async def test_neither_one_nor_a_handful_stops_anybody(party: str, database: str) -> None:
    async with bench(party, database) as on, client_of(database, party) as api:
        with on.projector() as running:
            await on.publish(*WORLD)
            await on.send(*rubbish(HOSTILE[0], 700))
            await on.publish(*(admitted("u1", "2023-01-01", f"e{n}") for n in range(5)))
            await on.settled()
            await on.send(*[each for unit in HOSTILE[1:] for each in rubbish(unit, 150)])
            await on.publish(admitted("u1", "2023-01-01", "after"))
            await on.settled()
            assert await on.connection.fetchval("SELECT count(*) FROM pause") == 0
            await running.becomes(ready=True)
            assert (await api.get("/readyz")).status_code == 200
            assert (await get(api, "/v1/units/u1/report?from=2023-01-01&to=2023-12-31"))["total"]["admissions"] == 6
            # All are named: in the metric that an alert looks at, and with their reasons in `tonghop rejects`.
            await names(on, running)
            rejects = {one["publisher"]: one for one in (await get(api, "/v1/rejects"))["publishers"]}
            assert rejects.keys() == set(HOSTILE)
            assert rejects[HOSTILE[0]]["reasons"] == {"invalid_field": 700}
            assert 'publisher="u1"' not in await scraped(running)


async def names(on: Bench, running: Projector) -> None:
    async def all_of_them() -> bool:
        told = await scraped(running)
        return all(f'tonghop_publisher_rejects_at_share{{publisher="{unit}"}} 50.0' in told for unit in HOSTILE)

    await eventually(all_of_them, "not all are named")


async def scraped(running: Projector) -> str:
    async with httpx.AsyncClient(timeout=60) as client:
        return (await client.get(f"{running.url}/metrics")).text
