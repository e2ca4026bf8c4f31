"""Given a log, told in order: an oracle that has read it, at positions from 1 on."""

from __future__ import annotations

import datetime as dt
from typing import Any

from tests.oracle.figures import Question, Report
from tests.oracle.oracle import Oracle
from tests.oracle.telling import Said


def given(*log: Said) -> Oracle:
    oracle = Oracle()
    for position, said in enumerate(log, start=1):
        oracle.feed(position, said.bus_subject, said.body)
    return oracle


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def ask(oracle: Oracle, unit: str, first: str, last: str, **question: Any) -> Report:
    return oracle.report(Question(unit, day(first), day(last), **question))


def admissions(oracle: Oracle, unit: str, first: str, last: str, basis: str = "as-was") -> int:
    return ask(oracle, unit, first, last, basis=basis, by="none").total["admissions"]


def rows(oracle: Oracle, unit: str, first: str, last: str, **question: Any) -> dict[str, int]:
    """Count the admissions of each row."""
    return {key: values["admissions"] for key, values in ask(oracle, unit, first, last, **question).rows.items()}
