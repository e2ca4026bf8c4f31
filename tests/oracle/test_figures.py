"""Figures on both bases and every way of splitting them (sections 3 to 5), with numbers that a reader can add up."""

from __future__ import annotations

import pytest

from tests.oracle.figures import Question
from tests.oracle.given import admissions, ask, day, given, rows
from tests.oracle.telling import (
    ROOT,
    admitted,
    dissolved,
    founded,
    moved,
    releveled,
    renamed,
    root,
    say,
    transferred,
)
from tests.oracle.wording import MEASURES

TREE = (
    root(),
    founded("bac-ninh", ROOT, "2000-01-01", "province"),
    founded("bac-giang", ROOT, "2000-01-01", "province"),
    founded("gia-binh", "bac-ninh", "2000-01-01"),
    founded("nhan-thang", "gia-binh", "2000-01-01", "grassroots"),
    founded("xuan-lai", "gia-binh", "2000-01-01", "grassroots"),
    founded("thon", "nhan-thang", "2000-01-01", "cell"),
)
FACTS = (
    admitted("thon", "2023-01-31", "a", facets={"sex": "female"}),
    admitted("thon", "2023-02-01", "b", readmission=True),
    admitted("nhan-thang", "2023-02-01", "c", facets={"sex": "male"}),
    admitted("gia-binh", "2023-12-31", "d"),
    admitted("bac-giang", "2024-01-01", "e"),
)
ALL = ("2023-01-01", "2024-12-31")


def test_a_total_is_own_and_below() -> None:
    oracle = given(*TREE, *FACTS)
    found = {u: admissions(oracle, u, *ALL) for u in oracle.hierarchy().units()}
    assert found == {ROOT: 5, "bac-ninh": 4, "bac-giang": 1, "gia-binh": 4, "nhan-thang": 3, "xuan-lai": 0, "thon": 2}
    assert admissions(oracle, ROOT, "2023-01-31", "2023-02-01") == 3
    with pytest.raises(LookupError):
        admissions(oracle, "la", *ALL)


def test_rows_by_child_end_with_ones_own() -> None:
    assert rows(given(*TREE, *FACTS), "gia-binh", *ALL) == {"nhan-thang": 3, "xuan-lai": 0, "own": 1}


def test_rows_by_period_have_zeros() -> None:
    oracle = given(*TREE, *FACTS)
    assert rows(oracle, ROOT, "2023-01-15", "2023-03-15", by="month") == {"2023-01": 1, "2023-02": 2, "2023-03": 0}
    assert rows(oracle, ROOT, "2022-01-01", "2024-12-31", by="year") == {"2022": 0, "2023": 4, "2024": 1}


def test_rows_by_code() -> None:
    oracle = given(*TREE, *FACTS)
    assert rows(oracle, ROOT, *ALL, by="facet:sex") == {"female": 1, "male": 1, "unknown": 3}
    assert rows(oracle, ROOT, *ALL, by="facet:readmission") == {"yes": 1, "no": 4, "unknown": 0}
    assert rows(oracle, ROOT, *ALL, by="facet:passed") == {"yes": 0, "no": 0, "unknown": 5}


def test_rows_by_two_codes() -> None:
    oracle = given(*TREE, *FACTS)
    found = rows(oracle, ROOT, *ALL, by="facet:readmission,sex")
    assert {key: n for key, n in found.items() if n} == {
        "no,female": 1,
        "no,male": 1,
        "no,unknown": 2,
        "yes,unknown": 1,
    }
    assert len(found) == 9


def test_a_badge_whose_nature_is_not_told_is_unknown() -> None:
    badge = {"member": "m", "grade": 45, "awarded_on": "2023-02-03", "early": False}
    oracle = given(*TREE, say("thon", "b", "badge.awarded", "thon", badge))
    for dimension, code in (("grade", "45"), ("early", "no"), ("posthumous", "unknown")):
        assert ask(oracle, ROOT, *ALL, by=f"facet:{dimension}").rows[code]["badges"] == 1


def test_rows_by_level_take_the_highest_on_the_facts_day() -> None:
    oracle = given(*TREE, *FACTS, releveled("nhan-thang", "cell", "2023-02-01", "l"))
    assert rows(oracle, ROOT, *ALL, by="level:cell") == {"thon": 1, "nhan-thang": 2, "rest": 2}
    assert rows(oracle, ROOT, *ALL, by="level:cell", basis="as-now") == {"nhan-thang": 3, "rest": 2}
    assert rows(oracle, "nhan-thang", *ALL, by="level:grassroots") == {"rest": 3}


def test_every_measure_is_counted_on_its_day() -> None:
    facts = (
        say(
            "thon",
            "1",
            "member.confirmed",
            "thon",
            {"member": "m", "decided_on": "2023-01-02", "effective_on": "2022-12-01"},
        ),
        say("thon", "2", "member.departed", "thon", {"member": "m", "reason": "died", "on": "2023-01-03"}),
        transferred("thon", "xuan-lai", "2023-01-04", "3"),
        say("thon", "4", "candidate.introduced", "thon", {"candidate": "c", "on": "2023-01-05"}),
        say("thon", "5", "candidate.trained", "thon", {"candidate": "c", "on": "2023-01-06", "passed": True}),
    )
    oracle = given(*TREE, *facts)
    by_day = {
        n: ask(oracle, "nhan-thang", f"2023-01-0{n}", f"2023-01-0{n}", measures=MEASURES).total for n in range(2, 7)
    }
    counted = {n: [m for m, value in total.items() if value] for n, total in by_day.items()}
    assert counted == {
        2: ["confirmations"],
        3: ["departures"],
        4: ["transfers_out"],
        5: ["introductions"],
        6: ["trainings"],
    }
    both = ask(oracle, "gia-binh", *ALL, measures=("transfers_in", "transfers_out"))
    assert both.total == {"transfers_in": 1, "transfers_out": 1}
    assert both.rows["xuan-lai"] == {"transfers_in": 1, "transfers_out": 0}


