"""Targets and declared figures, read by brute force, with numbers that a reader can work out."""

from __future__ import annotations

from typing import Any

from tests.oracle.given import day, given
from tests.oracle.plans import allocated, indicators
from tests.oracle.telling import ROOT, Said, admitted, assigned, declared, dissolved, founded, moved, retracted, root

TREE = (
    root(),
    founded("huyen", ROOT, "2000-01-01"),
    founded("ban", ROOT, "2000-01-01"),
    founded("xa", "huyen", "2000-01-01"),
    founded("thon", "huyen", "2000-01-01"),
)
YEAR = ("2021-01-01", "2021-12-31")
MAY = ("2021-05-01", "2021-05-31")


def asked(*log: Said, on: str, unit: str = "huyen", basis: str = "as-was") -> dict[str, Any]:
    """Ask after the tree and the log; the log's positions begin at 6."""
    return indicators(given(*TREE, *log), unit, day(on), basis)


def shared_out(*log: Said, on: str, basis: str = "as-was") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = allocated(given(*TREE, *log), "huyen", day(on), basis)["targets"]
    return found


def row(answer: dict[str, Any], figure: str) -> dict[str, Any]:
    return next(row for row in answer["figures"] if row["figure"] == figure)


def admissions(number: int, on: str, unit: str = "xa") -> tuple[Said, ...]:
    return tuple(admitted(unit, on, f"{unit}-{on}-{n}") for n in range(number))


def test_a_floor_and_what_is_missing_to_it() -> None:
    plan = assigned("huyen", "admissions", ("2021-01-01", "2021-10-31"), (150, None), "t")
    (target,) = asked(plan, *admissions(96, "2021-08-28"), on="2021-08-28")["targets"]
    assert (target["value"], target["until"]) == (96, "2021-08-28")
    assert target["attainment"] == {"at_least": 64.0, "at_most": None}
    assert target["remaining"] == {"at_least": 54, "at_most": None}
    # 240 days from 1 January to 28 August, 3 + 30 + 31 days from then to 31 October.
    assert target["days_left"] == 64
    assert target["pace"] == {"so_far": 12.0, "needed": 25.3}


def test_nothing_counts_after_the_deadline_or_before_the_target_begins() -> None:
    plan = assigned("huyen", "admissions", ("2021-01-02", "2021-10-31"), (4, 6), "t")
    days = ("2021-01-01", "2021-01-02", "2021-10-31", "2021-11-01")
    log = [said for n, on in enumerate(days) for said in admissions(n + 1, on)]
    (target,) = asked(plan, *log, on="2021-12-31")["targets"]
    assert (target["value"], target["until"], target["days_left"]) == (5, "2021-10-31", 0)
    assert target["attainment"] == {"at_least": 125.0, "at_most": 83.3}
    assert target["remaining"] == {"at_least": 0, "at_most": 1}
    assert target["pace"]["needed"] is None
    assert asked(plan, on="2021-01-01")["targets"] == []


def test_of_nothing_there_is_no_percentage() -> None:
    (target,) = asked(assigned("huyen", "badges", YEAR, (0, 0), "t"), on="2021-06-01")["targets"]
    assert target["attainment"] == {"at_least": None, "at_most": None}
    assert target["reason"] is True
    assert target["pace"]["needed"] == 0.0


def test_silence_is_not_zero() -> None:
    plan = assigned("huyen", "admissions", MAY, (4, None), "t")
    others = (
        declared("huyen", "badges", MAY, 0, "other"),
        declared("xa", "admissions", MAY, 0, "child"),
        declared("huyen", "admissions", ("2021-01-01", "2021-04-30"), 0, "before"),
        declared("huyen", "admissions", ("2021-06-01", "2021-06-30"), 0, "after"),
    )
    (target,) = (silent := asked(plan, *others, on="2021-12-31"))["targets"]
    assert (target["value"], target["attainment"]["at_least"], target["reason"]) == (0, None, True)
    rate = silent["rates"][-1]
    assert (rate["numerator"]["value"], rate["percent"], rate["reason"]) == (0, None, True)
    for days in (("2021-04-01", "2021-05-01"), ("2021-05-31", "2021-06-30")):
        said = declared("huyen", "admissions", days, 7, "said")
        (target,) = (answer := asked(plan, *others, said, on="2021-12-31"))["targets"]
        assert (target["attainment"]["at_least"], target["reason"]) == (0.0, False)
        assert answer["rates"][-1]["percent"] == 0.0
    (target,) = asked(plan, declared("huyen", "admissions", MAY, 0, "not-yet"), on="2021-05-30")["targets"]
    assert target["attainment"]["at_least"] is None


