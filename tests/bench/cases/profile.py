"""Which functions the projector's time goes to: a round under cProfile, which slows it, so that no rate is taken."""

from typing import Final

from tests.bench.bench import Bench
from tests.bench.catching_up import catch_up, publish
from tests.bench.usage import costliest_functions
from tests.bench.world import recent

SHARE: Final = 4


async def profile(bench: Bench) -> None:
    """Profile: a part of a round under cProfile."""
    bench.rig.stop_projector()
    backlog = await publish(bench.rig, bench.facts.make(bench.parameters.events // SHARE, recent))
    path = bench.rig.folder / "projector.profile"
    await catch_up(bench.rig, backlog, path)
    bench.rig.stop_projector()
    bench.functions = costliest_functions(path)
