"""What a connection remembers of the hierarchy is bounded, however many units are asked about."""

from __future__ import annotations

from projections.store.reading.memory import MOST, MOST_OF_ONE, Memory, WhichFigures


def test_whoever_asks_about_every_unit_fills_no_memory() -> None:
    memory = Memory(WhichFigures(1, 1, 0), 0)
    memory.put("root", "children of the root", 63)
    for unit in range(3 * MOST):
        memory.put(unit, f"unit {unit}", 1)
        assert memory.get("root") is not None, "what is asked for all the time is not what goes"
    kept = [unit for unit in range(3 * MOST) if memory.get(unit) is not None]
    assert len(kept) <= MOST // 2
    assert kept == list(range(3 * MOST - len(kept), 3 * MOST)), "what was not asked for longest goes first"


def test_one_question_of_too_many_units_is_not_remembered() -> None:
    memory = Memory(WhichFigures(1, 1, 0), 0)
    memory.put("level", "all communes", MOST_OF_ONE + 1)
    assert memory.get("level") is None
