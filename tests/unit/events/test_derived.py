"""What each fact counts, for whom, on which day and under which codes; and by what an event is judged."""

from datetime import date
from typing import Any

import pytest
from event_examples import BARE, DAY, FACETS, FULL, accepted, changed, message
from msgspec.structs import astuple

from events.catalogue import CATALOGUE, DIMENSIONS, FACTS, MEASURES, EventType
from events.derived import FactEntry, decision_day, fact_entries, units_named
from events.facets import pack, unpack

ON = date.fromisoformat(DAY)


def counted(document: dict[str, Any]) -> list[tuple[str, str, date, dict[str, str]]]:
    """Say what a message counts, in words; of the codes only those that are known."""
    return [
        (
            one.unit,
            MEASURES[one.measure - 1],
            one.day,
            {name: code for name in DIMENSIONS if (code := unpack(one.facets, name)) != "unknown"},
        )
        for one in fact_entries(accepted(document))
    ]


@pytest.mark.parametrize(
    ("event_type", "expected"),
    [
        ("member.admitted", [("cb-01", "admissions", ON, FACETS | {"readmission": "yes"})]),
        ("member.confirmed", [("cb-01", "confirmations", ON, FACETS)]),
        ("badge.awarded", [("cb-01", "badges", ON, FACETS | {"grade": "30", "early": "no", "posthumous": "yes"})]),
        ("member.departed", [("cb-01", "departures", ON, FACETS | {"reason": "resigned"})]),
        ("member.transferred", [("cb-01", "transfers_out", ON, FACETS), ("cb-02", "transfers_in", ON, FACETS)]),
        ("candidate.introduced", [("cb-01", "introductions", ON, FACETS)]),
        ("candidate.trained", [("cb-01", "trainings", ON, FACETS | {"passed": "yes"})]),
        ("member.restored", [("cb-01", "restorations", ON, FACETS)]),
    ],
)
def test_a_fact_counts_what_the_catalogue_says(event_type: str, expected: list) -> None:
    assert counted(message(event_type)) == expected


@pytest.mark.parametrize(
    ("event_type", "known"),
    [
        ("member.admitted", {"readmission": "no"}),
        ("member.confirmed", {}),
        ("badge.awarded", {"grade": "30"}),
        ("member.departed", {"reason": "resigned"}),
        ("member.transferred", {}),
        ("candidate.introduced", {}),
        ("candidate.trained", {"passed": "yes"}),
        ("member.restored", {}),
    ],
)
def test_what_is_not_given_is_unknown_but_a_readmission_is_not_one(event_type: str, known: dict[str, str]) -> None:
    assert [codes for *_, codes in counted(message(event_type, BARE[event_type]))] == [known] * len(
        CATALOGUE[event_type].counts
    )


@pytest.mark.parametrize("event_type", FULL)
def test_nothing_but_a_fact_counts(event_type: str) -> None:
    assert bool(fact_entries(accepted(message(event_type)))) == (CATALOGUE[event_type] in FACTS)


def test_every_code_reaches_the_figures() -> None:
    for name in FACETS:
        for code in DIMENSIONS[name][:-1]:
            (one,) = fact_entries(accepted(changed("member.confirmed", facets={name: code})))
            assert one == FactEntry("cb-01", 2, ON, pack({name: code}), "m-001")
    for grade in DIMENSIONS["grade"][:-1]:
        ((*_, codes),) = counted(changed("badge.awarded", grade=int(grade), facets=..., early=..., posthumous=...))
        assert codes == {"grade": grade}
    for reason in DIMENSIONS["reason"][:-1]:
        ((*_, codes),) = counted(changed("member.departed", reason=reason, facets=...))
        assert codes == {"reason": reason}
    for passed, code in ((True, "yes"), (False, "no")):
        ((*_, codes),) = counted(changed("candidate.trained", passed=passed, facets=...))
        assert codes == {"passed": code}


@pytest.mark.parametrize(
    ("event_type", "expected"),
    [
        ("member.transferred", {"subject": "cb-01", "to": "cb-02"}),
        ("unit.established", {"subject": "cb-01", "parent": "tinh-01"}),
        ("unit.moved", {"subject": "cb-01", "parent": "tinh-02"}),
        ("unit.dissolved", {"subject": "cb-01", "successor": "xa-03"}),
        ("member.admitted", {"subject": "cb-01"}),
        ("member.restored", {"subject": "cb-01"}),
        ("target.assigned", {"subject": "cb-01"}),
        ("access.granted", {"subject": "cb-01"}),
        ("event.retracted", {"subject": "cb-01"}),
    ],
)
def test_the_units_that_an_event_names(event_type: str, expected: dict[str, str]) -> None:
    assert units_named(accepted(message(event_type))) == expected


def test_units_that_are_not_given_are_not_named() -> None:
    assert units_named(accepted(changed("unit.dissolved", successor=...))) == {"subject": "cb-01"}
    assert units_named(accepted(changed("unit.established", parent=None), root="cb-01")) == {"subject": "cb-01"}


@pytest.mark.parametrize(("kept_as", "person"), [(..., None), ("m-001", "m-001"), ("2024-007", "2024-007")])
def test_how_a_member_is_known_from_then_on_is_who_comes_and_shows_in_no_figure(kept_as: Any, person: str) -> None:
    gone, come = fact_entries(accepted(changed("member.transferred", **{"as": kept_as})))
    assert (gone.person, come.person) == ("m-001", person)
    plain = fact_entries(accepted(message("member.transferred")))
    assert [each[:4] for each in map(astuple, (gone, come))] == [each[:4] for each in map(astuple, plain)]


@pytest.mark.parametrize("row", FACTS, ids=lambda row: row.type)
def test_every_fact_says_of_whom_it_is(row: EventType) -> None:
    reference = message(row.type)["data"]["candidate" if row.type.startswith("candidate.") else "member"]
    assert fact_entries(accepted(message(row.type)))[0].person == reference


@pytest.mark.parametrize("event_type", FULL)
def test_the_day_by_which_authority_is_judged(event_type: str) -> None:
    nothing = dict.fromkeys(("access.granted", "access.revoked", "event.retracted"))
    expected = {"target.assigned": date(2023, 1, 1), **nothing}.get(event_type, ON)
    assert decision_day(accepted(message(event_type))) == expected


def test_a_declaration_of_a_period_is_judged_by_its_end() -> None:
    period = {"figure": "badges", "on": ..., "from": "2023-01-01", "to": "2023-06-30"}
    assert decision_day(accepted(changed("figure.declared", **period))) == date(2023, 6, 30)
