"""The worst mixture on a tiny world: it comes to its end, and quick questions are answered all the while."""

import pytest

from tests import servers
from tests.bench.bench import run
from tests.bench.cases.mixture import mixture
from tests.bench.cases.rounds import establishing
from tests.bench.parameters import SMOKE
from tests.bench.rig import running


@pytest.mark.long
async def test_a_quick_question_is_answered_under_attack() -> None:
    with servers.short_folder() as folder:
        async with running(folder) as rig:
            bench = await run(rig, SMOKE, [establishing, mixture])
    values = {figure.name: figure.value for figure in bench.figures}
    assert (values["mixture: report of a province by month, under attack p99"] or 0) > 0
    assert (values["mixture: /healthz, under attack p99"] or 0) > 0
    assert any("429" in remark or "503" in remark for remark in bench.remarks), "some were turned away"