def test_plans_and_structure_count_nothing() -> None:
    target = {"measure": "admissions", "from": "2023-01-01", "to": "2023-12-31", "at_least": 9, "resolution": "NQ"}
    oracle = given(*TREE, say(ROOT, "t", "target.assigned", "thon", target), renamed("thon", "Thôn", "2023-01-01", "n"))
    assert oracle.outcome(8) == oracle.outcome(9) == ("applied", None)
    assert not any(ask(oracle, ROOT, *ALL, measures=MEASURES).total.values())


def test_as_was_keeps_to_the_day_and_as_now_to_the_last_map() -> None:
    move = (founded("que-vo", "bac-ninh", "2000-01-01"), moved("nhan-thang", "que-vo", "2023-02-01", "m"))
    oracle = given(*TREE, *FACTS, *move)
    assert rows(oracle, "bac-ninh", *ALL) == {"gia-binh": 2, "que-vo": 2, "own": 0}
    assert rows(oracle, "bac-ninh", *ALL, basis="as-now") == {"gia-binh": 1, "que-vo": 3, "own": 0}
    assert rows(oracle, "gia-binh", "2023-02-01", "2024-12-31") == {"xuan-lai": 0, "own": 1}


def test_history_stays_when_a_district_is_dissolved() -> None:
    end = (dissolved("gia-binh", "2025-07-01"), moved("nhan-thang", "bac-ninh", "2025-07-01", "m"))
    before, after = given(*TREE, *FACTS), given(*TREE, *FACTS, *end)
    for unit in before.hierarchy().units():
        question = Question(unit, day("2023-01-01"), day("2025-06-30"))
        assert before.report(question) == after.report(question)
    assert rows(after, "bac-ninh", *ALL, basis="as-now") == {"gia-binh": 1, "nhan-thang": 3, "xuan-lai": 0, "own": 0}
    assert rows(after, "gia-binh", *ALL, basis="as-now") == {"own": 1}


def test_a_fact_of_a_unit_dissolved_late_stays_in_the_total() -> None:
    oracle = given(*TREE, *FACTS, dissolved("thon", "2023-02-01"), dissolved("nhan-thang", "2023-02-01", "bac-giang"))
    assert oracle.outcome(9) == ("counted", None)
    assert rows(oracle, ROOT, *ALL) == {"bac-ninh": 2, "bac-giang": 3, "own": 0}
    assert rows(oracle, "bac-giang", *ALL) == {"thon": 1, "nhan-thang": 1, "own": 1}
    assert rows(oracle, "nhan-thang", *ALL) == {"thon": 1, "own": 1}


def test_a_report_as_known_then() -> None:
    oracle = given(*TREE, *FACTS)
    then = oracle.report_at(len(TREE) + 2, Question(ROOT, day(ALL[0]), day(ALL[1]), by="none"))
    assert then.total["admissions"] == 2


def test_the_events_under_a_number_are_as_many_as_it_says() -> None:
    oracle = given(*TREE, *FACTS)
    question = Question("gia-binh", day("2023-02-01"), day("2023-12-31"), measures=("admissions",), by="none")
    assert oracle.events(question) == [9, 10, 11]


def test_the_report_of_gia_binh() -> None:
    """Seeds, document 003: 89 admitted, 99 confirmed and 396 badges in 2023 up to 28 November."""
    facts = [admitted("thon" if n % 2 else "xuan-lai", f"2023-{n % 11 + 1:02}-28", f"a{n}") for n in range(89)]
    for n in range(99):
        data = {"member": f"m{n}", "decided_on": f"2023-{n % 11 + 1:02}-01"}
        facts.append(say("gia-binh", f"c{n}", "member.confirmed", "nhan-thang", data))
    for n in range(396):
        round_ = ("2023-02-03", "2023-05-19", "2023-09-02", "2023-11-07")[n % 4]
        badge = {"member": f"b{n}", "grade": 30, "awarded_on": round_}
        facts.append(say("xuan-lai", f"b{n}", "badge.awarded", "xuan-lai", badge))
    after = (admitted("thon", "2023-11-29", "late"), admitted("thon", "2022-12-31", "before"))
    oracle = given(*TREE, *facts, *after)
    found = ask(oracle, "gia-binh", "2023-01-01", "2023-11-28")
    assert found.total == {"admissions": 89, "confirmations": 99, "badges": 396}
    assert found.rows["nhan-thang"] == {"admissions": 44, "confirmations": 99, "badges": 0}
    assert found.rows["own"] == {"admissions": 0, "confirmations": 0, "badges": 0}


def test_an_answer_agrees_only_with_the_same_rows() -> None:
    end = dissolved("xuan-lai", "2023-06-01")
    found = ask(given(*TREE, *FACTS, end), "gia-binh", "2023-06-01", "2024-12-31", measures=("admissions",))
    zero, one = {"admissions": 0}, {"admissions": 1}
    assert found.agrees_with(one, {"nhan-thang": zero, "own": one})
    assert found.agrees_with(one, {"nhan-thang": zero, "xuan-lai": zero, "own": one})
    assert not found.agrees_with(one, {"own": one})
    assert not found.agrees_with(one, {"nhan-thang": zero, "thon": zero, "own": one})
    assert not found.agrees_with(one, {"nhan-thang": one, "own": zero})
    assert not found.agrees_with(zero, {"nhan-thang": zero, "own": one})
