"""What it costs to ask who may: the same reports of an open API and of one that requires an account, in turn."""

import dataclasses
import os
import sys
from random import Random
from typing import Final

from services.access import accounts, tokens
from services.access.bootstrapping import OWNER
from services.embedded.process import Process
from tests import servers
from tests.bench.asking import Client
from tests.bench.bench import Bench
from tests.bench.cases.reports import WARM_UP, report, settle, year_to_date
from tests.bench.figures import quantiles
from tests.bench.rig import STOP, BenchError, answering
from tests.bench.world import ROOT

GRANTS: Final = (1, 100, 100_000)
"""How many roles the accounts hold that ask; one of them is of a reader at the root."""

_HELD: Final = """
INSERT INTO access_grant
SELECT -row_number() OVER () - $1::bigint, unit.no, $2, (ARRAY['clerk', 'keeper', 'reader'])[1 + n % 3], true, NULL
FROM generate_series(1, $3::integer) AS n JOIN unit ON unit.no = 1 + n % (SELECT count(*) FROM unit)
"""
_ABOVE: Final = "INSERT INTO access_grant SELECT $1::bigint, no, $2, 'reader', true, NULL FROM unit WHERE id = $3"


async def access(bench: Bench) -> None:
    """Access: reports of provinces, open and with accounts of 1, 100 and 100,000 grants."""
    await bench.rig.start_missing()
    secrets = await _accounts(bench)
    await settle(bench)
    guarded = dataclasses.replace(
        bench.rig.settings, http=servers.free_address(), metrics_http=servers.free_address(), access="required"
    )
    process = Process("guarded", bench.rig.folder / "logs" / "guarded.log")
    process.start([sys.executable, "-m", "services.cli", "api"], environ={**os.environ, **guarded.as_environment()})
    try:
        await answering(process, guarded.http)
        async with Client(bench.rig.settings.http) as anybody, Client(guarded.http) as client:
            sample: dict[int, list[float]] = {number: [] for number in (0, *GRANTS)}
            random, spans = Random(bench.parameters.seed), year_to_date(bench.parameters.seed)
            for index in range(WARM_UP + bench.parameters.requests):
                target = report(random.choice(bench.world.provinces), next(spans))
                turns = list(sample.items())
                random.shuffle(turns)  # whoever asks first finds nothing in memory yet
                for number, seconds in turns:
                    asked = anybody if number == 0 else client
                    answer = await asked.get(target, secrets.get(number))
                    if answer.status != 200:
                        raise BenchError(f"{target} answers {answer.status}: {answer.body[:300]!r}")
                    if index >= WARM_UP:
                        seconds.append(answer.seconds)
    finally:
        process.stop(STOP)
    bench.found(*quantiles("report of a province, open to everybody", sample[0]))
    for number in GRANTS:
        name = f"report of a province, by an account with {number:,} grants"
        bench.found(*quantiles(name, sample[number], ("open to everybody", sample[0])))


async def _accounts(bench: Bench) -> dict[int, str]:
    """Make the accounts, and give a token of each by the number of its grants."""
    found, connection = {}, await bench.rig.connect_database()
    for step, number in enumerate(GRANTS, start=1):
        made = await accounts.add(connection, OWNER, f"bench.{number}", "service", account=None, came_from=None)
        _, found[number] = await tokens.make(connection, OWNER, made.account, "bench")
        await connection.execute(_HELD, step * 1_000_000, made.account, number - 1)
        await connection.execute(_ABOVE, -(step + 1) * 1_000_000, made.account, ROOT)
    await connection.close()
    return found
