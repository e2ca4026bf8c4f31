"""The peers that need no installation: they count what was published, over a kill too, and a wrong one is struck."""

from collections.abc import AsyncIterator

import pytest

from tests import servers
from tests.bench.bench import Bench
from tests.bench.cases.peers import AGAINST_BEST, BY_HAND, compare
from tests.bench.cases.rounds import LIVE, establishing
from tests.bench.catching_up import catch_up, publish
from tests.bench.figures import Figure
from tests.bench.parameters import SMOKE
from tests.bench.peers.installing import LeftOutError
from tests.bench.peers.measuring import measure, work_of
from tests.bench.reporting import in_words
from tests.bench.rig import running
from tests.bench.world import recent

EVENTS = 2_500
"""Of days that many of them share, and more than the consumer by batches takes at once."""


@pytest.fixture(scope="module")
async def bench() -> AsyncIterator[Bench]:
    with servers.short_folder() as folder:
        async with running(folder) as rig:
            bench = Bench(rig, SMOKE)
            await establishing(bench)
            backlog = bench.backlogs["history"] = await publish(rig, bench.facts.make(EVENTS, recent))
            await catch_up(rig, backlog)
            bench.found(Figure(LIVE, 1_000.0, "events/s"))
            yield bench


@pytest.mark.long
async def test_what_is_written_by_hand_counts_as_published_and_over_a_kill(bench: Bench) -> None:
    def missing(task: object) -> None:
        raise LeftOutError("there is no registry")

    one, batch = (peer._replace(events=peer.events * 10) for peer in BY_HAND)
    absent = one._replace(key="absent", name="absent", command=missing)
    await compare(bench, (one, batch, absent))
    rights = [remark for remark in bench.remarks if "Every level as published" in remark]
    assert len(rights) == 2, "\n".join(bench.remarks)
    assert "peer: absent: left out, there is no registry" in bench.remarks
    values = {figure.name: figure for figure in bench.figures}
    assert (values[f"peer: {one.name}"].value or 0) > 0
    assert values[AGAINST_BEST].value == 1_000
    assert values[AGAINST_BEST].floor is not None
    assert f"peer: {one.name}" in in_words(bench)


@pytest.mark.long
async def test_a_peer_that_counts_what_was_not_published_is_told_wrong(bench: Bench) -> None:
    work = await work_of(bench, bench.backlogs["history"].last, 100)
    wrong = work._replace(counts={measure: number - 1 for measure, number in work.counts.items()})
    result = await measure(bench, BY_HAND[1]._replace(key="wrong"), wrong)
    assert result.wrong is not None
    assert "published were" in result.wrong
