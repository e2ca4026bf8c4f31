"""Queries composed in SQLAlchemy Core: what stands in their text, what is a parameter, and in which order."""

import pytest
from sqlalchemy import Date, Integer, bindparam, exists, select, true

from projections.store.hierarchy_sql import above, below_on, on
from projections.store.reading.composed import OPAQUE, Query, among, unnested, walked, written
from projections.store.schema.tables import EDGE, LEDGER, UNIT, VERDICT


class Asked:
    """Stands in for a snapshot and its connection, and notes what it is asked."""

    def __init__(self) -> None:
        self.connection = self

    async def fetch(self, text: str, *values: object) -> list[tuple[object, ...]]:
        return [(text, *values)]


def in_one_line(query: Query) -> str:
    return " ".join(query.text.split())


async def asked_of(query: Query, **values: object) -> tuple[object, ...]:
    (row,) = await query.fetch(Asked(), **values)  # type: ignore[arg-type]
    return tuple(row)


async def test_parameters_are_given_by_name_and_go_in_the_order_of_the_text() -> None:
    query = Query(
        select(LEDGER.c.position)
        .where(LEDGER.c.publisher == bindparam("publisher"), LEDGER.c.id == bindparam("id"))
        .limit(bindparam("limit"))
    )
    assert await asked_of(query, limit=5, id="e-1", publisher="xa-a") == (query.text, "xa-a", "e-1", 5)
    for wrong in ({"id": "e-1", "publisher": "xa-a"}, {"id": "e-1", "publisher": "xa-a", "limit": 5, "unit": 1}):
        with pytest.raises(TypeError, match="publisher"):
            await asked_of(query, **wrong)


def test_a_parameter_that_comes_twice_is_one() -> None:
    day = bindparam("day", type_=Date)
    query = Query(select(EDGE.c.unit).where(EDGE.c.since <= day, EDGE.c.until > day))
    assert query.text.count("$1::DATE") == 2
    assert "$2" not in query.text


def test_values_of_the_statement_stand_in_its_text() -> None:
    """By an outcome that stands in the text PostgreSQL finds the index of those."""
    query = Query(
        select(VERDICT.c.position).where(VERDICT.c.outcome == "it's", VERDICT.c.position > bindparam("after"))
    )
    assert "verdict.outcome = 'it''s' AND verdict.position > $1::BIGINT" in query.text


def test_a_predicate_more_is_one_line() -> None:
    plain = select(UNIT.c.id).where(UNIT.c.level == bindparam("level"))
    more = Query(plain.where(among(UNIT.c.no, "units")))
    assert in_one_line(more).startswith(in_one_line(Query(plain)))
    assert in_one_line(more).endswith("AND unit.no = ANY ($2::INTEGER[])")


def test_a_walk_is_a_fragment_with_parameters_of_its_own() -> None:
    walk = below_on("walk", ":unit", ":day")
    below = walked(walk, bindparam("unit", type_=Integer), bindparam("day", type_=Date), unit=Integer)
    text = in_one_line(Query(select(UNIT.c.id).join(below, below.c.unit == UNIT.c.no)))
    assert text.startswith("WITH RECURSIVE walk(unit) AS (SELECT edge.unit FROM edge WHERE edge.parent = $1::INTEGER")
    assert "SELECT unit.id FROM unit JOIN walk ON " in text


def test_the_same_walk_is_the_table_of_a_query_in_text() -> None:
    walk = above("up", "SELECT parent FROM edge WHERE unit = $1", on("$2::date"))
    assert str(walk).startswith("up (unit) AS (\n    SELECT parent FROM edge WHERE unit = $1\n    UNION ALL\n")
    assert str(walk).endswith("\n)")


def test_a_walk_from_a_row_is_written_where_it_is_asked_for() -> None:
    up = walked(above("up", "SELECT no FROM unit WHERE unit.id = ledger.subject"), nested=True, unit=Integer)
    text = in_one_line(Query(select(LEDGER.c.id).where(exists().where(up.c.unit == bindparam("unit")))))
    assert text.startswith("SELECT ledger.id FROM ledger WHERE EXISTS (WITH RECURSIVE up(unit) AS (SELECT no FROM unit")


def test_arrays_are_a_table_and_lookups_stay_lookups() -> None:
    asked = unnested("asked", unit=Integer, day=Date)
    found = select(EDGE.c.parent).where(EDGE.c.unit == asked.c.unit).offset(OPAQUE).lateral("found")
    text = in_one_line(Query(select(found.c.parent).select_from(asked.join(found, true()))))
    assert "FROM unnest($1::INTEGER[], $2::DATE[]) AS asked(unit, day) JOIN LATERAL (SELECT" in text
    assert "OFFSET 0) AS found ON true" in text


def test_a_query_in_text_is_a_table() -> None:
    query = "SELECT no FROM unit WHERE level = :level"
    found = written("found", query, ("no",), bindparam("level", type_=UNIT.c.level.type), no=Integer)
    text = in_one_line(Query(select(found.c.no)))
    assert text == 'SELECT found.no FROM (SELECT no FROM unit WHERE level = $1::VARCHAR COLLATE "C") AS found'
