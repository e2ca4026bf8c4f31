"""What would contradict the tree: a unit that would be its own ancestor, or too far below the root (contract §1)."""

from __future__ import annotations

from typing import Final

from events.vocabulary import Reason
from projections.rules.deciding.decision import Refused
from projections.rules.hierarchy.depth import Depths, founded_too_deep, hung_too_deep
from projections.rules.hierarchy.hierarchy import Hierarchy
from projections.rules.hierarchy.unit import Unit, UnitStatement

_PARENT_OF: Final = {"established": "data.parent", "moved": "data.parent", "dissolved": "data.successor"}
"""The field of each kind of statement that hangs a unit somewhere; the other kinds hang it nowhere else."""


def against_the_tree(statement: UnitStatement, hierarchy: Hierarchy, depths: Depths) -> Refused | None:
    """Say why a statement can never hold, given those that do; None where it can."""
    field = _PARENT_OF.get(statement.kind)
    if field is None:
        return None
    if statement.kind == "established":
        if statement.parent is None:
            return None
        return _too_deep(field, founded_too_deep(hierarchy, statement.parent, statement.since, depths))
    unit = hierarchy.by_no[statement.unit]
    after = hierarchy.with_statement(statement)
    if after == hierarchy.segments(unit):
        return None
    if hierarchy.makes_cycle(unit.no, after):
        return _cycle(unit, "data")
    end = statement if statement.kind == "dissolved" else unit.dissolution
    return _too_deep(field, hung_too_deep(hierarchy, unit, after, end.since if end else None, depths))


def against_the_tree_without(statement: UnitStatement, hierarchy: Hierarchy, depths: Depths) -> Refused | None:
    """Say why a statement other than a foundation can't be taken back; None where it can."""
    unit = hierarchy.by_no[statement.unit]
    after = hierarchy.without_statement(statement)
    if hierarchy.makes_cycle(unit.no, after):
        return _cycle(unit, "data")
    end = None if statement.kind == "dissolved" else unit.dissolution
    return _too_deep("data.id", hung_too_deep(hierarchy, unit, after, end.since if end else None, depths))


def _cycle(unit: Unit, field: str) -> Refused:
    return Refused(Reason.CYCLE, field, f"{unit.id} would be its own ancestor")


def _too_deep(field: str, detail: str | None) -> Refused | None:
    return None if detail is None else Refused(Reason.TOO_DEEP, field, detail)
