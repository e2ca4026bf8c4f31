"""On which days a unit was another's child, found by looking at every day on which anything changes."""

from __future__ import annotations

import datetime as dt
from typing import Any

from tests.oracle.figures import Question
from tests.oracle.hierarchy import Hierarchy

Span = tuple[str, str | None]
"""From a day on until another (excluded), None where it still is so."""


def stays(h: Hierarchy, child: str, question: Question) -> list[Span]:
    """List the runs of days on which it stood and was a child of the unit asked about, those that meet the range."""
    turns = sorted({s.since for s in h.statements})
    found: list[tuple[dt.date, dt.date | None]] = []
    for day, end in zip(turns, [*turns[1:], None], strict=True):
        if h.is_active(child, day) and h.parent(child, day) == question.unit:
            joined = bool(found) and found[-1][1] == day
            found = [*found[:-1], (found[-1][0], end)] if joined else [*found, (day, end)]
    return [
        (str(since), until and str(until))
        for since, until in found
        if since <= question.last and (until is None or until > question.first)
    ]


def told_stays(row: dict[str, Any]) -> list[Span]:
    """Read the days that a row tells."""
    several = row.get("stays", [row])
    assert (row["since"], row["until"]) == (several[0]["since"], several[-1]["until"])
    return [(stay["since"], stay["until"]) for stay in several]


def wrong_stay(h: Hierarchy, question: Question, report: dict[str, Any]) -> str | None:
    """Say which row of a report by child, as it was, tells other days than those; one that is dissolved tells any."""
    for row in report["rows"]:
        child = None if row.get("own") else row["unit"]["id"]
        right = stays(h, child, question) if child is not None else []
        if right and told_stays(row) != right:
            return f"{question}: {child} from {told_stays(row)}, not {right}"
    return None
