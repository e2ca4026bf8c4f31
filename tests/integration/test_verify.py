"""`tonghop verify`: whatever is spoilt by hand in the database is found, named and repaired, and that is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import NamedTuple

import asyncpg
import pytest

from events.facets import pack
from projections.rules.counting.breakdown_days import SIZE
from projections.rules.counting.state import Sizes
from projections.store.batch.writing import FencedError
from projections.store.live.projection import Projection
from projections.store.rebuilding.row_difference import RowDifference
from services.settings import Settings
from services.verification.verifying import Verified, latest_repairs, verify
from tests.integration.test_api import client_of, get
from tests.oracle.spoiling import day_raised, month_raised
from tests.oracle.telling import (
    ROOT,
    Said,
    admitted,
    dissolved,
    founded,
    granted,
    moved,
    renamed,
    retracted,
    revoked,
    root,
    say,
    transferred,
)
from tests.property.system import messages
from tests.servers import connect

SIZES = Sizes(large=3, vast=4)
CELLS = tuple(f"c{n}" for n in range(5))
DAY, LATER = "2023-01-05", "2023-02-07"
ACCOUNT = "0123456789abcdef"


def told() -> list[Said]:
    """Tell of a root and two units over five cells, of facts, a move, an end, a parked event and rejected ones."""
    target = {"measure": "admissions", "from": DAY, "to": LATER, "at_least": 7, "resolution": "NQ"}
    declared = {"figure": "members", "on": DAY, "value": 16}
    return [
        root(),
        founded("u1", ROOT, "2010-01-01"),
        founded("u2", ROOT, "2010-01-01"),
        *(founded(cell, "u1", "2010-01-01", "cell") for cell in CELLS),
        *(admitted(cell, DAY, f"a-{cell}-{n}", facets={"sex": "female"}) for cell in CELLS for n in range(3)),
        *(admitted(cell, LATER, f"b-{cell}") for cell in CELLS),
        transferred("c0", "c1", LATER, "t1"),
        admitted("u1", DAY, "own"),
        moved("c4", "u2", LATER, "m1"),
        renamed("u2", "Đảng ủy hai", LATER, "n1"),
        dissolved("c3", "2023-03-01", "c2"),
        retracted("c0", "r1", "a-c0-0"),
        admitted("ghost", DAY, "g1"),
        say("c0", "x1", "member.admitted", "c0", {"member": "m-1"}),
        say(ROOT, "p1", "target.assigned", "u1", target),
        say("u1", "p2", "figure.declared", "u1", declared),
        *[say("c0", "x2", "member.promoted", "c0", {"member": "m-1"})] * 2,  # no such type; and sent again at once
        renamed("u1", "Đảng ủy một", LATER, "n2"),
    ]


def told_of_access() -> list[Said]:
    """Tell of the same, and of roles that are given and taken back."""
    return [
        *told(),
        granted("u1", ACCOUNT, "officer", "g-1", until=LATER, by=ROOT),
        granted("u2", ACCOUNT, "reader", "g-2"),
        revoked("u2", ACCOUNT, "reader", "g-3", by=ROOT),
    ]


class Spoilt(NamedTuple):
    """A hand in the database, and how what it did has to be named: table, unit, measure, period, is and should be."""

    statement: str
    named: tuple[str, str | None, str | None, str | None]
    is_now: object = None
    should: object = None


U1 = "(SELECT no FROM unit WHERE id = 'u1')"
C1 = "(SELECT no FROM unit WHERE id = 'c1')"
HANDS = {
    "a day": Spoilt(
        day_raised(20230105, unit=U1), ("running_sum", "u1", "admissions", "2023-01-05"), {"n": 15}, {"n": 14}
    ),
    "a month": Spoilt(
        month_raised(202301, unit=U1), ("running_sum", "u1", "admissions", "2023-01"), {"n": 15}, {"n": 14}
    ),
    "days that are missing": Spoilt(
        f"DELETE FROM running_sum WHERE unit = {U1} AND period = 200202301",
        ("running_sum", "u1", "admissions", "2023-01-05"),
        None,
        {"n": 14},
    ),
    "months that are missing": Spoilt(
        f"DELETE FROM running_sum WHERE unit = {U1} AND period = 100002023",
        ("running_sum", "u1", "admissions", "2023-01"),
        None,
        {"n": 14},
    ),
    "days of nobody": Spoilt(
        f"INSERT INTO running_sum SELECT 999, period, sums FROM running_sum WHERE unit = {U1} AND period = 200202301",
        ("running_sum", "#999", "admissions", "2023-01-05"),
        {"n": 14},
        None,
    ),
    "a large unit that counts as before": Spoilt(
        f"UPDATE unit SET running = false WHERE no = {U1}",
        ("counter", "u1", "admissions", "2023-01-05"),
        None,
        {"n": 14},
    ),
    "a counter of nothing": Spoilt(
        f"INSERT INTO counter VALUES ({U1}, 20230106, 2, 3)",
        ("counter", "u1", "confirmations", "2023-01-06"),
        {"n": 3},
        None,
    ),
    "a counter of nobody": Spoilt(
        "INSERT INTO counter VALUES (999, 20230106, 2, 3)",
        ("counter", "#999", "confirmations", "2023-01-06"),
        {"n": 3},
        None,
    ),
    "a fact of a breakdown": Spoilt(
        f"UPDATE breakdown SET rows = set_byte(rows, 7, 77) WHERE unit = {U1} AND month = 200202301"
        f" AND ctid = (SELECT min(ctid) FROM breakdown WHERE unit = {U1} AND month = 200202301)",
        ("breakdown", "u1", None, "2023-01"),
    ),
    "what a breakdown comes to by days": Spoilt(
        f"UPDATE breakdown SET days = decode(repeat('00', {SIZE}), 'hex') WHERE unit = {U1} AND month = 200202301"
        f" AND ctid = (SELECT min(ctid) FROM breakdown WHERE unit = {U1} AND month = 200202301)",
        ("breakdown", "u1", None, "2023-01"),
    ),
    "a breakdown that is lost": Spoilt(
        f"DELETE FROM breakdown WHERE unit = {U1} AND month = 200202301", ("breakdown", "u1", None, "2023-01"), None
    ),
    "a breakdown that is said to be summed up": Spoilt(
        f"UPDATE breakdown SET summed = true WHERE unit = {U1}",
        ("breakdown_year", "u1", "admissions", "2023"),
        None,
    ),
    "a year that is summed up of nothing": Spoilt(
        f"INSERT INTO breakdown_year SELECT {U1}, 100002022, 1, '\\x00000001'::bytea, ''::bytea",
        ("breakdown_year", "u1", "admissions", "2022"),
    ),
    "a fact twice": Spoilt(
        "INSERT INTO fact SELECT * FROM fact WHERE position = 10 AND measure = 1",
        ("fact", "c0", "admissions", "2023-01-05"),
        {"copies": 2},
        {"copies": 1},
    ),
    "a fact that is lost": Spoilt(
        "DELETE FROM fact WHERE position = 10", ("fact", "c0", "admissions", "2023-01-05"), None, {"copies": 1}
    ),
    "a fact at another unit": Spoilt(
        f"UPDATE fact SET unit = {C1} WHERE position = 10",
        ("fact", "c0", "admissions", "2023-01-05"),
        {"unit": "c1"},
        {"unit": "c0"},
    ),
    "a fact's codes": Spoilt(
        "UPDATE fact SET facets = 0 WHERE position = 10",
        ("fact", "c0", "admissions", "2023-01-05"),
        {"facets": 0},
        {"facets": pack({"sex": "female", "readmission": "no"})},
    ),
    "a parent": Spoilt(
        f"UPDATE edge SET parent = {C1} WHERE unit = {U1}",
        ("edge", "u1", None, None),
        {"parent": "c1"},
        {"parent": ROOT},
    ),
    "a name": Spoilt("UPDATE unit SET name = 'X' WHERE id = 'u2'", ("unit", "u2", None, None), {"name": "X"}),
    "parked": Spoilt(
        "UPDATE unit SET parked_below = 7 WHERE id = 'u2'", ("unit", "u2", None, None), {"parked_below": 7}
    ),
    "a unit that is lost": Spoilt("DELETE FROM unit WHERE id = 'c1'", ("unit", "c1", None, None), None),
    "a term": Spoilt("DELETE FROM as_now_term", ("as_now_term", "u1", None, None), None, {"copies": 1}),
    "a target": Spoilt("UPDATE target SET at_least = 1", ("target", "u1", "admissions", None), {"at_least": 1}),
    "a declaration": Spoilt("DELETE FROM declaration", ("declaration", "u1", None, None), None, {"value": 16}),
    "a role that was never given": Spoilt(
        "UPDATE access_grant SET role = 'keeper' WHERE granted AND until IS NOT NULL",
        ("access_grant", "u1", None, None),
        {"role": "keeper"},
        {"role": "officer"},
    ),
    "a role that is over and goes on": Spoilt(
        "UPDATE access_grant SET until = NULL WHERE until IS NOT NULL",
        ("access_grant", "u1", None, None),
        {"until": None},
        {"until": LATER},
    ),
    "a role that was taken back": Spoilt(
        "DELETE FROM access_grant WHERE NOT granted",
        ("access_grant", "u2", None, None),
        None,
        {"granted": False},
    ),
    "a role of nobody's unit": Spoilt(
        "INSERT INTO access_grant VALUES (10, 999, 'a-0123456789abcdef', 'keeper', true, NULL)",
        ("access_grant", "#999", None, None),
        {"role": "keeper"},
        None,
    ),
    "a statement": Spoilt(
        "UPDATE statement SET since = '2011-01-01' WHERE position = 2",
        ("statement", "u1", None, None),
        {"since": "2011-01-01"},
        {"since": "2010-01-01"},
    ),
    "facts in columns": Spoilt(
        "UPDATE packed SET rows = set_byte(rows, 3, 77) WHERE kind = 1 AND part = 202301",
        ("packed", None, None, None),
    ),
    "declared figures in columns": Spoilt("DELETE FROM packed WHERE kind = 2", ("packed", None, None, None), None, {}),
    "the hierarchy in columns": Spoilt(
        "UPDATE packed SET rows = substr(rows, 23) WHERE kind = 3", ("packed", None, None, None)
    ),
    "the tally": Spoilt(
        "UPDATE tally SET n = 1 WHERE type = 'member.admitted' AND outcome = 'counted'",
        ("tally", None, None, None),
        {"n": 1},
        {"n": 20},
    ),
    "rejects of a publisher": Spoilt(
        "UPDATE publisher_rejects SET n = n + 6",
        ("publisher_rejects", None, None, None),
        {"n": 7},
        {"n": 1},
    ),
    "rejects of nobody": Spoilt(
        "INSERT INTO publisher_rejects VALUES ('', 'malformed', 2, 3)",
        ("publisher_rejects", None, None, None),
        {"n": 2},
        None,
    ),
    "a verdict": Spoilt(
        "UPDATE verdict SET outcome = 'counted' WHERE outcome = 'parked'",
        ("verdict", None, None, None),
        {"outcome": "counted"},
        {"outcome": "parked"},
    ),
    "an outcome": Spoilt(
        "INSERT INTO verdict (position, outcome, reason) VALUES (10, 'parked', 'unknown_unit')",
        ("verdict", None, None, None),
        {"outcome": "parked", "reason": "unknown_unit"},
        None,
    ),
}


@pytest.fixture
async def connection(database: str) -> AsyncIterator[asyncpg.Connection]:
    """Give a database into which the log is projected."""
    opened = await connect(database)
    projection = await Projection.open(database, root=ROOT, sizes=SIZES)
    await projection.apply(messages(told_of_access()))
    await projection.close()
    yield opened
    await opened.close()


def quietly(*_: object) -> None:
    """Take no note of progress."""


async def verified(database: str, *, repair: bool = False) -> Verified:
    return await verify(Settings(database_url=database), quietly, sizes=SIZES, repair=repair)


def says(row: dict[str, object] | None, part: object) -> bool:
    if not isinstance(part, dict):
        return row is None if part is None else row == part
    return row is not None and all(row[name] == value for name, value in part.items())


def named(found: RowDifference) -> tuple[str, str | None, str | None, str | None]:
    return found.table, found.unit, found.measure, found.period


async def test_nothing_is_found_where_nothing_is_wrong(database: str, connection: asyncpg.Connection) -> None:
    done = await verified(database)
    assert not done.comparison, done.comparison
    assert await connection.fetchval("SELECT count(*) FROM generation") == 0
    assert await latest_repairs(Settings(database_url=database), 10) == []


@pytest.mark.parametrize("hand", HANDS)
async def test_what_is_spoilt_is_named_and_repaired(database: str, connection: asyncpg.Connection, hand: str) -> None:
    spoilt = HANDS[hand]
    assert not (await connection.execute(spoilt.statement)).endswith(" 0")
    found = (await verified(database)).comparison
    one = next((each for each in found.listed if named(each) == spoilt.named), None)
    assert one is not None, found
    if spoilt.is_now is not None or spoilt.should is not None:
        assert says(one.is_now, spoilt.is_now), one
        assert spoilt.should is None or says(one.should, spoilt.should), one
    assert found.counts[spoilt.named[0]] >= 1
    done = await verified(database, repair=True)
    assert done.repaired is not None
    assert not (await verified(database)).comparison
    kept = await latest_repairs(Settings(database_url=database), 1000)
    assert [named(each.difference) for each in reversed(kept)] == [named(each) for each in done.repaired.listed]
    assert spoilt.named in {named(each.difference) for each in kept}


async def test_a_repair_shows_to_readers_and_to_a_projector_that_runs(
    database: str, connection: asyncpg.Connection
) -> None:
    report = "/v1/units/u1/report?from=2023-01-01&to=2023-01-31&by=none&measures=admissions"
    projection = await Projection.open(database, root=ROOT, sizes=SIZES)
    await connection.execute(HANDS["a month"].statement)
    async with client_of(database) as client:
        wrong = await client.get(report)
        await verified(database, repair=True)
        right = await client.get(report, headers={"if-none-match": wrong.headers["etag"]})
        assert right.status_code == 200
        assert right.json()["total"]["admissions"] == wrong.json()["total"]["admissions"] - 1
        assert (await get(client, "/v1/status"))["position"] == len(told_of_access())
    log = [*told_of_access(), admitted("c0", DAY, "more")]
    with pytest.raises(FencedError):
        await projection.apply(messages(log))
    await projection.close()
    again = await Projection.open(database, root=ROOT, sizes=SIZES)
    await again.apply(messages(log))
    await again.close()
    assert not (await verified(database)).comparison
