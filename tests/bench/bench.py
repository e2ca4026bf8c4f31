"""One run: what the cases share, and the order in which they are measured."""

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from services.settings import Settings
from tests.bench.catching_up import Backlog
from tests.bench.figures import Figure, Floor, plain
from tests.bench.filling import Moments
from tests.bench.parameters import Parameters
from tests.bench.rig import Rig
from tests.bench.usage import Function, Statement
from tests.bench.world import Facts, World


class Filled(NamedTuple):
    """A database that was filled by COPY: how it is reached, and where in its ledger what came."""

    settings: Settings
    moments: Moments


class Bench:
    """What a case works on, and where it puts what it found.

    `backlogs` holds those that were published by their names; `shares` for each round the share of its wall seconds in
    which a process or stage was busy; `statements` the costliest of some rounds, `functions` those of the profile;
    `remarks` what a figure can't say; `took` the seconds of each case. `filled` is the database of the cases that need
    one of national size, once it is made.
    """

    def __init__(self, rig: Rig, parameters: Parameters) -> None:
        self.rig = rig
        self.parameters = parameters
        self.world = World(parameters.units, parameters.seed)
        self.facts = Facts(self.world, parameters.seed)
        self.figures: list[Figure] = []
        self.backlogs: dict[str, Backlog] = {}
        self.shares: dict[str, dict[str, float]] = {}
        self.statements: dict[str, list[Statement]] = {}
        self.functions: list[Function] = []
        self.remarks: list[str] = []
        self.took: dict[str, float] = {}
        self.filled: Filled | None = None

    def found(self, *figures: Figure) -> None:
        """Keep figures, and say them at once."""
        self.figures += figures
        for figure in figures:
            print(f"  {figure.name}: {plain(figure.value)} {figure.unit}", flush=True)

    def floor(self, name: str) -> Floor | None:
        """Give what an earlier case found, to be compared with; None where that isn't part of the run."""
        found = next((figure.value for figure in self.figures if figure.name == name), None)
        return None if found is None else Floor(name, found)


Case = Callable[[Bench], Awaitable[None]]


async def run(rig: Rig, parameters: Parameters, cases: Sequence[Case]) -> Bench:
    """Measure the cases in their order, each on what those before have left in the log. Raises BenchError."""
    bench = Bench(rig, parameters)
    for case in cases:
        print((case.__doc__ or case.__name__).partition("\n")[0], flush=True)
        started = time.perf_counter()
        await case(bench)
        bench.took[case.__name__] = bench.took.get(case.__name__, 0) + time.perf_counter() - started
    return bench
