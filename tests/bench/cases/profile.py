"""Which functions the projector's time goes to: a round under cProfile, which slows it, so that no rate is taken."""

import pstats
from pathlib import Path
from typing import Final

import msgspec

from tests.bench.bench import Bench
from tests.bench.catching_up import catch_up, publish
from tests.bench.world import recent

TOP: Final = 25
SHARE: Final = 4


class Function(msgspec.Struct, frozen=True):
    """Seconds of a function itself, and with all that it called."""

    name: str
    calls: int
    own: float
    cumulative: float


async def profile(bench: Bench) -> None:
    """Profile: a quarter of a round under cProfile."""
    bench.rig.stop_projector()
    backlog = await publish(bench.rig, bench.facts.make(bench.parameters.events // SHARE, recent))
    path = bench.rig.folder / "projector.profile"
    peak = bench.rig.peak_memory  # the profiler's own memory is not the projector's
    await catch_up(bench.rig, backlog, path)
    bench.rig.stop_projector()
    bench.rig.peak_memory = peak
    bench.details["functions of the projector, by their own seconds under cProfile"] = costliest(path)


def costliest(path: Path) -> list[Function]:
    """List the TOP functions by the seconds of their own, costliest first."""
    stats: dict[tuple[str, int, str], tuple[int, int, float, float, object]] = pstats.Stats(str(path)).stats  # type: ignore[attr-defined]
    found = sorted(stats.items(), key=lambda item: -item[1][2])[:TOP]
    return [
        Function(f"{_short(file)}:{function}", calls, round(own, 3), round(cumulative, 3))
        for (file, _, function), (_, calls, own, cumulative, _) in found
    ]


def _short(file: str) -> str:
    """Leave of a path what says which module it is."""
    return "/".join(Path(file).parts[-2:])