def test_the_later_in_the_stream_stands_until_it_is_taken_back() -> None:
    log = [assigned("huyen", "admissions", YEAR, (n, None), f"t{n}") for n in (5, 3, 9)]
    assert [t["at_least"] for t in asked(*log, on="2021-06-01")["targets"]] == [9]
    assert [t["at_least"] for t in asked(*log, retracted("huyen", "r", "t9"), on="2021-06-01")["targets"]] == [3]
    other = assigned("huyen", "admissions", ("2021-01-01", "2021-12-30"), (7, None), "t7")
    assert [t["said"] for t in asked(*log, other, on="2021-06-01")["targets"]] == [8, 9]


def test_the_later_in_the_stream_stands_though_the_earlier_was_parked() -> None:
    early = declared("moi", "staff", "2021-01-01", 4, "early")
    log = (early, founded("moi", "huyen", "2001-01-01"), declared("moi", "staff", "2021-01-01", 5, "late"))
    assert row(asked(*log, on="2021-01-01", unit="moi"), "staff")["declared"] == 5
    again = (early, declared("moi", "staff", "2021-01-01", 5, "late"), founded("moi", "huyen", "2001-01-01"))
    assert row(asked(*again, on="2021-01-01", unit="moi"), "staff")["declared"] == 5


def test_targets_are_listed_by_the_latest_deadline() -> None:
    term = ("2020-07-01", "2025-06-30")
    late = ("2021-02-01", "2021-12-31")
    kinds = (
        ("badges", YEAR),
        ("admissions", MAY),
        ("admissions", YEAR),
        ("introductions", term),
        ("badges", MAY),
        ("admissions", late),
    )
    log = [assigned("huyen", measure, days, (1, None), f"t{n}") for n, (measure, days) in enumerate(kinds)]
    found = [(t["measure"], t["from"]) for t in asked(*log, on="2021-06-01")["targets"]]
    assert found == [
        ("introductions", "2020-07-01"),
        ("admissions", "2021-02-01"),
        ("admissions", "2021-01-01"),
        ("badges", "2021-01-01"),
        ("admissions", "2021-05-01"),
        ("badges", "2021-05-01"),
    ]


def test_every_stock_has_a_row_declared_or_not() -> None:
    answer = asked(declared("huyen", "staff", "2021-01-01", 19, "s"), on="2020-12-31")
    assert [row["figure"] for row in answer["figures"]][:3] == ["members", "staff", "key_posts"]
    assert len(answer["figures"]) == 8
    assert all(row["on"] is row["declared"] is row["computed"] is None and row["reason"] for row in answer["figures"])


def test_a_stock_is_of_the_units_latest_day_beside_the_children_of_that_very_day() -> None:
    log = (
        declared("huyen", "members", "2021-01-01", 50, "h"),
        declared("xa", "members", "2021-01-01", 30, "x"),
        declared("thon", "members", "2021-02-01", 25, "t"),
    )
    found = row(asked(*log, on="2021-03-01"), "members")
    assert (found["on"], found["declared"], found["computed"], found["difference"]) == ("2021-01-01", 50, 30, 20)
    assert found["children"] == {"declared": 30, "said": 1, "silent": 1, "difference": 20}
    alone = row(asked(*log, retracted("huyen", "r", "h"), on="2021-03-01"), "members")
    assert (alone["on"], alone["declared"], alone["computed"], alone["difference"]) == ("2021-02-01", None, 25, None)


def test_subordinate_units_are_counted_on_the_day() -> None:
    log = (
        declared("huyen", "subordinate_units", "2021-06-01", 4, "d"),
        moved("ban", "huyen", "2021-06-02", "m"),
        dissolved("thon", "2021-07-01"),
        dissolved("xa", "2021-07-01"),
    )
    was, now = (row(asked(*log, on="2021-12-31", basis=b), "subordinate_units") for b in ("as-was", "as-now"))
    assert (was["computed"], was["difference"], was["children"]["silent"]) == (2, 2, 2)
    assert (now["computed"], now["difference"], now["children"]["silent"]) == (1, 3, 1)


