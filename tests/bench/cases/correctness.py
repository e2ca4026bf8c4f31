"""A run whose figures are wrong has measured nothing: the root's totals are held against what was published."""

import msgspec

from events.catalogue import MEASURES
from tests.bench.asking import Client
from tests.bench.bench import Bench
from tests.bench.figures import Figure
from tests.bench.rig import BenchError
from tests.bench.world import HISTORY_FIRST, LAST_DAY, ROOT


class _Report(msgspec.Struct):
    total: dict[str, int]


class _Status(msgspec.Struct):
    parked: int
    rejected: int
    lag: int


async def correctness(bench: Bench) -> None:
    """Check: nothing parked or rejected, and the root counts exactly what was published."""
    await bench.rig.start_missing()
    async with Client(bench.rig.settings.http) as client:
        target = f"/v1/units/{ROOT}/report?from={HISTORY_FIRST}&to={LAST_DAY}&by=none&measures={','.join(MEASURES)}"
        counted = msgspec.json.decode((await client.get(target)).body, type=_Report).total
        status = msgspec.json.decode((await client.get("/v1/status")).body, type=_Status)
    published = {measure: bench.facts.contributions[measure] for measure in MEASURES}
    if counted != published or status != _Status(0, 0, 0):
        raise BenchError(f"counted {counted}, published {published}, {status}")
    bench.found(Figure("facts counted, as many as published, by measure and in all", sum(counted.values()), "facts"))
