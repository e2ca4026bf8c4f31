"""`compare=last-year`, `split=` and `by=quarter` (section 9) say what counting fact by fact says, at any position."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.oracle.figures import Question, Values, was_there, year_before
from tests.oracle.oracle import Oracle
from tests.oracle.telling import Said
from tests.oracle.wording import CODES
from tests.property.examples import examples
from tests.property.reading import Reader, key_of, questions, range_of
from tests.property.strategies import logs
from tests.property.system import System, oracle_of

Row = tuple[Values | None, Values | None]


def told(oracle: Oracle, question: Question) -> tuple[Row, dict[str, Row], set[str]]:
    """Say what a report and the one of a year before say together; and the rows that may be left out, all of zeros."""
    first, last = year_before(question.first, question.last)
    before = replace(question, first=first, last=last)
    h = oracle.hierarchy()
    asked = [oracle.report(question), oracle.report(before)]
    there = [
        any(r.total.values()) or was_there(question.unit, q, h) for r, q in zip(asked, (question, before), strict=True)
    ]
    rows: dict[str, list[Values | None]] = {}
    for place, (found, q) in enumerate(zip(asked, (question, before), strict=True)):
        for key, values in found.rows.items():
            shown = _later(key, question.by) if place else key
            listed = any(values.values()) or key in found.must
            stood = key not in h.units() or was_there(key, q, h) or any(values.values())
            if listed:
                pair = rows.setdefault(shown, [None, None])
                pair[place] = values if stood and there[place] else None
    totals = [found.total if there[place] else None for place, found in enumerate(asked)]
    may = {key for found in asked for key in found.may} - {key for key, pair in rows.items() if any(map(_some, pair))}
    return (totals[0], totals[1]), {key: (pair[0], pair[1]) for key, pair in rows.items()}, may


def _some(values: Values | None) -> bool:
    return values is not None and any(values.values())


def _later(key: str, by: str) -> str:
    return f"{int(key[:4]) + 1:04}{key[4:]}" if by in {"month", "quarter", "year"} else key


def change(row: Row) -> Values | None:
    now, before = row
    return None if now is None or before is None else {measure: n - before[measure] for measure, n in now.items()}


def parameters(question: Question, **more: str) -> dict[str, str]:
    return range_of(question) | {"measures": ",".join(question.measures), "by": question.by} | more


def check_compared(oracle: Oracle, question: Question, answer: dict[str, Any]) -> None:
    (_, before), rows, may = told(oracle, question)
    first, last = year_before(question.first, question.last)
    total = oracle.report(question).total
    assert answer["total"] == total
    asked_there = any(total.values()) or was_there(question.unit, question, oracle.hierarchy())
    expected = {"from": str(first), "to": str(last), "total": before}
    assert {k: v for k, v in answer["last_year"].items() if k not in {"change", "split"}} == expected, question
    assert answer["last_year"]["change"] == change((total, before)), question
    found = {key_of(row): (row["values"], row["last_year"]) for row in answer["rows"]}
    for key in found.keys() ^ rows.keys():
        assert key in may, (question, key)
    for row in answer["rows"]:
        key = key_of(row)
        assert row["change"] == change((row["values"], row["last_year"])), (question, row)
        if key in rows and key not in may:
            assert found[key] == rows[key], (question, row, asked_there)
    if question.by != "none":
        for name, whole in (("values", total), ("last_year", before or dict.fromkeys(question.measures, 0))):
            for measure in question.measures:
                assert sum((row[name] or {}).get(measure, 0) for row in answer["rows"]) == whole[measure], question


def check_split(oracle: Oracle, question: Question, dimensions: tuple[str, ...], answer: dict[str, Any]) -> None:
    expected = oracle.splits(question, dimensions)
    shown = [("total", answer["split"], answer["total"])]
    shown += [(key_of(row), row["split"], row["values"]) for row in answer["rows"]]
    found = {}
    for key, split, values in shown:
        for measure in question.measures:
            assert split[measure].keys() == set(dimensions)
            for dimension in dimensions:
                assert split[measure][dimension].keys() == {*CODES[dimension], "unknown"}
                assert sum(split[measure][dimension].values()) == values[measure], (question, key)
                found |= {(key, measure, dimension, code): n for code, n in split[measure][dimension].items() if n}
    assert found == expected, (question, dimensions)


@examples(4)
@given(logs.flatmap(lambda log: st.tuples(st.just(log), st.integers(1, len(log)), st.randoms(use_true_random=True))))
async def test_two_years_and_splits_are_those_of_the_contract(
    system: System, reader: Reader, example: tuple[list[Said], int, Random]
) -> None:
    log, position, random = example
    await system.deliver(log, [(0, len(log), False)])
    now = oracle_of(log)
    for oracle, at in ((now, {}), (now.at(position), {"position": str(position)})):
        for question in questions(oracle, random, several=5):
            path = f"/v1/units/{question.unit}/report"
            compared = await reader.get(path, parameters(question, compare="last-year", **at))
            check_compared(oracle, question, compared)
            if question.by.startswith("facet"):
                continue
            dimensions = tuple(random.sample(tuple(CODES), random.randint(1, 3)))
            split = {"split": ",".join(dimensions)}
            check_split(oracle, question, dimensions, await reader.get(path, parameters(question, **split, **at)))
            both = await reader.get(path, parameters(question, compare="last-year", **split, **at))
            check_compared(oracle, question, both)
            for row in both["rows"]:
                for values, splits in ((row["values"], row["split"]), (row["last_year"], row["last_year_split"])):
                    assert (values is None) == (splits is None)
                    for measure in question.measures if values is not None else ():
                        assert all(sum(codes.values()) == values[measure] for codes in splits[measure].values())
