"""How large a run is: one frozen set of numbers, and the three sets that are kept."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """The size of a run; `FULL` unless told otherwise, which is as large as a quarter of an hour allows."""

    units: int = 300_000
    events: int = 150_000
    """Facts of each round; there are three, and a quarter of it under the profiler."""
    rate: int = 200
    """Facts a second while freshness is measured."""
    seconds: int = 16
    """How long freshness is measured."""
    requests: int = 300
    """Requests of each kind of question."""
    moved: int = 1_000_000
    """Facts in the subtree that is moved, at the most; a thousandth and a tenth of them before."""
    subtree: int = 10_000
    """Units of the largest subtree that is moved; the others have a hundredth of them, and one."""
    declared: int = 100_000
    """Cells that declare how many they admitted."""
    rebuild_events: int = 1_000_000
    """Facts of the ledger that is rebuilt; it has as many units as the rest of the run."""
    outage: int = 55_000
    """Facts that wait for the projector after an outage."""
    seed: int = 1


FULL = Parameters()
QUICK = Parameters(
    units=20_000,
    events=30_000,
    seconds=6,
    requests=100,
    moved=20_000,
    subtree=1_000,
    declared=6_000,
    rebuild_events=100_000,
    outage=10_000,
)
SMOKE = Parameters(
    units=400,
    events=600,
    rate=100,
    seconds=1,
    requests=4,
    moved=2_000,
    subtree=100,
    declared=200,
    rebuild_events=2_000,
    outage=500,
)