def test_the_units_below_the_children_are_not_held_against_the_units_own() -> None:
    log = (
        declared("huyen", "subordinate_units", "2021-06-01", 3, "d"),
        declared("xa", "subordinate_units", "2021-06-01", 9, "x"),
    )
    found = row(asked(*log, on="2021-12-31"), "subordinate_units")
    assert (found["computed"], found["difference"]) == (2, 1)
    assert found["children"] == {"declared": 9, "said": 1, "silent": 1, "difference": None}


def test_a_measure_is_set_beside_the_count() -> None:
    """Quảng Nam announced 1,905 for 2024, and its parts sum to 1,950: here 19 and 12 + 8."""
    log = (
        declared("huyen", "admissions", YEAR, 19, "h"),
        declared("xa", "admissions", YEAR, 12, "x"),
        declared("thon", "admissions", YEAR, 8, "t"),
        declared("thon", "admissions", MAY, 1, "m"),
        *admissions(18, "2021-05-19"),
    )
    one, other = asked(*log, on="2022-12-31")["figures"][8:]
    assert (one["from"], one["to"], one["computed"], one["difference"]) == (*YEAR, 18, 1)
    assert one["children"] == {"declared": 20, "said": 2, "silent": 0, "difference": -1}
    assert (other["from"], other["declared"], other["computed"], other["difference"]) == (MAY[0], None, 18, None)
    assert other["children"] == {"declared": 1, "said": 1, "silent": 1, "difference": None}
    assert asked(*log, on="2023-01-01")["figures"][8:] == []
    assert [row["from"] for row in asked(*log, on="2021-12-30")["figures"][8:]] == [MAY[0]]


def test_children_are_those_of_the_day_or_those_of_now() -> None:
    log = (
        declared("huyen", "staff", "2021-01-01", 9, "h"),
        declared("xa", "staff", "2021-01-01", 4, "x"),
        declared("ban", "staff", "2021-01-01", 3, "b"),
        moved("ban", "huyen", "2022-01-01", "m"),
        moved("xa", "ban", "2022-01-01", "n"),
    )
    was, now = (row(asked(*log, on="2022-06-01", basis=basis), "staff")["children"] for basis in ("as-was", "as-now"))
    assert was == {"declared": 4, "said": 1, "silent": 1, "difference": 5}
    assert now == {"declared": 3, "said": 1, "silent": 1, "difference": 6}


def test_an_allocation_adds_up_or_not_at_both_ends() -> None:
    log = (
        assigned("huyen", "admissions", YEAR, (10, 12), "h"),
        assigned("xa", "admissions", YEAR, (6, 7), "x"),
        assigned("thon", "admissions", YEAR, (4, 5), "t"),
    )
    (found,) = shared_out(*log, *admissions(3, "2021-05-19"), on="2021-06-01")
    assert (found["sum_at_least"], found["sum_at_most"], found["difference"], found["adds_up"]) == (10, 12, 0, True)
    assert (found["value"], found["attainment"]) == (3, {"at_least": 30.0, "at_most": 25.0})
    assert [(r["unit"], r["at_least"], r["value"]) for r in found["rows"]] == [("thon", 4, 0), ("xa", 6, 3)]
    assert [r["attainment"]["at_least"] for r in found["rows"]] == [None, 50.0]
    (other,) = shared_out(*log[:2], on="2021-06-01")
    assert (other["difference"], other["adds_up"], other["with_target"], other["without_target"]) == (4, False, 1, 1)
    (floor,) = shared_out(*log, assigned("thon", "admissions", YEAR, (4, None), "f"), on="2021-06-01")
    assert (floor["sum_at_least"], floor["sum_at_most"], floor["adds_up"]) == (10, None, False)


def test_an_allocation_where_one_side_has_no_target_is_not_held_against_the_other() -> None:
    (own,) = shared_out(assigned("huyen", "badges", YEAR, (10, None), "h"), on="2021-06-01")
    assert (own["at_least"], own["sum_at_least"], own["adds_up"], own["reason"]) == (10, None, None, True)
    (theirs,) = shared_out(assigned("xa", "badges", YEAR, (0, None), "x"), on="2021-06-01")
    assert (theirs["at_least"], theirs["sum_at_least"], theirs["adds_up"], theirs["difference"]) == (
        None,
        0,
        None,
        None,
    )
    assert shared_out(assigned("xa", "badges", YEAR, (1, None), "x"), on="2020-12-31") == []
