"""The table of types: what readers of stored figures depend on, written down a second time so that it can't slip."""

import pytest
from event_examples import FULL
from msgspec import structs

from events.catalogue import (
    CATALOGUE,
    DIMENSIONS,
    FACTS,
    MEASURE_NUMBERS,
    MEASURES,
    STOCK_FLOWS,
    dimensions_of,
    values_of,
)
from events.vocabulary import LEVELS, PARKED_FOR, REJECTED_FOR, ROLES, STOCKS, UNKNOWN, Outcome, Reason

FACETS = ("sex", "ethnicity", "religion", "youth_union", "age_band", "education", "occupation")


def test_every_type_of_the_contract_and_its_kind() -> None:
    assert {row.type: row.kind for row in CATALOGUE.values()} == {
        "member.admitted": "fact",
        "member.confirmed": "fact",
        "badge.awarded": "fact",
        "member.departed": "fact",
        "member.transferred": "fact",
        "candidate.introduced": "fact",
        "candidate.trained": "fact",
        "member.restored": "fact",
        "unit.established": "structure",
        "unit.renamed": "structure",
        "unit.releveled": "structure",
        "unit.moved": "structure",
        "unit.dissolved": "structure",
        "target.assigned": "plan",
        "figure.declared": "plan",
        "access.granted": "access",
        "access.revoked": "access",
        "event.retracted": "correction",
    }
    assert CATALOGUE.keys() == FULL.keys()


def test_the_numbers_of_the_measures_are_stored() -> None:
    assert MEASURE_NUMBERS == {
        "admissions": 1,
        "confirmations": 2,
        "badges": 3,
        "departures": 4,
        "transfers_out": 5,
        "transfers_in": 6,
        "introductions": 7,
        "trainings": 8,
        "restorations": 9,
    }
    assert tuple(MEASURE_NUMBERS) == MEASURES


@pytest.mark.parametrize(
    ("measure", "own"),
    [
        ("admissions", ("readmission",)),
        ("confirmations", ()),
        ("badges", ("grade", "early", "posthumous")),
        ("departures", ("reason",)),
        ("transfers_out", ()),
        ("transfers_in", ()),
        ("introductions", ()),
        ("trainings", ("passed",)),
        ("restorations", ()),
    ],
)
def test_a_measure_has_the_common_dimensions_and_its_own(measure: str, own: tuple[str, ...]) -> None:
    assert dimensions_of(measure) == FACETS + own


def test_the_codes_of_a_dimension_end_with_unknown() -> None:
    assert DIMENSIONS["age_band"] == ("18-30", "31-40", "41-50", "51-60", "over-60", UNKNOWN)
    assert DIMENSIONS["grade"] == (*map(str, (30, *range(40, 95, 5))), UNKNOWN)
    assert DIMENSIONS["reason"] == ("died", "expelled", "struck_off", "resigned", "not_confirmed", UNKNOWN)
    for dimension in ("passed", "readmission", "early", "posthumous", "youth_union"):
        assert DIMENSIONS[dimension] == ("yes", "no", UNKNOWN)
    assert {*DIMENSIONS} == {dimension for measure in MEASURES for dimension in dimensions_of(measure)}
    with pytest.raises(KeyError):
        dimensions_of("members")


def test_what_comes_to_the_stock_of_members_and_goes() -> None:
    comes, goes = ("admissions", "transfers_in", "restorations"), ("departures", "transfers_out")
    assert [*STOCK_FLOWS.items()] == [*((measure, 1) for measure in comes), *((measure, -1) for measure in goes)]


def test_a_dimension_has_the_same_codes_whatever_fact_it_is_of() -> None:
    for row in FACTS:
        for own in row.own:
            assert (*values_of(row.data, own.name).values(), UNKNOWN) == DIMENSIONS[own.name]


def test_a_row_names_fields_that_its_data_has() -> None:
    for row in CATALOGUE.values():
        fields = {field.name for field in structs.fields(row.data)}
        assert fields >= {*row.day, *row.units, *(own.name for own in row.own)}
        assert fields >= {count.unit for count in row.counts} - {"subject"}
    for row in FACTS:
        assert row.counts
        assert len(row.day) == 1
        assert "facets" in {field.name for field in structs.fields(row.data)}


def test_the_words_of_the_contract() -> None:
    assert LEVELS == ("central", "province", "upper", "grassroots", "section", "cell", "group")
    assert len(STOCKS) == 8
    assert ROLES == ("reader", "officer", "clerk", "signer", "keeper", "operator")
    assert {*Outcome} == {"counted", "applied", "duplicate", "parked", "rejected", "retracted"}
    assert {*PARKED_FOR} == {"unknown_unit", "inactive_unit", "not_authorised", "unknown_event"}
    assert {*REJECTED_FOR} == {
        "malformed",
        "unknown_type",
        "invalid_field",
        "publisher_mismatch",
        "id_conflict",
        "cycle",
        "too_deep",
        "in_use",
        "already_done",
        "not_authorised",
    }
    assert {*Reason} == PARKED_FOR | REJECTED_FOR
