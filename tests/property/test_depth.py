"""Too deep is what would be too far below the root on any day, on either basis: the fold says what the oracle says."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from projections.rules.counting.state import Sizes
from projections.rules.hierarchy.depth import Depths
from tests.oracle.oracle import Oracle
from tests.oracle.telling import ROOT, Said, dissolved, founded, moved, retracted, root
from tests.property.examples import examples
from tests.property.folding import Folded
from tests.property.strategies import DAYS, logs

DEPTHS = Depths(levels=3, links=5)
SHALLOW = Sizes(large=3, vast=5, depths=DEPTHS)


def decided(log: list[Said]) -> tuple[list[tuple[int, str, str | None]], list[tuple[int, str, str | None]]]:
    oracle = Oracle(ROOT, *DEPTHS)
    for position, said in enumerate(log, start=1):
        oracle.feed(position, *said)
    return Folded(SHALLOW).take(log), oracle.outcomes()


def structure_of(random: Random) -> list[Said]:
    """Tell of structure alone, mostly downwards: units under the latest ones, ends, moves, and all of it taken back."""
    units, log = [ROOT], [root(event_id="e0", since=DAYS[0])]
    for n in range(1, random.randint(12, 40)):
        by = random.choice((*[ROOT] * 9, random.choice(units)))
        unit, day = random.choice(units), random.choice(DAYS)
        match random.choice(("founded", "founded", "founded", "moved", "moved", "dissolved", "retracted")):
            case "founded":
                parent = random.choice(units[-3:])
                units.append(f"u{n}")
                log.append(founded(f"u{n}", parent, random.choice((*[DAYS[0]] * 4, DAYS[3])), by=by, event_id=f"e{n}"))
            case "moved":
                log.append(moved(unit, random.choice(units), day, f"e{n}", by=by))
            case "dissolved":
                log.append(dissolved(unit, day, random.choice((None, None, random.choice(units))), f"e{n}", by=by))
            case _:
                of = random.randrange(n)
                log.append(retracted(log[of].bus_subject.split(".")[2], f"e{n}", f"e{of}"))
    return log


@examples(150)
@given(st.integers(0, 2**32 - 1))
def test_structure_too_deep(seed: int) -> None:
    found, right = decided(structure_of(Random(seed)))
    assert found == right


@examples(40)
@given(logs)
def test_any_log_too_deep(log: list[Said]) -> None:
    found, right = decided(log)
    assert found == right


def test_the_structures_are_often_too_deep() -> None:
    reasons = [reason for seed in range(40) for _, _, reason in decided(structure_of(Random(seed)))[1]]
    assert reasons.count("too_deep") > 20
    assert reasons.count("cycle") > 10
