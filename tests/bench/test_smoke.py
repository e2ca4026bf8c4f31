"""The pieces of the bench run: a tiny world, once through, with its figures checked against what was published."""

from pathlib import Path

import msgspec
import pytest

from tests import servers
from tests.bench.bench import run
from tests.bench.cases.access import access
from tests.bench.cases.correctness import correctness
from tests.bench.cases.filled import emptied, filled
from tests.bench.cases.freshness import freshness
from tests.bench.cases.indicators import indicators
from tests.bench.cases.moves import moves
from tests.bench.cases.outage import outage
from tests.bench.cases.position import position
from tests.bench.cases.rebuild import rebuild
from tests.bench.cases.reform import reform
from tests.bench.cases.reports import reports
from tests.bench.cases.rounds import establishing, loaded
from tests.bench.cases.sending import HTTP, sending
from tests.bench.cases.silence import silence
from tests.bench.parameters import SMOKE
from tests.bench.reporting import environment, in_words, write_json
from tests.bench.rig import running


@pytest.mark.long
async def test_a_tiny_run_measures_and_its_figures_are_right(tmp_path: Path) -> None:
    cases = [
        establishing,
        loaded,
        sending,
        freshness,
        outage,
        reports,
        access,
        silence,
        indicators,
        moves,
        reform,
        filled,
        position,
        rebuild,
        emptied,
    ]
    with servers.short_folder() as folder:
        async with running(folder) as rig:
            bench = await run(rig, SMOKE, [*cases, correctness])
    results = tmp_path / "results" / "bench.json"
    write_json(results, bench, environment(), 1.0)
    told = msgspec.json.decode(results.read_bytes())
    values = {figure["name"]: figure["value"] for figure in told["figures"]}
    assert values["publish-to-readable at 100 events/s p99"] > 0
    assert values["facts counted, as many as published, by measure and in all"] > SMOKE.events
    assert values["move of 1 units, 2,000 facts, since 20 years ago"] > 0
    assert values["the reform: answers at the root meanwhile, all checked"] > 0
    assert values["rebuild: events decided and counted"] > 0
    assert values["as known then: most memory of the API's processes"] > 0
    assert told["took"]["position"] > 0
    assert values["verify"] > 0
    assert values["report of a province, by an account with 100,000 grants p99"] > 0
    assert values["live, events that arrive one by one, as fast as they can"] > 0
    assert values["silence: cells that declared zero"] > 0
    assert values[HTTP] > 0
    assert values["silence: root, cells, year p99"] > 0
    assert values["indicators: root p99"] > 0
    assert "report: root, by child, year p99" in in_words(bench)
